"""Lines for a pipe, a bar with counts for a terminal."""

import io
from pathlib import Path

from rich.console import Console

from smartgen.sweeps.board import Board, CountsColumn
from smartgen.sweeps.journal import Event, JournalReader, write_event
from smartgen.sweeps.tally import Tally


def shown(tmp_path: Path, terminal: bool, **choices: bool) -> tuple[str, Tally, Tally]:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100, soft_wrap=True)
    sweep, whole = Tally(3), Tally(5)
    with Board(console, **choices).following("table2", JournalReader(tmp_path), sweep, whole):
        write_event(tmp_path, Event("done", ("a",), "[green]done[/] a"))
        write_event(tmp_path, Event("failed", ("b",), reason="no"))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue(), sweep, whole


def test_a_pipe_gets_a_line_a_cell(tmp_path: Path) -> None:
    text, sweep, whole = shown(tmp_path, terminal=False)
    assert text == "done a\n"
    assert (sweep.count("done"), sweep.count("failed"), sweep.left, whole.left) == (1, 1, 1, 3)


def test_a_terminal_gets_a_bar_for_the_sweep_and_one_for_all(tmp_path: Path) -> None:
    text, *_ = shown(tmp_path, terminal=True)
    assert "table2" in text
    assert "all" in text
    assert "left" in text


def test_who_gave_a_journal_shows_it(tmp_path: Path) -> None:
    text, sweep, _ = shown(tmp_path, terminal=True, bars=False, lines=False)
    assert text == ""
    assert len(sweep.ends) == 2


def test_counts_and_time_left_are_told() -> None:
    now = [0.0]
    tally = Tally(total=9, clock=lambda: now[0])
    now[0] = 60.0
    for kind, name in (("done", "a"), ("recorded", "b"), ("failed", "c")):
        tally.add(Event(kind, (name,)))
    column = CountsColumn()
    task = type("Task", (), {"fields": {"tally": tally}})()
    assert column.render(task).plain == "1 done, 1 recorded before, 1 failed, 6 left, about 3 min"
