"""The prompt: the elements of the paper's Table 1 in our own words, from the files in ``templates/``.

Departures: the paper's Table 1 is one system message, the release sends one user message (D12); ours are two.
The parts that all calls of a cell share come first, so that endpoints can reuse what they computed for them.
The hints of GSS, which the table does not name, stand where the release has them, in short form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final

from smartgen.core.types import Behavior, Sequences
from smartgen.llm.inventory import Inventory, as_name

FORMATS: Final = ("json_schema", "text")
_FILES: Final = ("system", "user", "habits", "format_json", "format_text")
MESSAGE_TOKENS: Final = 16  # what chat templates put around two messages, about

Messages = tuple[dict[str, str], ...]
Successors = Mapping[int, list[tuple[int, int]]]


@dataclass(frozen=True)
class Scene:
    """What the home was like, and what it is like now, each a sentence."""

    before: str
    after: str


@cache
def template(name: str) -> Template:
    """A file of ``templates/``."""
    return Template((files("smartgen.llm") / "templates" / f"{name}.txt").read_text(encoding="utf-8").strip())


def prompt_hash(scene: Scene) -> str:
    """16 hex digits that change with any word of the templates or the scene."""
    texts = [*(template(name).template for name in _FILES), scene.before, scene.after]
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:16]


def messages(
    inventory: Inventory, scene: Scene, chunk: Sequences, hints: Successors, answer: str
) -> Messages:
    """System and user message of one call.

    Args:
        inventory: pairs and their words.
        scene: the change.
        chunk: former sequences to build on.
        hints: action id to its most frequent successors with counts; empty without GSS.
        answer: one of `FORMATS`.
    """
    kind = "json" if answer == "json_schema" else "text"
    example = _written(_example(inventory), inventory, answer)
    format_ = template(f"format_{kind}").substitute(example=example)
    lines = hint_lines(hints, inventory)
    habits = template("habits").substitute(hints=lines) + "\n\n" if lines else ""
    user = template("user").substitute(
        inventory=inventory.text(),
        before=scene.before,
        after=scene.after,
        habits=habits,
        sequences="\n".join(_written(sequence, inventory, answer) for sequence in chunk),
    )
    return (
        {"role": "system", "content": template("system").substitute(format=format_)},
        {"role": "user", "content": user},
    )


def hint_lines(hints: Successors, inventory: Inventory) -> str:
    """GSS in words: a line for each action."""
    names = inventory.vocabulary.actions
    return "\n".join(
        f"{as_name(names[action])} -> "
        + (", ".join(f"{as_name(names[b])} {count}" for b, count in following) or "nothing")
        for action, following in hints.items()
    )


def estimated_tokens(prompt: Messages, characters_per_token: float) -> int:
    """About how many tokens an endpoint will count; it is asked before any endpoint has counted."""
    characters = sum(len(message["content"]) for message in prompt)
    return MESSAGE_TOKENS + int(characters / characters_per_token + 1)


def _example(inventory: Inventory) -> list[Behavior]:
    """Two behaviors of two devices of the home, morning and evening."""
    first = inventory.offered[0]
    other = [pair for pair in inventory.offered if pair[0] != first[0]] or [first]
    return [Behavior(0, 2, *first), Behavior(0, 6, *other[-1])]


def _written(sequence: Iterable[Behavior], inventory: Inventory, answer: str) -> str:
    if answer == "text":
        return json.dumps([word for one in sequence for word in inventory.vocabulary.words(one)])
    return json.dumps([inventory.fields(one) for one in sequence], separators=(",", ":"))
