"""From an LLM's answer to behaviors: the release's rule, and a recovery for answers that it gives up on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.literal import read_literal
from smartgen.llm.mapping import Reject, map_quadruples, shorten
from smartgen.llm.recovery import is_restated, largest_list

MAX_CHARACTERS: Final = 400_000  # ten times 8,040 tokens; a literal of millions takes seconds


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


def _is_doubtful(text: str, span: tuple[int, int] | None) -> bool:
    """Whether the span lies inside a larger list, or restates the sequences that the prompt had given."""
    before = text[: span[0]] if span else ""
    return before.rstrip()[-1:] in ("[", ",") or is_restated(before)


def _recover(text: str, vocabulary: Vocabulary) -> tuple[Sequences, tuple[Reject, ...]]:
    largest = largest_list(text[:MAX_CHARACTERS])
    found, rejects = map_quadruples(largest.lists, vocabulary)
    lost = (Reject(None, None, shorten(piece), reason) for piece, reason in largest.losses)
    return found, (*rejects, *lost)
