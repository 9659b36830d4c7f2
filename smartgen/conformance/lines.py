"""What a check says: lines, and how two lists differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary


class State(StrEnum):
    """What one comparison came to. Only ``DIFFERS`` of a deciding check fails the command."""

    EQUAL = "equal"
    DIFFERS = "differs"
    STALE = "stale"  # the release's file stands beside an input that it was not made from
    EARLIER = "earlier rule"  # made from this input by another version of the release's code
    NOTE = "note"  # nothing to compare with


@dataclass(frozen=True)
class Line:
    """One comparison.

    Args:
        check: what is compared; the summary counts by it.
        subject: which file or run.
        state: the outcome.
        detail: counts, or the first difference, or the reason.
        minor: shown with ``verbose`` only, unless it differs.
    """

    check: str
    subject: str
    state: State
    detail: str
    minor: bool = False


@dataclass(frozen=True)
class Context:
    """One folder of the release with what its checks need.

    Args:
        root: the release.
        dataset: the dataset's name.
        folder: ``SmartGen/IoT_data/<dataset>/<context>``.
        vocabulary: the dataset's.
    """

    root: Path
    dataset: str
    folder: Path
    vocabulary: Vocabulary

    def __str__(self) -> str:
        return f"{self.dataset} {self.folder.name}"


@dataclass(frozen=True)
class Check:
    """A row of the table of checks.

    Args:
        name: for people.
        compare: gives the lines of one context.
        decides: whether a difference fails the command.
    """

    name: str
    compare: Callable[[Context], Iterator[Line]]
    decides: bool


def compared(check: str, subject: str, ours: Sequences, theirs: Sequences) -> Line:
    """A line about two lists of sequences: equal with counts, or the first difference."""
    if ours == theirs:
        counts = f"{len(ours):,} sequences, {len(ours.values):,} behaviors"
        return Line(check, subject, State.EQUAL, counts)
    return Line(check, subject, State.DIFFERS, first_difference(ours.to_lists(), theirs.to_lists()))


def first_difference(ours: Sequence[object], theirs: Sequence[object]) -> str:
    """Where two lists part: the index, our element and theirs."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    index = next((i for i, (a, b) in pairs if a != b), min(len(ours), len(theirs)))
    shown = [repr(side[index]) if index < len(side) else "nothing" for side in (ours, theirs)]
    counts = f"{len(ours):,} against {len(theirs):,}"
    return f"{counts}; first difference at {index}: ours {shown[0]}, theirs {shown[1]}"
