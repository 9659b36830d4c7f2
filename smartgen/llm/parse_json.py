"""From an answer in JSON to behaviors: whole sequences are kept, also of an answer that was cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from smartgen.core.types import ACTION, DEVICE, Behavior, Sequences
from smartgen.llm.inventory import Inventory
from smartgen.llm.parse import MAX_CHARACTERS, ParsedAnswer, Reject, parse_answer, shorten

_START: Final = re.compile(r'\{\s*"sequences"\s*:\s*\[')
_GAP: Final = re.compile(r"[\s,]*")
_DECODER: Final = json.JSONDecoder()


def parse_answer_for(text: str, inventory: Inventory, answer: str) -> ParsedAnswer:
    """Read an answer in the format that was asked for, or in the other one, and keep valid behaviors alone.

    Args:
        text: as it came.
        inventory: the pairs that are valid, and their words.
        answer: ``json_schema`` or ``text``.
    """
    if answer == "json_schema":
        parsed = parse_json_answer(text, inventory)
        if parsed is not None:
            return parsed
    elif (parsed := parse_json_answer(text, inventory)) is not None and len(parsed.sequences):
        return parsed
    return without_invalid(parse_answer(text, inventory.vocabulary, recover=True), inventory)


def parse_json_answer(text: str, inventory: Inventory) -> ParsedAnswer | None:
    """The sequences of ``{"sequences": [[{"day", "hour", "action"}, ...], ...]}``.

    A sequence counts if it stands complete, so the last one of an answer that was cut off does not.

    Returns:
        None where the text has no such object.
    """
    match = _START.search(text[:MAX_CHARACTERS])
    if match is None:
        return None
    decoded, loss = _items(text[:MAX_CHARACTERS], match.end())
    kept: list[list[int]] = []
    rejects: list[Reject] = []
    for number, sequence in enumerate(decoded):
        flat = list(_behaviors(number, sequence, inventory, rejects))
        if flat:
            kept.append(flat)
        else:
            rejects.append(Reject(number, None, shorten(sequence), "empty sequence: no valid behavior"))
    if loss is not None:
        rejects.append(Reject(None, None, shorten(loss), "cut off before its end"))
    return ParsedAnswer(decoded, Sequences.from_lists(kept), tuple(rejects))


def without_invalid(parsed: ParsedAnswer, inventory: Inventory) -> ParsedAnswer:
    """Drop behaviors whose action does not belong to their device (the release keeps them, D16)."""
    kept: list[list[int]] = []
    rejects = list(parsed.rejects)
    for number, sequence in enumerate(parsed.sequences):
        flat: list[int] = []
        for position, behavior in enumerate(sequence):
            if (behavior[DEVICE], behavior[ACTION]) in inventory.valid:
                flat.extend(behavior)
            else:
                words = inventory.vocabulary.words(behavior)
                rejects.append(Reject(number, position, shorten(words), "the action is not the device's"))
        if flat:
            kept.append(flat)
        else:
            rejects.append(Reject(number, None, "", "empty sequence: no valid behavior"))
    return replace(parsed, sequences=Sequences.from_lists(kept), rejects=tuple(rejects))


def _items(text: str, start: int) -> tuple[list[Any], str | None]:
    """The values of a JSON list one after another, and what is left where it breaks off."""
    found: list[Any] = []
    position = start
    while True:
        gap = _GAP.match(text, position)
        position = gap.end() if gap else position
        if text[position : position + 1] == "]":
            return found, None
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            rest = text[position:]
            return found, rest if rest.strip() else None
        found.append(value)


def _behaviors(number: int, sequence: Any, inventory: Inventory, rejects: list[Reject]) -> Iterator[int]:
    """The four ids of each valid behavior; the others are rejected with their reason."""
    if not isinstance(sequence, list):
        rejects.append(Reject(number, None, shorten(sequence), "wrong type: expected a list of behaviors"))
        return
    for position, behavior in enumerate(sequence):
        read = _behavior(behavior, inventory)
        if isinstance(read, Behavior):
            yield from read
        else:
            rejects.append(Reject(number, position, shorten(behavior), read))


def _behavior(value: Any, inventory: Inventory) -> Behavior | str:
    """The ids, or the reason why there are none."""
    words = [value.get(name) for name in ("day", "hour", "action")] if isinstance(value, dict) else []
    day, hour, label = words or (None, None, None)
    if not (isinstance(day, str) and isinstance(hour, str) and isinstance(label, str)):
        return "wrong type: expected day, hour and action"
    days, hours = inventory.vocabulary.ids[:2]
    if day not in days:
        return "unknown day"
    if hour not in hours:
        return "unknown hour"
    if label not in inventory.ids:
        return "unknown action"
    return Behavior(days[day], hours[hour], *inventory.ids[label])
