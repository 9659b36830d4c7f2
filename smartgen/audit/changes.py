"""The nine cells of the paper as the release has them: a home before a change and after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from smartgen.audit.finding import Finding, UncheckableError
from smartgen.audit.ground import Ground
from smartgen.conformance.lines import Context
from smartgen.core.types import Sequences
from smartgen.data.recordings import ORIGINAL
from smartgen.data.release import DATA_FOLDER

T = TypeVar("T")
CODES = {"spring": "ST", "night": "TT", "multiple": "NT"}  # by the new context
# The release's names of the predictors that look at nine actions and have networks.
SYSTEMS = {"FPMC": "FMC", "LSTM": "LSTM", "CARNN": "CARnn", "Caser": "Caser", "SIAR": "SITAR"}


@dataclass(frozen=True)
class Cell:
    """A home and a change.

    Args:
        transition: as the paper writes it.
        old, new: the contexts before and after.
    """

    dataset: str
    transition: str
    old: Context
    new: Context

    def __str__(self) -> str:
        return f"{self.dataset.upper()} {self.transition}"

    @property
    def place(self) -> tuple[str, str]:
        """Home and change as the paper writes them."""
        return self.dataset.upper(), self.transition


def cells(ground: Ground) -> list[Cell]:
    """Those of the homes that the release has here, in the paper's order."""
    found = []
    for dataset in ground.datasets:
        vocabulary, folder = ground.vocabulary(dataset), ground.root / DATA_FOLDER / dataset
        for new, transition in CODES.items():
            contexts = [
                Context(ground.root, dataset, folder / name, vocabulary) for name in (ORIGINAL[new], new)
            ]
            found.append(Cell(dataset, transition, *contexts))
    return found


def tested_pieces(ground: Ground, cell: Cell) -> Sequences | None:
    """The split test sequences of the new context; None where they are not here."""
    path = cell.new.folder / "split_test.pkl"
    return ground.sequences(path) if path.is_file() else None


def had(some: Sized, every: Sized, what: str) -> str:
    """How many of the things to check are here, for the first line of evidence.

    Raises:
        UncheckableError: none is.
    """
    if not len(some):
        raise UncheckableError(f"needs {what} of the release")
    return here(some, len(every), f"cells have {what}")


def here(found: Sized, count: int, what: str) -> str:
    """How much of what was looked for is in this folder.

    Example:
        >>> here([1, 2], 9, "cells have their answers")
        '2 of 9 cells have their answers here'
    """
    return f"{len(found)} of {count} {what} here"


def needed(found: Sequence[T], what: str) -> Sequence[T]:
    """What was found.

    Raises:
        UncheckableError: nothing was.
    """
    if not found:
        raise UncheckableError(f"needs {what}")
    return found


def on_one_thread(check: Callable[[Ground], Finding]) -> Callable[[Ground], Finding]:
    """The check on one thread, for with more of them sums round otherwise, and recorded results hang on ties.

    Raises:
        UncheckableError: there is no release; said before anything heavy is loaded.
    """

    @wraps(check)
    def limited(ground: Ground) -> Finding:
        needed(ground.datasets, "a home of the release")
        from smartgen.training.threads import thread_limit

        with thread_limit(1):
            return check(ground)

    return limited
