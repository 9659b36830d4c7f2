"""What ``smartgen`` says while it runs: a line a cell, and all failures with their commands at the end."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from smartgen.core.errors import SmartgenError
from smartgen.core.provenance import command
from smartgen.llm.plan import Plan
from smartgen.spending import ledger_line, plan_line

if TYPE_CHECKING:
    from smartgen.cell import Outcome

DONE, FAILED, BAD_INPUT, WAITING, INTERRUPTED = 0, 1, 2, 75, 130  # 75: try again later, as in sysexits.h
SHOWN = ("f1", "auroc", "hr@10", "ndcg@10")


@dataclass
class _Tally:
    """What has happened since ``begin``, in this process."""

    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))
    started: float = field(default_factory=time.perf_counter)
    done: int = 0
    recorded: int = 0
    waiting: int = 0
    planned: list[Plan] = field(default_factory=list)
    failures: list[tuple[list[str], Exception]] = field(default_factory=list)


_tally = _Tally()


def begin() -> None:
    """Count from here; Hydra leaves no way to hand a value from one job of a sweep to the end."""
    global _tally
    _tally = _Tally()


@dataclass
class CellNote:
    """How one cell is told."""

    overrides: list[str]

    def finished(self, outcome: Outcome) -> None:
        """The cell is recorded, by now or from before."""
        if outcome.status == "recorded":
            _tally.recorded += 1
            _say(f"[cyan]recorded before[/]  [dim]{escape(outcome.key)}[/]")
            return
        if outcome.status == "waiting":
            _tally.waiting += 1
            _say(f"[yellow]waiting[/] {escape(outcome.told)}  [dim]{escape(outcome.key)}[/]")
            return
        if outcome.status == "planned":
            _note_plan(outcome)
            return
        if outcome.ledger is not None:
            _say(ledger_line(outcome.ledger))
        _tally.done += 1
        told = "  ".join(f"{name} {outcome.metrics[name]:.4f}" for name in SHOWN if name in outcome.metrics)
        _say(f"[green]done[/] {outcome.seconds:6.1f} s  {told}  [dim]{escape(outcome.key)}[/]")


@contextmanager
def noting(overrides: list[str]) -> Iterator[CellNote]:
    """Around one cell: its end is told, a failure is kept for the end instead of being raised."""
    try:
        yield CellNote(overrides)
    except SystemExit as exit_:
        # Lightning ends the process on SIGINT and SIGTERM, with an exit code that may even say success.
        raise KeyboardInterrupt from exit_
    except Exception as error:
        _tally.failures.append((overrides, error))
        if not isinstance(error, SmartgenError):
            _say(escape(traceback.format_exc()))


def end() -> int:
    """Tell the sum and every failure with its command.

    Returns:
        0; 75 where cells wait for a batch; 2 where all failures were bad input; 1 where anything else failed.
    """
    if len(_tally.planned) > 1:
        _say(plan_line("in all", Plan.merged(_tally.planned), "answered before or shared"))
    cells = _tally.done + _tally.recorded + _tally.waiting + len(_tally.failures)
    for overrides, error in _tally.failures:
        _say(f"[red]smartgen:[/] {escape(' '.join(str(error).split()) or type(error).__name__)}")
        if cells > 1:
            _say(f"  {escape(command(overrides))}")
    if cells > 1:
        seconds = time.perf_counter() - _tally.started
        waiting = f", {_tally.waiting} waiting for a batch" if _tally.waiting else ""
        counts = (
            f"{_tally.done} done, {_tally.recorded} recorded before{waiting}, {len(_tally.failures)} failed"
        )
        _say(f"{cells} cells: {counts}, {seconds:.0f} s")
    if not _tally.failures:
        return WAITING if _tally.waiting else DONE
    return BAD_INPUT if all(isinstance(error, SmartgenError) for _, error in _tally.failures) else FAILED


def _note_plan(outcome: Outcome) -> None:
    """The plan of one cell, or why there is none."""
    if outcome.plan is None:
        _say(f"plan: no call to an LLM  [dim]{escape(outcome.key)}[/]")
        return
    _tally.planned.append(outcome.plan)
    _say(f"{plan_line('plan', outcome.plan)}  [dim]{escape(outcome.key)}[/]")


def _say(text: str) -> None:
    _tally.console.print(text)
