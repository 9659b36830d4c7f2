"""What ``smartgen`` says while it runs: a line a cell, and all failures with their commands at the end.

In a sweep, cells say it to the sweep's journal, in whatever process they run; a lone cell says it itself.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from smartgen.core.errors import SmartgenError
from smartgen.core.provenance import command
from smartgen.core.texts import printable, printable_lines
from smartgen.llm.plan import Plan
from smartgen.spending import ledger_line, plan_line
from smartgen.sweeps.journal import Event, cell_of, journal_of_environment, pulse, write_event
from smartgen.sweeps.orphans import end_with_sweep
from smartgen.sweeps.tally import Failure, Tally

if TYPE_CHECKING:
    from smartgen.cell import Outcome

DONE, FAILED, BAD_INPUT, WAITING, INTERRUPTED = 0, 1, 2, 75, 130  # 75: try again later, as in sysexits.h
SHOWN = ("f1", "auroc", "hr@10", "ndcg@10")

_console, _tally = Console(), Tally()


def begin(total: int = 0) -> Tally:
    """Count from here; Hydra leaves no way to hand a value from one job of a sweep to the end.

    Args:
        total: cells of the sweep; 0 for a lone cell.
    """
    global _console, _tally
    _console, _tally = Console(stderr=True, highlight=False, soft_wrap=True), Tally(total)
    return _tally


def marked(text: str) -> str:
    """A text in rich's markup that stands for itself, and steers no terminal."""
    return escape(printable(text))


def console() -> Console:
    """Where everything is said: standard error."""
    return _console


@dataclass
class CellNote:
    """How one cell is told.

    Args:
        overrides: that make it.
        journal: of the sweep that it is part of; None: it is alone.
    """

    overrides: list[str]
    journal: Path | None

    def finished(self, outcome: Outcome) -> None:
        """The cell is recorded, by now or from before; or planned, or waiting."""
        key = f"[dim]{marked(outcome.key)}[/]"
        if outcome.status == "recorded":
            self.tell("recorded", f"[cyan]recorded before[/]  {key}")
        elif outcome.status == "waiting":
            self.tell("waiting", f"[yellow]waiting[/] {marked(outcome.told)}  {key}")
        elif outcome.status == "planned":
            line = (
                "plan: no call to an LLM" if outcome.plan is None else marked(plan_line("plan", outcome.plan))
            )
            plan = None if outcome.plan is None else outcome.plan.to_json()
            self.tell("planned", f"{line}  {key}", plan=plan)
        else:
            if outcome.ledger is not None:
                self.tell("said", marked(ledger_line(outcome.ledger)))
            shown = [f"{name} {outcome.metrics[name]:.4f}" for name in SHOWN if name in outcome.metrics]
            self.tell("done", f"[green]done[/] {outcome.seconds:6.1f} s  {'  '.join(shown)}  {key}")

    def failed(self, error: Exception) -> None:
        """The cell failed; what is no one-line error is shown whole at once."""
        reason = " ".join(str(error).split()) or type(error).__name__
        mine = isinstance(error, SmartgenError)
        text = "" if mine else escape(printable_lines(traceback.format_exc()))
        self.tell("failed", text, reason=reason, bad_input=mine)

    def tell(self, kind: str, text: str = "", **more: Any) -> None:
        """To the sweep's journal, or to the console at once."""
        event = Event(kind, cell_of(self.overrides), text, **more)
        if self.journal is not None:
            write_event(self.journal, event)
            return
        _tally.add(event)
        if text:
            _console.print(text)


@contextmanager
def noting(overrides: list[str]) -> Iterator[CellNote]:
    """Around one cell: its end is told, a failure is kept for the end instead of being raised."""
    end_with_sweep()
    note = CellNote(overrides, journal_of_environment())
    with nullcontext() if note.journal is None else pulse(note.journal):
        note.tell("begun")
        try:
            yield note
        except SystemExit as exit_:
            # Lightning ends the process on SIGINT and SIGTERM, with an exit code that may even say success.
            raise KeyboardInterrupt from exit_
        except Exception as error:
            note.failed(error)


def end() -> int:
    """Tell the sum and every failure with its command.

    Returns:
        0; 75 where cells wait for a batch; 2 where all failures were bad input; 1 where anything else failed.
    """
    failures = _tally.failures
    if len(_tally.plans) > 1:
        told = plan_line("in all", Plan.merged(_tally.plans), "answered before or shared")
        _console.print(marked(told))
    for line in failure_lines(failures, with_commands=_tally.cells > 1):
        _console.print(line)
    if _tally.cells > 1:
        _console.print(f"{_tally.cells} cells: {_tally.line()}, {_tally.seconds:.0f} s")
    if not failures:
        return WAITING if _tally.count("waiting") else DONE
    return BAD_INPUT if all(failure.bad_input for failure in failures) else FAILED


def failure_lines(failures: list[Failure], with_commands: bool = True) -> Iterator[str]:
    """Why each cell failed, and the command that runs it again; in rich's markup."""
    for failure in failures:
        yield f"[red]smartgen:[/] {marked(failure.reason)}"
        if with_commands:
            yield f"  {marked(cell_command(failure.cell))}"


def cell_command(cell: tuple[str, ...]) -> str:
    """The command of a cell, the experiment that it is part of first."""
    return command(sorted(cell, key=lambda override: (not override.startswith("experiment="), override)))
