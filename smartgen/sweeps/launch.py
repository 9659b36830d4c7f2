"""Launch cells, and go on where a worker dies: it takes its own cell with it, not the sweep."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from smartgen.sweeps.journal import ENDS, Cell, Event, JournalReader, Watcher, cell_of, write_event

Launch = Callable[[Sequence[Cell]], object]
SETTLE_SECONDS = 0.5
FRUITLESS = 2  # launches in a row after which a pool that breaks before any cell begins is given up
DEAD = "its process died (killed, or out of memory) while it ran, twice; the second time it ran alone"


def launch_all(
    cells: Sequence[Cell],
    launch: Launch,
    journal: Path,
    check: Callable[[Cell], str],
    batch: int | None = None,
) -> None:
    """Run all cells; each ends in the journal.

    Where a launcher breaks because a process died, the cells that were not reached are launched again, and
    those that were running are tried once more, each alone: one that dies alone has failed.

    Args:
        cells: overrides of each, in the order in which they go to the launcher.
        launch: runs cells; raises where one of their processes died, or where settings do not compose.
        journal: the folder that the cells write to.
        check: why a cell's settings do not compose, or "".
        batch: cells handed to the launcher at once; None: all.

    Raises:
        Exception: what the launcher raised, if it was no cell's doing.
    """
    watch, fruitless = _Watch(journal), 0
    size = batch or max(1, len(cells))
    for start in range(0, len(cells), size):
        waiting = list(cells[start : start + size])
        while waiting:
            before = len(waiting)
            suspects = _launch(waiting, launch, watch, check, last=fruitless == FRUITLESS)
            for suspect in suspects:
                _launch_alone(suspect, launch, watch)
            waiting = watch.unended(waiting)
            fruitless = fruitless + 1 if len(waiting) == before else 0


def _launch(
    waiting: Sequence[Cell], launch: Launch, watch: _Watch, check: Callable[[Cell], str], last: bool
) -> list[Cell]:
    """Launch; the cells whose processes died.

    Args:
        last: whether a pool that breaks before any of its cells begins is told, not tried again.
    """
    try:
        launch(waiting)
    except Exception as error:
        dead = watch.settled(waiting)
        if dead:
            return dead
        if isinstance(error, BrokenProcessPool) and not last:
            return []  # it died before a cell of its began
        # No process died, so it may be settings; to compose them takes minutes for thousands of cells.
        refused = {cell: reason for cell in watch.unended(waiting) if (reason := check(cell))}
        for cell, reason in refused.items():
            watch.tell(Event("failed", cell_of(cell), f"[red]failed[/] {reason}", reason, bad_input=True))
        if len(watch.unended(waiting)) == len(waiting):
            raise
        return []
    # A launcher that comes back without a word has run everything.
    return watch.unended(waiting)


def _launch_alone(cell: Cell, launch: Launch, watch: _Watch) -> None:
    """Give a cell whose process died a second chance, with nothing beside it that could be at fault."""
    known = cell_of(cell)
    watch.tell(Event("lost", known, "[yellow]a process died[/]; its cell is run again, alone"))
    try:
        launch([cell])
    except Exception as error:
        watch.settled([cell])
        if watch.unended([cell]):
            watch.tell(Event("failed", known, f"[red]failed[/] {DEAD}", f"{DEAD}: {type(error).__name__}"))
    else:
        if watch.unended([cell]):
            watch.tell(Event("failed", known, f"[red]failed[/] {DEAD}", DEAD))


class _Watch:
    """Which cells have begun and ended, by the journal."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self._reader, self._watcher = JournalReader(journal), Watcher(journal)
        self._begun: dict[Cell, Event] = {}
        self._ended: set[Cell] = set()

    def tell(self, event: Event) -> None:
        """Write an event of our own."""
        write_event(self.journal, event)

    def unended(self, cells: Sequence[Cell]) -> list[Cell]:
        """Those without an end, in their order."""
        self._read()
        return [cell for cell in cells if cell_of(cell) not in self._ended]

    def settled(self, cells: Sequence[Cell]) -> list[Cell]:
        """Wait until no process runs one of these cells; then those that began and did not end."""
        while True:
            left = [cell for cell in self.unended(cells) if cell_of(cell) in self._begun]
            if not any(self._watcher.alive(self._begun[cell_of(cell)]) for cell in left):
                return [cell for cell in left if cell in self.unended(left)]
            time.sleep(SETTLE_SECONDS)

    def _read(self) -> None:
        for event in self._reader.news():
            if event.kind == "begun":
                self._begun[event.cell] = event
            elif event.kind == "lost":
                self._begun.pop(event.cell, None)
            elif event.kind in ENDS:
                self._ended.add(event.cell)
