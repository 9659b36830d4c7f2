"""What the columns and values of a table mean: mapping files (ours)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import yaml

from smartgen.core.errors import SmartgenError
from smartgen.core.paths import typed_path
from smartgen.core.texts import brief
from smartgen.data.plain_yaml import load_yaml

SHIPPED: Final = ("openhab", "smartthings")
READING: Final = "a reading, not an action (dataset.mapping)"
NOTHING: Final = "a value that says nothing (dataset.mapping)"
UNNAMED: Final = "a value that the mapping does not name (dataset.mapping)"
_KEYS: Final = ("columns", "attributes", "commands", "skip", "numbers", "others", "repeats", "events")
_COLUMNS: Final = ("time", "device", "action", "value", "attribute")
_NUMBER: Final = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*[^\s\d.,:;+-]{0,8}")


@dataclass(frozen=True)
class LogMapping:
    """What a mapping file says; texts are compared in lower case.

    Args:
        columns: ``time``, ``device``, ``action`` (the file's ``action`` or ``value``) and, if there is one,
            ``attribute``: names, of which the first that a table has is taken.
        attributes: those whose values are habits, with how they are written; None: all.
        commands: value -> how the action is written.
        skip: values that say nothing.
        numbers: how the action of a number is written; None: numbers are readings.
        others: whether values that ``commands`` does not name are kept, as they are.
        repeats: whether a row is an action though its item (of an attribute) had that value before.
        events: values that are one each time all the same, and change no state.
    """

    columns: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, str] | None = None
    commands: Mapping[str, str] | None = None
    skip: frozenset[str] = frozenset()
    numbers: str | None = None
    others: bool = True
    repeats: bool = True
    events: frozenset[str] = frozenset()

    def command(self, value: str, attribute: str | None = None) -> tuple[str | None, str]:
        """How an action is written, or None and why the row is left out.

        Example:
            >>> shipped = load_mapping("smartthings")
            >>> shipped.command("on", "switch"), shipped.command("21.5", "temperature")
            (('switch on', ''), (None, 'a reading, not an action (dataset.mapping)'))
        """
        plain = _plain(value)
        if attribute is not None and self.attributes is not None:
            attribute = self.attributes.get(_plain(attribute))
            if attribute is None:
                return None, READING
        if plain in self.skip:
            return None, NOTHING
        command = (self.commands or {}).get(plain)
        if command is None and _NUMBER.fullmatch(plain):
            if self.numbers is None:
                return None, READING
            command = self.numbers
        if command is None and not self.others:
            return None, UNNAMED
        command = value if command is None else command
        return (command if attribute is None else f"{attribute} {command}"), ""

    def state(self, value: str) -> str:
        """What a value says of the state of its item; empty for an event, which says nothing of it.

        Example:
            >>> shipped = load_mapping("openhab")
            >>> shipped.state(" Closed "), shipped.state("NEXT")
            ('closed', '')
        """
        plain = _plain(value)
        return "" if plain in self.events else plain


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()


def load_mapping(name: str) -> LogMapping:
    """A shipped mapping, or that of a file.

    Args:
        name: ``dataset.mapping``: one of ``SHIPPED``, or a path.

    Raises:
        SmartgenError: no such file, or not a mapping; the message names the file and the key.
    """
    return _checked(_Source(name), _loaded(name, _text(name)))


def _text(name: str) -> str:
    if name in SHIPPED:
        return (files("smartgen.data.logs") / "mappings" / f"{name}.yaml").read_text(encoding="utf-8")
    try:
        return typed_path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SmartgenError(
            f"dataset.mapping is {name!r}, which cannot be read ({error.strerror}); "
            f"expected {', '.join(SHIPPED)} or a YAML file like those"
        ) from error
    except UnicodeEncodeError as error:  # half a character, of which no file system makes a name
        raise SmartgenError(f"dataset.mapping is {name!r}, expected a name that a file can have") from error
    except UnicodeDecodeError as error:
        raise SmartgenError(f"{name}: not UTF-8 text, expected a mapping in YAML") from error


def _loaded(name: str, text: str) -> Any:
    try:
        return load_yaml(text)
    # The last three PyYAML raises of a tag whose text is not of its kind, as in !!bool x or !!timestamp x.
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise SmartgenError(f"{name}: not YAML{where}, expected a mapping such as openhab's") from error


def _checked(source: _Source, content: Any) -> LogMapping:
    table = source.table(content, "the file", _KEYS)
    columns = source.table(table.get("columns"), "columns", _COLUMNS)
    named = {key: source.names(value, f"columns.{key}") for key, value in columns.items()}
    if ("action" in named) == ("value" in named):
        raise source.error(
            "columns",
            "names both action and value" if named.get("action") else "incomplete",
            "exactly one of action and value",
        )
    for key in ("time", "device"):
        if key not in named:
            raise source.error("columns", f"has no {key}", "time, device, and action or value")
    named.setdefault("action", named.pop("value", ()))
    attributes = table.get("attributes")
    if attributes is not None and "attribute" not in named:
        raise source.error("attributes", "is given", "columns.attribute along with it")
    numbers = source.word(table.get("numbers", "drop"), "numbers")
    return LogMapping(
        named,
        None if attributes is None else {_plain(one): one for one in source.names(attributes, "attributes")},
        source.commands(table.get("commands") or {}),
        source.values(table, "skip"),
        None if numbers == "drop" else numbers,
        source.kept(table, "others"),
        source.kept(table, "repeats"),
        source.values(table, "events"),
    )


@dataclass(frozen=True)
class _Source:
    """Takes values of a mapping file; what is not as expected is an error that names file and key."""

    name: str

    def error(self, key: str, what: str, expected: str) -> SmartgenError:
        return SmartgenError(f"{self.name}: {key} {what}, expected {expected}")

    def table(self, value: Any, key: str, known: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.error(key, f"is {brief(value)}", f"a table with the keys {', '.join(known)}")
        for one in value:
            if one not in known:
                place = "" if key == "the file" else f"{key}."
                raise SmartgenError(f"{self.name}: no key {place}{one}, expected {', '.join(known)}")
        return value

    def names(self, value: Any, key: str) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        if not values and key not in ("skip", "events"):
            raise self.error(key, "is empty", "names")
        return tuple(self.word(one, key, empty=key == "skip") for one in values)

    def values(self, table: Mapping[str, Any], key: str) -> frozenset[str]:
        """Values of a key that may be missing."""
        return frozenset(map(_plain, self.names(table.get(key) or [], key)))

    def kept(self, table: Mapping[str, Any], key: str) -> bool:
        """Whether a key says keep; a missing one does."""
        word = self.word(table.get(key, "keep"), key)
        if word not in ("keep", "drop"):
            raise self.error(key, f"is {word!r}", "keep or drop")
        return word == "keep"

    def word(self, value: Any, key: str, empty: bool = False) -> str:
        """A text, or a whole number as one; YAML takes an unquoted on, off, yes, no and null for others."""
        if isinstance(value, str) and not value.strip() and not empty:
            raise self.error(key, "has an empty text", "a name")
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            return str(value)
        raise self.error(
            key, f"has {brief(value)}", "a text; on, off, yes, no, null and numbers with a point need quotes"
        )

    def commands(self, value: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise self.error("commands", f"is {brief(value)}", "a table of value: command")
        return {_plain(self.word(old, "commands")): self.word(new, "commands") for old, new in value.items()}
