"""From an LLM's answer to behaviors: the release's rule, and a recovery for answers that it gives up on."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from smartgen.core.types import ACTION, DEVICE, FIELDS, Behavior, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.recovery import is_restated, largest_list

MAX_CHARACTERS: Final = 400_000  # ten times 8,040 tokens; a literal of millions takes seconds
_SHOWN: Final = 120

# What ast.literal_eval raises on text that is no literal, too deep, or too large for it.
_NOT_A_LITERAL: Final = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


@dataclass(frozen=True)
class Reject:
    """Something in an answer that became no behavior.

    Args:
        sequence: its sequence's position in the answer; None if it belongs to none.
        position: the quadruple's position in that sequence; None if it is not one quadruple.
        text: what stood there, shortened.
        reason: what is wrong with it.
    """

    sequence: int | None
    position: int | None
    text: str
    reason: str


@dataclass(frozen=True)
class ParsedAnswer:
    """What one answer holds.

    Args:
        quadruples: the lists that the release's parser reads (strings, if the answer keeps the format:
            day, hour, device, action, day, ...); None where it gives up.
        sequences: the behaviors whose four strings the home knows.
        rejects: everything else, each with its reason.
        recovered: the sequences do not come from the release's rule.
    """

    quadruples: list[object] | None
    sequences: Sequences
    rejects: tuple[Reject, ...]
    recovered: bool = False


def parse_answer(text: str, vocabulary: Vocabulary, recover: bool = True) -> ParsedAnswer:
    """Read an answer; no text makes it fail, and none of it is executed.

    Released rule: of all shortest spans ``[[ ... ]]`` the longest one, read as a Python literal. It drops
    the whole answer (D15) over a line break between the first two brackets. Recovery (ours) then keeps every
    list that stands complete in the text, see ``smartgen.llm.recovery``. It also steps in where the rule
    finds no valid behavior, a part of a larger list, or the prompt's own sequences restated.

    Args:
        text: the answer as it came.
        vocabulary: the home's.
        recover: False for the released rule alone.
    """
    span = longest_span(text)
    quadruples, reason = _literal(text, span)
    sequences, rejects = map_quadruples(quadruples or (), vocabulary)
    if quadruples is None:
        rejects = (Reject(None, None, shorten(text), f"unparsable answer: {reason}"),)
    if recover and (not len(sequences) or _is_doubtful(text, span)):
        found, losses = _recover(text, vocabulary)
        if len(found):
            return ParsedAnswer(quadruples, found, losses, recovered=True)
        rejects += losses if quadruples is None else ()
    return ParsedAnswer(quadruples, sequences, rejects)


def longest_span(text: str, opening: str = "[[", closing: str = "]]") -> tuple[int, int] | None:
    """Where the longest of the spans from ``opening`` to the next ``closing`` lies, the first on a tie.

    The same spans as the regular expression ``\\[\\[.*?\\]\\]`` finds, in linear time for any text.
    """
    best: tuple[int, int] | None = None
    for start, end in _spans(text, opening, closing):
        if best is None or end - start > best[1] - best[0]:
            best = (start, end)
    return best


def map_quadruples(
    quadruples: Iterable[object], vocabulary: Vocabulary
) -> tuple[Sequences, tuple[Reject, ...]]:
    """Strings to ids by the release's rule.

    Position modulo 4 selects the table. An unknown action is tried again with the element before it and a
    colon in front (``Heater``, ``switch on``). A quadruple with a string that stays unknown is dropped, and
    so is a sequence without a behavior. Whether the action belongs to the device is not asked (D16), and
    length is not limited.

    Args:
        quadruples: one flat list of strings a sequence; whatever else stands there is rejected.
        vocabulary: the home's.
    """
    kept: list[list[int]] = []
    rejects: list[Reject] = []
    for number, flat in enumerate(quadruples):
        if not isinstance(flat, (list, tuple)):
            rejects.append(Reject(number, None, shorten(flat), "wrong type: expected a list of strings"))
            continue
        if (whole := _known(flat, vocabulary)) is not None:
            kept.append(whole)
            continue
        behaviors: list[int] = []
        for position in range(-(-len(flat) // 4)):
            quadruple = flat[4 * position : 4 * position + 4]
            behavior = _behavior(quadruple, vocabulary)
            if isinstance(behavior, Behavior):
                behaviors.extend(behavior)
            else:
                rejects.append(Reject(number, position, shorten(quadruple), behavior))
        if behaviors:
            kept.append(behaviors)
        else:
            rejects.append(Reject(number, None, shorten(flat), "empty sequence: no valid behavior"))
    return Sequences.from_lists(kept), tuple(rejects)


def _known(flat: Sequence[object], vocabulary: Vocabulary) -> list[int] | None:
    """The ids of a sequence in which every string is known where it stands; None where one is not."""
    if not flat or len(flat) % len(FIELDS):
        return None
    try:
        columns = [
            [table[word] for word in flat[place :: len(FIELDS)]]  # type: ignore[index]  # what is no string
            for place, table in enumerate(vocabulary.ids)
        ]
    except (KeyError, TypeError):
        return None
    return [number for behavior in zip(*columns, strict=True) for number in behavior]


def _spans(text: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    end = 0
    while (start := text.find(opening, end)) >= 0:
        close = text.find(closing, start + len(opening))
        if close < 0:
            return
        end = close + len(closing)
        yield start, end


def _literal(text: str, span: tuple[int, int] | None) -> tuple[list[object] | None, str]:
    """The list in the span, or None and the reason."""
    if span is None:
        return None, "no [[ ... ]]"
    if span[1] - span[0] > MAX_CHARACTERS:
        return None, f"a list of more than {MAX_CHARACTERS:,} characters"
    return read_literal(text[slice(*span)])


def read_literal(source: str) -> tuple[list[object] | None, str]:
    """A Python literal that is a list, or None and the reason."""
    plain = _plain_lists(source)
    if plain is not None:
        return plain, ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in an answer is a warning about our own source otherwise
            value = ast.literal_eval(source)
    except _NOT_A_LITERAL as error:
        return None, f"not a Python literal ({type(error).__name__})"
    return (value, "") if isinstance(value, list) else (None, "not a list")


def _plain_lists(source: str) -> list[object] | None:
    """Lists of strings, read as JSON where that means the same, in a tenth of the time; else None.

    It does for double quotes, or single ones alone, without any escape.
    """
    if "\\" in source:
        return None
    try:
        source.encode()  # half of a surrogate pair is no Python source
        value = json.loads(source if '"' in source else source.replace("'", '"'))
    except (ValueError, RecursionError):
        return None
    plain = isinstance(value, list) and all(
        isinstance(row, list) and all(isinstance(word, str) for word in row) for row in value
    )
    return value if plain else None


def _behavior(quadruple: Sequence[object], vocabulary: Vocabulary) -> Behavior | str:
    """The ids, or the reason why there are none."""
    if len(quadruple) < len(FIELDS):
        return "incomplete quadruple"
    words = [word for word in quadruple if isinstance(word, str)]
    if len(words) < len(FIELDS):
        return "wrong type: expected four strings"
    ids = [table.get(word, -1) for table, word in zip(vocabulary.ids, words, strict=True)]
    if ids[ACTION] < 0:
        ids[ACTION] = vocabulary.ids[ACTION].get(f"{words[DEVICE]}:{words[ACTION]}", -1)
    unknown = [name for name, number in zip(FIELDS, ids, strict=True) if number < 0]
    return f"unknown {unknown[0]}" if unknown else Behavior(*ids)


def _is_doubtful(text: str, span: tuple[int, int] | None) -> bool:
    """Whether the span lies inside a larger list, or restates the sequences that the prompt had given."""
    before = text[: span[0]] if span else ""
    return before.rstrip()[-1:] in ("[", ",") or is_restated(before)


def _recover(text: str, vocabulary: Vocabulary) -> tuple[Sequences, tuple[Reject, ...]]:
    largest = largest_list(text[:MAX_CHARACTERS])
    found, rejects = map_quadruples(largest.lists, vocabulary)
    lost = (Reject(None, None, shorten(piece), reason) for piece, reason in largest.losses)
    return found, (*rejects, *lost)


def shorten(value: object, most: int = _SHOWN) -> str:
    """A value as a reject shows it."""
    try:
        shown = value if isinstance(value, str) else repr(value)
    except ValueError:  # an integer of more digits than Python prints
        shown = f"a {type(value).__name__} too long to show"
    return shown if len(shown) <= most else shown[: most - 3] + "..."
