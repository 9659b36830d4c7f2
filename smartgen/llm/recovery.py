"""Lists in the text of an answer that keeps the format only roughly (ours; the release drops such answers).

Read soundly or not at all: a list counts if it stands complete, and its strings are taken as they are,
without correction. Tolerated are line breaks, missing or mixed quotation marks, a missing bracket, comments,
prose and code fences around and between lists, an answer cut off at its end, and quadruples that are lists of
their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from smartgen.core.types import FIELDS
from smartgen.data.vocabulary import DAYS

MAX_DEPTH: Final = 50

# A comment begins behind a space, a comma or a bracket: "//" and "#" inside a word are part of it.
# A list without lists or comments in it is one token: it is read at once.
_TOKEN: Final = re.compile(
    r"(?P<comment>(?<![^\s,\]\[])(?:#|//)[^\n]*)|(?P<plain>\[[^\[\]#/]*+\])|[\[\],]|[^\[\],#/]+|[#/]"
)
# A quoted string with a bracket in it, which would otherwise open or close a list.
_QUOTED: Final = re.compile(r"(['\"])(?<![^\s,\[]['\"])[^'\"\n,\[\]]*[\[\]][^'\"\n,]*\1(?=\s*[,\]])")
# What may stand before a list at the start of its line: "- ", "2. ", "Sequence 3:", "<seq ".
_LABEL: Final = re.compile(r"[\W\d_]*(?:(?:sub)?seq(?:uence)?s?[\W\d_]*)?", re.IGNORECASE)
# What introduces the sequences of the prompt where an answer restates them before its own.
_RESTATED: Final = re.compile(
    r"\boriginal\s(?:\w+\s){0,3}?sequences?\W*(?:(?:is|are|was|were)\b\W*)?(?:```\w*\s*)?$", re.I
)
_AROUND: Final = " \t\r\n'\"`"


@dataclass
class Candidate:
    """Lists that may be the answer.

    Args:
        lists: one flat list of strings a sequence: day, hour, device, action, day, ...
        losses: pieces that became no list, each with the reason.
        restated: they are introduced as the original sequences, which the prompt had given.
    """

    lists: list[list[str]] = field(default_factory=list)
    losses: list[tuple[str, str]] = field(default_factory=list)
    restated: bool = False

    @property
    def size(self) -> int:
        """Quadruples that begin with a weekday, whatever else they hold."""
        return sum(word in DAYS for flat in self.lists for word in flat[:: len(FIELDS)])


def largest_list(text: str) -> Candidate:
    """The list of sequences that is the answer: the one with the most quadruples, the first on a tie.

    Valid or not: where the home's own behaviors are quoted before a larger list in which every hour is
    unknown, they are no answer. Sequences of the prompt that are introduced as the original ones never are.
    """
    return max((one for one in candidates(text) if not one.restated), key=lambda one: one.size)


def is_restated(before: str) -> bool:
    """Whether a text ends by introducing the original sequences."""
    return _RESTATED.search(before[-200:]) is not None


def candidates(text: str) -> list[Candidate]:
    """Every list of sequences that the text may mean, in the order of the text.

    Lists with nothing but commas between them belong together. A list outside any larger one counts only at
    the start of its line, since a behavior quoted in a sentence is an example; all such make one candidate.
    """
    reader = _Reader()
    for token in _TOKEN.finditer(_QUOTED.sub(_without_brackets, text)):
        if not reader.read(token[0], token.lastgroup):
            break
    reader.finish()
    alone = [one for one in reader.regions if one.labelled and not one.nested and not one.found.restated]
    merged = Candidate()
    for region in alone:
        merged.lists += region.found.lists
        merged.losses += region.found.losses
    return [region.found for region in reader.regions if region.nested] + [merged]


def _without_brackets(quoted: re.Match[str]) -> str:
    return re.sub(r"[\[\]]", "|", quoted[0])


@dataclass
class _Region:
    """Lists with nothing but commas between them; ``nested`` if some stand inside another."""

    found: Candidate
    labelled: bool
    nested: bool = False


@dataclass
class _Open:
    """A list that is not closed yet: its own strings, and the behaviors in lists of their own."""

    items: list[str] = field(default_factory=list)
    behaviors: list[list[str]] = field(default_factory=list)


class _Reader:
    """Follows the brackets with a stack of its own, so that no text can exhaust Python's."""

    def __init__(self) -> None:
        self.regions: list[_Region] = []
        self._stack: list[_Open] = []
        self._item: list[str] = []
        self._between: list[str] = ["\n"]  # what stands outside all lists since the last one

    def read(self, token: str, kind: str | None) -> bool:
        """Take the next token; False where the text is nested too deeply to be an answer."""
        if kind == "plain":
            self._end_item()
            self._begin_list()
            if len(self._stack) <= MAX_DEPTH:
                items = (one for one in token[1:-1].split(",") if one and not one.isspace())
                self._stack[-1].items = [one.strip(_AROUND) for one in items]
                self._end_list()
                return True
        elif token == "[":
            self._end_item()
            self._begin_list()
        elif token in ("]", ","):
            self._end_item()
            if token == "]" and self._stack:
                self._end_list()
        elif not self._stack:
            self._between.append(token)
        elif kind != "comment":
            self._item.append(token)
        return len(self._stack) <= MAX_DEPTH

    def finish(self) -> None:
        """The text ends: a sequence that is still open was cut off, the list of all sequences may be."""
        self._end_item()
        for frame in self._stack:
            if any(len(one) > len(FIELDS) for one in frame.behaviors):
                self._found.lists += frame.behaviors
            elif frame.behaviors:
                self._lose([word for one in frame.behaviors for word in one], "cut off before its end")
            if frame.items:
                self._lose(frame.items, "cut off before its end")

    @property
    def _found(self) -> Candidate:
        return self.regions[-1].found

    def _lose(self, items: list[str], reason: str) -> None:
        self._found.losses.append((", ".join(items), reason))

    def _end_item(self) -> None:
        raw = "".join(self._item)
        self._item.clear()
        if self._stack and raw.strip():
            self._stack[-1].items.append(raw.strip(_AROUND))

    def _begin_list(self) -> None:
        between = "".join(self._between)
        self._between.clear()
        if between.strip(_AROUND) or not self.regions:
            line = between.rsplit("\n", 1)[-1]
            found = Candidate(restated=is_restated(between))
            self.regions.append(_Region(found, labelled=_LABEL.fullmatch(line) is not None))
        if self._stack:
            self.regions[-1].nested = True
            self._end_run()
        self._stack.append(_Open())

    def _end_run(self) -> None:
        """A list opens behind strings: they are a list that lacks a bracket, or prose."""
        frame = self._stack[-1]
        if not frame.items:
            return
        if frame.items[0] not in DAYS:
            self._lose(frame.items, "text between lists")
        elif len(self._stack) > 1 and not frame.behaviors:
            self._end_list()
            return
        else:
            self._keep(frame.items)
        frame.items = []

    def _end_list(self) -> None:
        frame = self._stack[-1]
        if frame.behaviors:
            self._end_run()
        self._stack.pop()
        if frame.items:
            self._keep(frame.items)
        elif frame.behaviors:
            self._found.lists += self._joined(frame.behaviors)

    def _keep(self, items: list[str]) -> None:
        """A complete flat list: a sequence where it lies in the outermost list, else one behavior."""
        if len(self._stack) <= 1:
            self._found.lists.append(items)
        else:
            self._stack[-1].behaviors.append(items)

    def _joined(self, behaviors: list[list[str]]) -> Iterator[list[str]]:
        """One sequence from its behaviors; longer lists are sequences already, one bracket deeper."""
        if any(len(one) > len(FIELDS) for one in behaviors):
            yield from behaviors
            return
        for one in behaviors:
            if len(one) < len(FIELDS):
                self._lose(one, "incomplete quadruple")
        yield [word for one in behaviors if len(one) == len(FIELDS) for word in one]
