"""A sweep as a person sees it: a line a cell and, on a terminal, how far it is and how long it may take."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from smartgen.sweeps.journal import JournalReader
from smartgen.sweeps.tally import Tally, duration

POLL_SECONDS = 0.2


class CountsColumn(ProgressColumn):
    """Done, failed and left cells, and about how long the rest takes."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """The counts of the task's tally."""
        tally: Tally = task.fields["tally"]
        left = tally.seconds_left if tally.left else None
        rest = "" if left is None else f", about {duration(left)}"
        text = Text(f"{tally.count('done')} done", style="green")
        recorded, failed, waiting = (tally.count(kind) for kind in ("recorded", "failed", "waiting"))
        text.append(f", {recorded} recorded before" if recorded else "", style="cyan")
        text.append(f", {waiting} waiting" if waiting else "", style="yellow")
        text.append(f", {failed} failed" if failed else "", style="red")
        return text.append(f", {tally.left} left{rest}", style="default")


class Board:
    """Shows what journals tell; one bar a sweep.

    Args:
        console: where lines and bars go.
        bars: whether to show bars; without them, or where the console is no terminal, there are only lines.
        lines: whether each cell gets a line.
    """

    def __init__(self, console: Console, bars: bool = True, lines: bool = True) -> None:
        self.console, self.lines = console, lines
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            CountsColumn(),
            console=console,
            disable=not (bars and console.is_terminal),
            transient=True,
        )

    @contextmanager
    def following(self, name: str, journal: JournalReader, *tallies: Tally) -> Iterator[None]:
        """Read a journal in the background until the block ends; every tally counts what it tells."""
        shown = [self.progress.add_task(name, total=None, tally=tallies[0])]
        shown += [self.progress.add_task("all", total=None, tally=tally) for tally in tallies[1:]]
        over, lock = threading.Event(), threading.Lock()

        def read() -> None:
            with lock:
                for event in journal.news():
                    for tally in tallies:
                        tally.add(event)
                    if event.text and self.lines:
                        self.console.print(event.text)
                for task, tally in zip(shown, tallies, strict=True):
                    self.progress.update(task, total=tally.cells or None, completed=len(tally.ends))

        def follow() -> None:
            while not over.wait(POLL_SECONDS):
                read()

        thread = threading.Thread(target=follow, daemon=True)
        with self.progress:
            thread.start()
            try:
                yield
            finally:
                over.set()
                thread.join()
                read()  # what was told last
                for task in shown:
                    self.progress.remove_task(task)
