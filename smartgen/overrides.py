"""Keys of tables on the command line that Hydra's grammar has no letters for: ``{öffnen: schließen}``.

Its keys are words of ASCII letters, digits and a few signs; there is no way to quote them. So a key that is
more than that goes through Hydra with its other characters as Python writes them in ASCII
(``\\u00f6ffnen``), and is read back from the composed settings.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

# What may stand in a key as it is; a space too, but in quotes, where it may be the last.
OTHER = re.compile(r"[^\w./@+-]|\\", re.ASCII)
SPELLED = re.compile(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")
# What Hydra takes for a word, not for a number, a truth value or nothing.
WORD = re.compile(r"(?!(?:null|true|false|inf|nan)$)[A-Za-z_\\]", re.IGNORECASE)
# A table in parts: a quoted text, a reference, a sign, plain words; a key is one of them before a colon.
PARTS = re.compile(
    r"(?P<quoted>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|\$\{[^}]*\}|[{}\[\](),]|[:=]"
    r"|(?:\\.|\$(?!\{)|[^{}\[\](),:=$\\'\"])+",
    re.DOTALL,
)


def spelled(key: str) -> str:
    """A key as Hydra's grammar takes it.

    Example:
        >>> spelled("öffnen"), spelled("light.hall"), spelled("1: on")
        ('\\\\u00f6ffnen', 'light.hall', '\\\\u0031\\\\u003a\\\\u0020on')
    """
    plain = OTHER.sub(lambda one: _escape(one[0]), key)
    return plain if WORD.match(plain) else _escape(plain[:1]) + plain[1:]


def read_back(settings: Any) -> Any:
    """The same settings with the keys of their tables as a person wrote them.

    Args:
        settings: dataclasses, which are changed, lists and tables.
    """
    if is_dataclass(settings) and not isinstance(settings, type):
        for field in fields(settings):
            setattr(settings, field.name, read_back(getattr(settings, field.name)))
        return settings
    if isinstance(settings, dict):
        return {_plain(key): read_back(value) for key, value in settings.items()}
    return [read_back(one) for one in settings] if isinstance(settings, list) else settings


def with_spelled_keys(argument: str) -> str:
    """An override whose keys, in its path or in a table, Hydra's grammar takes; any other as it is.

    Values of a table, and of a path that needed it, are quoted where they are beyond ASCII.

    Example:
        >>> print(with_spelled_keys("dataset.pairs={öffnen: schließen, 'an': aus}"))
        dataset.pairs={\\u00f6ffnen: 'schließen', an: aus}
        >>> print(with_spelled_keys("+dataset.pairs.öffnen=schließen"))
        +dataset.pairs={\\u00f6ffnen: 'schließen'}
        >>> with_spelled_keys("dataset.path=Küche.csv")
        'dataset.path=Küche.csv'
    """
    path, equals, value = argument.partition("=")
    if not equals:
        return argument
    parts = path.split(".")
    first = next((number for number, part in enumerate(parts) if not part.isascii()), 0)
    if not first:  # all of it is ASCII, or the very group is not
        return f"{path}={_table(value)}" if value.lstrip().startswith("{") else argument
    for part in reversed(parts[first:]):
        value = f"{{{_quoted(part)}: {value}}}"
    return f"{'.'.join(parts[:first])}={_table(value)}"


def _table(text: str) -> str:
    """A table in Hydra's grammar; what is not beyond it stays as it is."""
    parts = [found[0] for found in PARTS.finditer(text)]
    if "".join(parts) != text:  # a quote without its other half: Hydra says where
        return text
    made, opened, words, in_key = "", "", "", False
    for part in parts:
        if part == ":" and in_key:
            made, words, in_key = f"{made}{_key(words)}:", "", False
        elif part in "{}[](),":
            made, words = f"{made}{_value(words)}{part}", ""
            opened = opened[:-1] if part in "}])" else opened + part.strip(",")
            in_key = opened.endswith("{")
        else:
            words += part
    return made + _value(words)


def _key(words: str) -> str:
    word = words.strip()
    if (found := PARTS.fullmatch(word)) and found["quoted"]:
        return words.replace(word, spelled(OverridesParser.create().parse_rule(word, "primitive").text))
    return words if word.isascii() else words.replace(word, spelled(word))


def _value(words: str) -> str:
    """Plain words beyond ASCII as a quoted text."""
    word = words.strip()
    if word.isascii() or word[0] in "'\"$":
        return words
    return words.replace(word, _quoted(word))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "\\'") + "'"


def _escape(letter: str) -> str:
    """A letter in ASCII, as Python writes it; none, where there is none."""
    return "".join(f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}" for one in letter)


def _plain(key: Any) -> Any:
    """A key as it was before it was spelled; numbers and truth values are keys too."""
    if not isinstance(key, str):
        return key
    return SPELLED.sub(lambda found: chr(int(found[1] or found[2], 16)), key)
