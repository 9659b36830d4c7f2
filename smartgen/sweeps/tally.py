"""What a sweep has come to: counts, failures, plans, and how long the rest may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from smartgen.llm.plan import Plan
from smartgen.sweeps.journal import ENDS, Cell, Event


@dataclass(frozen=True)
class Failure:
    """A cell that failed, why, and whether it is the user's to mend."""

    cell: Cell
    reason: str
    bad_input: bool


@dataclass
class Tally:
    """Counts of what became of cells; a cell that ends twice counts by its last end.

    Args:
        total: cells of the sweep; 0 where it is not known, as for a lone cell.
        clock: seconds that only rise.
    """

    total: int = 0
    clock: Callable[[], float] = time.monotonic
    ends: dict[Cell, Event] = field(default_factory=dict)
    running: dict[Cell, Event] = field(default_factory=dict)
    waited: float = 0.0

    def __post_init__(self) -> None:
        self.started = self.clock()
        self._worked = 0

    def add(self, event: Event) -> None:
        """Count one event."""
        if event.kind == "begun":
            self.running[event.cell] = event
        elif event.kind in ENDS:
            self.running.pop(event.cell, None)
            self.ends[event.cell] = event
            self._worked += event.kind != "recorded"
        elif event.kind == "lost":
            self.running.pop(event.cell, None)

    def take_as_recorded(self, cells: Iterable[Cell]) -> None:
        """Cells that are known to be recorded without being looked at."""
        for cell in cells:
            self.ends[cell] = Event("recorded", cell)

    def count(self, kind: str) -> int:
        """Cells that ended so."""
        return sum(event.kind == kind for event in self.ends.values())

    @property
    def cells(self) -> int:
        """Of the sweep, or as many as ended."""
        return max(self.total, len(self.ends))

    @property
    def left(self) -> int:
        """Cells that have not ended."""
        return self.cells - len(self.ends)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self.clock() - self.started

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before any cell has ended."""
        return self.seconds / self._worked * self.left if self._worked else None

    @property
    def failures(self) -> list[Failure]:
        """In the order in which they came."""
        failed = [event for event in self.ends.values() if event.kind == "failed"]
        return [Failure(event.cell, event.reason, event.bad_input) for event in failed]

    @property
    def plans(self) -> list[Plan]:
        """Of the cells that were only planned."""
        told = [event.plan for event in self.ends.values() if event.plan is not None]
        return [Plan.from_json(plan) for plan in told]

    def line(self) -> str:
        """The counts in words.

        Example:
            >>> tally = Tally(total=3)
            >>> tally.add(Event("done", ("seed=1",)))
            >>> tally.line()
            '1 done, 0 recorded before, 0 failed, 2 left'
        """
        waiting = f", {self.count('waiting')} waiting for a batch" if self.count("waiting") else ""
        left = f", {self.left} left" if self.left else ""
        return (
            f"{self.count('done')} done, {self.count('recorded')} recorded before{waiting}, "
            f"{self.count('failed')} failed{left}"
        )


def duration(seconds: float) -> str:
    """For a person.

    Example:
        >>> duration(42), duration(190), duration(7400)
        ('42 s', '3 min', '2 h 03 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
