"""Reading YAML so that every complaint names the file and the key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from smartgen.core.errors import SmartgenError
from smartgen.core.texts import brief
from smartgen.data.plain_yaml import load_yaml

T = TypeVar("T")


@dataclass(frozen=True)
class Node:
    """A value together with the file and the dotted key where it stands."""

    path: Path
    key: str
    value: Any

    def fail(self, expected: str) -> SmartgenError:
        """The error to raise: what was expected here and what was found."""
        where = self.key or "the file"
        return SmartgenError(f"{self.path}: {where}: expected {expected}, got {brief(self.value)}")

    def items(self) -> dict[str, Node]:
        """The children of a mapping."""
        if not isinstance(self.value, dict) or not all(isinstance(name, str) for name in self.value):
            raise self.fail("a mapping with text keys")
        at = f"{self.key}." if self.key else ""
        return {name: Node(self.path, f"{at}{name}", value) for name, value in self.value.items()}

    def fields(self, required: Iterable[str], optional: Iterable[str] = ()) -> Fields:
        """The children of a mapping, after checking that none is missing or unknown."""
        items, required = self.items(), list(required)
        allowed = [*required, *optional]
        for name in required:
            if name not in items:
                raise self.fail(f"the key {name!r} in it")
        for name, node in items.items():
            if name not in allowed:
                known = ", ".join(allowed)
                raise SmartgenError(f"{self.path}: {node.key}: unknown key; expected one of: {known}")
        return Fields(self, items)

    def rows(self) -> list[Node]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.fail("a list")
        return [Node(self.path, f"{self.key}[{row}]", value) for row, value in enumerate(self.value)]

    def text(self) -> str:
        """Text, its white space folded."""
        if not isinstance(self.value, str):
            raise self.fail("text")
        return " ".join(self.value.split())

    def number(self) -> float:
        """A number, as it stands."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.fail("a number")
        return self.value

    def one_of(self, names: Iterable[str]) -> str:
        """One of these names."""
        known = list(names)
        if self.value not in known:
            raise self.fail(f"one of: {', '.join(known)}")
        return cast(str, self.value)

    def each(self, read: Callable[[str, Node], T]) -> dict[str, T]:
        """The children of a mapping, each read from its name and itself."""
        return {name: read(name, node) for name, node in self.items().items()}

    def scalars(self) -> dict[str, Any]:
        """Names with text, numbers, booleans or null."""
        for item in self.items().values():
            if item.value is not None and not isinstance(item.value, str | int | float):
                raise item.fail("text, a number, a boolean or null")
        return {name: item.value for name, item in self.items().items()}

    def choices(self) -> dict[str, Any]:
        """Names with what `scalars` has, or with a list of such, any of which will do, as a tuple."""
        lists = {name: item for name, item in self.items().items() if isinstance(item.value, list)}
        single = Node(self.path, self.key, {k: v for k, v in self.value.items() if k not in lists})
        several = {
            name: tuple(Node(self.path, row.key, {name: row.value}).scalars()[name] for row in item.rows())
            for name, item in lists.items()
        }
        return single.scalars() | several


@dataclass(frozen=True)
class Fields:
    """The checked children of a mapping; an optional one that is absent is its default."""

    parent: Node
    items: dict[str, Node]

    def __getitem__(self, name: str) -> Node:
        return self.items[name]

    def get(self, name: str, default: Any) -> Node:
        """The child, or a node with the default in its place."""
        at = f"{self.parent.key}.{name}".lstrip(".")
        return self.items.get(name, Node(self.parent.path, at, default))


def read_yaml(path: Path) -> Node:
    """The root of a YAML file.

    Raises:
        SmartgenError: the file cannot be read or is no YAML.
    """
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise SmartgenError(f"{path}: expected a YAML declaration, but {said}") from error
    return Node(path, "", content)
