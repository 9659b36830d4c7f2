"""YAML that somebody else may have written, read without harm."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from smartgen.core.foreign import DEEPEST

MOST_DIGITS: Final = 1000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STEEP: Final = re.compile(rf"(?:[-?:][ \t]+){{{DEEPEST}}}")  # lists of lists on one line


class _PlainLoader(_Loader):  # type: ignore[misc]  # one of two, as PyYAML was built
    """Makes Python's own types alone, and merges nothing: a few merges of merges make billions of keys."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "a merge (<<)", key.start_mark)


def _short_number(loader: _PlainLoader, node: yaml.ScalarNode) -> int:
    """A whole number; one of a million places to the base of 60 would take a minute."""
    if len(node.value) > MOST_DIGITS:
        raise yaml.constructor.ConstructorError(None, None, "a number without end", node.start_mark)
    found: int = loader.construct_yaml_int(node)
    return found


_PlainLoader.add_constructor("tag:yaml.org,2002:int", _short_number)


def load_yaml(text: str) -> Any:
    """The value in YAML.

    One value may stand in many places by its alias: who goes through all of it may never come to an end.

    Raises:
        yaml.YAMLError: it is no YAML, asks for a class of Python, or merges.
        ValueError: a date that there is not; or it is deeply nested, which breaks the parser in C.
    """
    if text.count("[") + text.count("{") > DEEPEST or _STEEP.search(text):
        depth = 0
        for event in yaml.parse(text, Loader=_PlainLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise ValueError(f"it is nested over {DEEPEST} deep")
    return yaml.load(text, Loader=_PlainLoader)
