"""`smartgen-report run`: the sweeps behind the paper's tables and figures, one after the other."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from smartgen.commands.pages import WIDTH
from smartgen.commands.told import Parser
from smartgen.core.errors import SmartgenError
from smartgen.core.masks import refuse_secrets
from smartgen.core.records import Record, read_records
from smartgen.sweeps.board import Board
from smartgen.sweeps.journal import VARIABLE, Cell, JournalReader, cell_of
from smartgen.sweeps.orphans import VARIABLE as SWEEP
from smartgen.sweeps.orphans import this_process
from smartgen.sweeps.planned import planned_cells
from smartgen.sweeps.progress import BAD_INPUT, DONE, FAILED, INTERRUPTED, failure_lines, marked
from smartgen.sweeps.sweep import new_journal, unrecorded
from smartgen.sweeps.tally import Failure, Tally, duration

# What the paper or its release gives numbers of, in the order in which a reader would want them.
PAPER = (
    *("table2", "table3", "table4", "table5", "table9"),
    *("fig4", "fig5", "fig5_full", "fig6", "fig7", "fig8", "threshold"),
)
GROUPS = {"all": PAPER, "tables": PAPER[:5], "figures": PAPER[5:]}
EPILOG = """examples:
  smartgen-report run all                          the paper's tables and figures; `make paper`
  smartgen-report run table2 table3                these two
  smartgen-report run table2_unified seed=2024     one seed instead of the experiment's three
  smartgen-report run tables launcher=submitit hydra.launcher.partition=cpu
Stop it when you like: the same command goes on where it stopped.
"""


@dataclass
class Sweep:
    """One experiment: its cells, what became of them, and what ended it early."""

    name: str
    cells: list[Cell]
    left: list[Cell]
    tally: Tally
    trouble: str = ""
    seconds: float = 0.0


def run(argv: Sequence[str]) -> int:
    """Run the command; 0, 1 where cells failed, 2 for bad input, 130 if interrupted.

    Raises:
        SmartgenError: an unknown experiment, or overrides that do not compose.
    """
    options = _parser().parse_args(argv)
    outputs = Path(options.outputs or os.environ.get("SMARTGEN_OUTPUTS", "outputs"))
    os.environ["SMARTGEN_OUTPUTS"] = str(outputs)
    refuse_secrets(options.what)
    names, overrides = _sorted_out(options.what)
    console = Console(
        stderr=True, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else WIDTH
    )
    sweeps = [_sweep(name, overrides) for name in names]
    whole = Tally(sum(len(sweep.cells) for sweep in sweeps))
    many = f"{len(sweeps)} sweeps, " if len(sweeps) > 1 else ""
    console.print(f"{many}{whole.total} cells, {sum(len(sweep.left) for sweep in sweeps)} to run")
    board = Board(console)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for sweep in sweeps:
            _run_sweep(sweep, overrides, board, whole)
    except KeyboardInterrupt:
        _tell_failures(sweeps, console)
        console.print("smartgen-report: stopped; the same command goes on where it stopped")
        return INTERRUPTED
    return _told(sweeps, whole, outputs, console)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="smartgen-report run",
        description="Run sweeps in turn: what is recorded is skipped, failures are told at the end.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    told = f"experiments (conf/experiment) or {', '.join(GROUPS)}; then KEY=VALUE for every cell"
    parser.add_argument("what", nargs="+", metavar="NAME|KEY=VALUE", help=told)
    parser.add_argument(
        "--outputs", metavar="DIR", help="where records are (SMARTGEN_OUTPUTS, else ./outputs)"
    )
    return parser


def _sorted_out(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of experiments, and overrides; several processes fill the cores where nobody chose otherwise."""
    overrides = [word for word in given if "=" in word]
    named = [word for word in given if "=" not in word]
    if not named:
        raise SmartgenError(f"run what? an experiment or one of {', '.join(GROUPS)}")
    names = dict.fromkeys(name for word in named for name in GROUPS.get(word, (word,)))
    chosen = any(override.startswith("launcher=") for override in overrides)
    return list(names), overrides if chosen else ["launcher=joblib", *overrides]


def _sweep(name: str, overrides: Sequence[str]) -> Sweep:
    cells, config = planned_cells(name, overrides)
    return Sweep(name, cells, unrecorded(cells, config), Tally(len(cells)))


def _run_sweep(sweep: Sweep, overrides: Sequence[str], board: Board, whole: Tally) -> None:
    """Run what is left in a process of its own, so that its end is not ours."""
    known = [cell_of(cell) for cell in set(sweep.cells) - set(sweep.left)]
    sweep.tally = Tally(len(sweep.cells))  # its time begins here
    for tally in (sweep.tally, whole):
        tally.take_as_recorded([*known])
    if not sweep.left:
        return
    board.console.print(f"[bold]{sweep.name}[/]: {len(sweep.cells)} cells, {len(sweep.left)} to run")
    command = [sys.executable, "-m", "smartgen", f"experiment={sweep.name}", *overrides]
    with new_journal(Path(os.environ["SMARTGEN_OUTPUTS"])) as journal:
        said = journal / "stderr"
        environment = os.environ | {VARIABLE: str(journal), SWEEP: this_process()}
        with board.following(sweep.name, JournalReader(journal), sweep.tally, whole), said.open("wb") as out:
            process = subprocess.Popen(command, env=environment, stderr=out)
            try:
                code = process.wait()
            except KeyboardInterrupt:
                process.terminate()
                process.wait()
                raise
        sweep.seconds = sweep.tally.seconds
        if sweep.tally.left or code not in (DONE, FAILED, BAD_INPUT):
            last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            sweep.trouble = f"ended early (exit code {code}){': ' if last else ''}{''.join(last)}"


def _told(sweeps: Sequence[Sweep], whole: Tally, outputs: Path, console: Console) -> int:
    """The failures with their commands, then the sum and the verdicts of each table."""
    failures = _tell_failures(sweeps, console)
    for sweep in sweeps:
        if sweep.trouble:
            console.print(f"[red]smartgen-report:[/] {sweep.name} {marked(sweep.trouble)}")
            console.print(f"  smartgen-report run {sweep.name}")
    console.print(_summary(sweeps, read_records(outputs)))
    console.print(f"{whole.cells} cells: {whole.line()}, {duration(whole.seconds)}")
    if not failures and not any(sweep.trouble for sweep in sweeps):
        return DONE
    mine = all(failure.bad_input for failure in failures) and not any(sweep.trouble for sweep in sweeps)
    return BAD_INPUT if mine else FAILED


def _tell_failures(sweeps: Sequence[Sweep], console: Console) -> list[Failure]:
    """All that failed so far, each with its command."""
    failures = [failure for sweep in sweeps for failure in sweep.tally.failures]
    for line in failure_lines(failures):
        console.print(line)
    return failures


def _summary(sweeps: Sequence[Sweep], records: Sequence[Record]) -> Table:
    """A line a sweep: cells, time, and the verdicts of its table, where the paper gives numbers."""
    from smartgen.tables.blocks import tally
    from smartgen.tables.collect import collect
    from smartgen.tables.declare import load_named, table_names

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("sweep", "cells", "done", "recorded before", "failed", "left", "time"):
        table.add_column(column, justify="left" if column == "sweep" else "right")
    table.add_column("verdicts on the numbers of its table")
    for sweep in sweeps:
        kinds = [str(sweep.tally.count(kind)) for kind in ("done", "recorded", "failed")]
        verdicts = tally(collect(load_named(sweep.name), records)) if sweep.name in table_names() else ""
        time = duration(sweep.seconds) if sweep.seconds else ""
        table.add_row(sweep.name, str(sweep.tally.cells), *kinds, str(sweep.tally.left), time, verdicts)
    return table
