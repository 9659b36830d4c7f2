"""Where a worker dies, its own cell is tried again alone; all others are run."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from smartgen.sweeps.journal import ENDS, Cell, Event, JournalReader, cell_of, write_event
from smartgen.sweeps.launch import launch_all

CELLS: list[Cell] = [("b=1", f"seed={number}") for number in range(6)]


class BrokenPoolError(RuntimeError):
    """As joblib and Ray have it."""


def dead_process() -> int:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


class Workers:
    """A launcher of fake workers that die over some cells as often as told, beside `beside` innocent ones."""

    def __init__(self, journal: Path, deadly: dict[Cell, int], beside: int = 0) -> None:
        self.journal, self.deadly, self.beside = journal, dict(deadly), beside
        self.batches: list[list[Cell]] = []
        self.runs: dict[Cell, int] = {}

    def __call__(self, cells: Sequence[Cell]) -> None:
        self.batches.append(list(cells))
        for place, cell in enumerate(cells):
            if self.deadly.get(cell, 0) > 0:
                self.deadly[cell] -= 1
                for one in cells[place : place + 1 + self.beside]:
                    write_event(self.journal, Event("begun", cell_of(one), process=dead_process()))
                raise BrokenPoolError("a worker was killed")
            self.runs[cell] = self.runs.get(cell, 0) + 1
            write_event(self.journal, Event("begun", cell_of(cell)))
            write_event(self.journal, Event("done", cell_of(cell)))


def ends(journal: Path) -> dict[Cell, Event]:
    return {event.cell: event for event in JournalReader(journal).news() if event.kind in ENDS}


def fine(_: Cell) -> str:
    return ""


def test_without_deaths_everything_goes_to_the_launcher_at_once(tmp_path: Path) -> None:
    workers = Workers(tmp_path, {})
    launch_all(CELLS, workers, tmp_path, fine)
    assert workers.batches == [CELLS]
    assert {event.kind for event in ends(tmp_path).values()} == {"done"}


def test_batches_bound_what_is_handed_over(tmp_path: Path) -> None:
    workers = Workers(tmp_path, {})
    launch_all(CELLS, workers, tmp_path, fine, batch=4)
    assert [len(batch) for batch in workers.batches] == [4, 2]


@pytest.mark.parametrize("beside", [0, 1, 3])
def test_one_death_loses_nothing(tmp_path: Path, beside: int) -> None:
    workers = Workers(tmp_path, {CELLS[2]: 1}, beside)
    launch_all(CELLS, workers, tmp_path, fine)
    found = ends(tmp_path)
    assert set(found) == set(CELLS)
    assert {event.kind for event in found.values()} == {"done"}
    assert all(count == 1 for count in workers.runs.values()), "nothing ran twice"
    assert [CELLS[2]] in workers.batches, "tried again alone"


def test_a_cell_that_kills_its_process_alone_fails_and_no_other(tmp_path: Path) -> None:
    workers = Workers(tmp_path, {CELLS[2]: 9}, beside=2)
    launch_all(CELLS, workers, tmp_path, fine)
    found = ends(tmp_path)
    assert [cell for cell, event in found.items() if event.kind == "failed"] == [CELLS[2]]
    assert "killed, or out of memory" in found[CELLS[2]].reason
    assert len(found) == len(CELLS)


def test_a_death_between_cells_loses_nothing(tmp_path: Path) -> None:
    workers, died = Workers(tmp_path, {}), []

    def launch(cells: Sequence[Cell]) -> None:
        if not died:
            died.append(True)
            workers(cells[:3])
            raise BrokenPoolError
        workers(cells)

    launch_all(CELLS, launch, tmp_path, fine)
    assert workers.batches == [CELLS[:3], CELLS[3:]]


def test_settings_that_do_not_compose_fail_by_themselves(tmp_path: Path) -> None:
    workers = Workers(tmp_path, {})

    def launch(cells: Sequence[Cell]) -> None:
        if CELLS[1] in cells:
            raise ValueError("no such key")
        workers(cells)

    launch_all(CELLS, launch, tmp_path, lambda cell: "no such key" if cell == CELLS[1] else "")
    found = ends(tmp_path)
    assert (found[CELLS[1]].kind, found[CELLS[1]].reason, found[CELLS[1]].bad_input) == (
        "failed",
        "no such key",
        True,
    )
    assert len(found) == len(CELLS)


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_what_is_no_cells_doing_is_raised(tmp_path: Path, error: BaseException) -> None:
    def launch(_: Sequence[Cell]) -> None:
        raise error

    with pytest.raises(type(error)):
        launch_all(CELLS, launch, tmp_path, fine)


def test_cells_that_still_run_elsewhere_are_waited_for(tmp_path: Path) -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.7)"])
    ended: list[Callable[[], int]] = []

    def launch(cells: Sequence[Cell]) -> None:
        if not ended:
            ended.append(sleeper.wait)
            write_event(tmp_path, Event("begun", cell_of(cells[0]), process=dead_process()))
            write_event(tmp_path, Event("begun", cell_of(cells[1]), process=sleeper.pid))
            raise BrokenPoolError
        assert sleeper.poll() is not None or not os.path.exists(f"/proc/{sleeper.pid}"), "waited for"
        Workers(tmp_path, {})(cells)

    import threading

    def finish() -> None:
        sleeper.wait()
        write_event(tmp_path, Event("done", cell_of(CELLS[1]), process=sleeper.pid))

    thread = threading.Thread(target=finish)
    thread.start()
    launch_all(CELLS[:2], launch, tmp_path, fine)
    thread.join()
    assert {event.kind for event in ends(tmp_path).values()} == {"done"}


@pytest.mark.parametrize("deaths", [1, 2, 3])
def test_a_pool_that_breaks_before_a_cell_begins_is_tried_again_a_few_times(
    tmp_path: Path, deaths: int
) -> None:
    workers, left = Workers(tmp_path, {}), deaths

    def launch(cells: Sequence[Cell]) -> None:
        nonlocal left
        if left:
            left -= 1
            raise BrokenProcessPool("a worker was killed while it was starting")
        workers(cells)

    if deaths > 2:
        with pytest.raises(BrokenProcessPool):
            launch_all(CELLS, launch, tmp_path, fine)
        return
    launch_all(CELLS, launch, tmp_path, fine)
    assert workers.batches == [CELLS]
    assert {event.kind for event in ends(tmp_path).values()} == {"done"}
