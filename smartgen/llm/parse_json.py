"""From an answer in JSON to behaviors: whole sequences are kept, also of an answer that was cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from smartgen.core.types import ACTION, DEVICE, Behavior, Sequences
from smartgen.llm.inventory import Inventory
from smartgen.llm.mapping import EMPTY, Reject, in_order, keep, shorten
from smartgen.llm.parse import MAX_CHARACTERS, ParsedAnswer, parse_answer

_SEQUENCE: Final = re.compile(r"\[\s*\{")
_EMPTY: Final = re.compile(r"\[\s*\]")
MAX_SEQUENCE: Final = 20_000  # characters; ten behaviors have some 700
MAX_MISSES: Final = 1_000  # places that looked like a sequence; beyond, a text is no answer
CUT_OFF: Final = "cut off before its end"  # as the recovery of lists calls it
NO_JSON: Final = "no JSON"
_DECODER: Final = json.JSONDecoder()


def read_answer(text: str, inventory: Inventory) -> ParsedAnswer:
    """Read an answer in JSON or as the paper's list, whichever was asked for, and keep valid behaviors alone.

    Args:
        text: as it came.
        inventory: the pairs that are valid, and their words.
    """
    as_json = parse_json_answer(text, inventory)
    if as_json is not None and len(as_json.sequences):
        return as_json
    as_list = without_invalid(parse_answer(text, inventory.vocabulary, recover=True), inventory)
    return as_list if as_json is None or len(as_list.sequences) else as_json


def parse_json_answer(text: str, inventory: Inventory) -> ParsedAnswer | None:
    """The sequences of ``{"sequences": [[{"day", "hour", "action"}, ...], ...]}``, whatever stands around.

    A sequence counts if it stands complete, so the last one of an answer that was cut off does not, and one
    that is no JSON takes no other along. Of several lists of sequences, as where the prompt's are restated,
    the one with the most behaviors is the answer, the first on a tie.

    Returns:
        None where the text has no such list.
    """
    lists = _lists_of_sequences(text[:MAX_CHARACTERS])
    if not lists:
        return None
    answer = max(lists, key=lambda one: sum(len(sequence) for sequence in one.sequences))
    kept: list[list[int]] = []
    rejects: list[Reject] = []
    for number, sequence in enumerate(answer.sequences):
        flat = list(_behaviors(number, sequence, inventory, rejects))
        if flat:
            kept.append(flat)
        else:
            rejects.append(Reject(number, None, shorten(sequence), EMPTY))
    rejects += [Reject(None, None, shorten(piece), reason) for piece, reason in answer.losses]
    return ParsedAnswer(list(answer.sequences), Sequences.from_lists(kept), tuple(rejects))


def without_invalid(parsed: ParsedAnswer, inventory: Inventory) -> ParsedAnswer:
    """Drop behaviors whose action does not belong to their device (the release keeps them, D16)."""
    sequences = parsed.sequences
    behaviors = sequences.values
    owner = np.repeat(np.arange(len(sequences)), sequences.lengths)
    good = inventory.holds(behaviors[:, DEVICE], behaviors[:, ACTION])
    rejects: list[Reject] = []
    for i in np.flatnonzero(~good).tolist():
        number, words = int(owner[i]), inventory.vocabulary.words(Behavior(*behaviors[i].tolist()))
        position = i - int(sequences.offsets[number])
        rejects.append(Reject(number, position, shorten(words), "the action is not the device's"))
    kept, empty = keep(behaviors, owner, good, len(sequences))
    rejects += [Reject(number, None, "", EMPTY) for number in empty]
    return replace(parsed, sequences=kept, rejects=parsed.rejects + in_order(rejects))


@dataclass
class _List:
    """Sequences that stand in one list, and pieces of it that are none, each with the reason."""

    sequences: list[list[Any]] = field(default_factory=list)
    losses: list[tuple[str, str]] = field(default_factory=list)


def _lists_of_sequences(text: str) -> list[_List]:
    """Every list of sequences; one ends where a bracket closes that opened outside its sequences."""
    lists: list[_List] = []
    end = misses = 0
    while misses < MAX_MISSES and (start := _SEQUENCE.search(text, end)) is not None:
        between = _EMPTY.sub("", text[end : start.start()])
        if not lists or "]" in between or "}" in between:
            lists.append(_List())
        piece = text[start.start() : start.start() + MAX_SEQUENCE]
        try:
            value, size = _DECODER.raw_decode(piece)
        except (ValueError, RecursionError):
            # The next sequence, if there is one, begins behind this opening bracket.
            following = _SEQUENCE.search(text, start.end())
            end = len(text) if following is None else following.start()
            lists[-1].losses.append((piece, CUT_OFF if following is None else NO_JSON))
            misses += 1
            continue
        if any(isinstance(one, dict) and "action" in one for one in value):
            lists[-1].sequences.append(value)
            end = start.start() + size
        else:
            end = start.start() + 1  # a list of other objects; sequences may lie deeper
            misses += 1
    return [one for one in lists if one.sequences or one.losses]


def _behaviors(
    number: int, sequence: list[Any], inventory: Inventory, rejects: list[Reject]
) -> Iterator[int]:
    """The four ids of each valid behavior; the others are rejected with their reason."""
    days, hours = inventory.vocabulary.ids[:2]
    pairs = inventory.ids
    for position, behavior in enumerate(sequence):
        try:
            device, action = pairs[behavior["action"]]
            yield from (days[behavior["day"]], hours[behavior["hour"]], device, action)
        except (KeyError, TypeError):
            rejects.append(Reject(number, position, shorten(behavior), _reason(behavior, inventory)))


def _reason(value: Any, inventory: Inventory) -> str:
    """Why there are no ids."""
    words = [value.get(name) for name in ("day", "hour", "action")] if isinstance(value, dict) else []
    day, hour, label = words or (None, None, None)
    if not (isinstance(day, str) and isinstance(hour, str) and isinstance(label, str)):
        return "wrong type: expected day, hour and action"
    days, hours = inventory.vocabulary.ids[:2]
    if day not in days:
        return "unknown day"
    return "unknown action" if hour in hours else "unknown hour"
