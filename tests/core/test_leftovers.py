"""What killed processes left goes after a day; what is in use, and what was finished, stays."""

import os
import time
from pathlib import Path

import pytest

from smartgen.core.leftovers import DAY, clear_leftovers, leftovers

TEMPORARY = (
    "runs/k/.result.json.7.abc.tmp",
    "cache/tss/.key-x1/sequences.npz",
    "cache/known/ab/.note.json.7.abc.tmp",
    "cache/journals/tmp1/host-7.jsonl",
    "tables/.table2.md.7.abc.tmp",
    ".report.html.7.abc.tmp",
)
FINISHED = ("runs/k/result.json", "cache/tss/key/sequences.npz", "cache/answers.sqlite", "notes/.mine.tmp")


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    for name in (*TEMPORARY, *FINISHED):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    for one in (path, *path.rglob("*")):
        os.utime(one, (then, then))


def test_everything_under_a_temporary_name_is_found(outputs: Path) -> None:
    found = {path.relative_to(outputs).as_posix() for path in leftovers(outputs)}
    assert found == {
        TEMPORARY[0],
        "cache/tss/.key-x1",
        TEMPORARY[2],
        "cache/journals/tmp1",
        TEMPORARY[4],
        TEMPORARY[5],
    }


def test_what_is_old_goes_and_all_else_stays(outputs: Path) -> None:
    age(outputs, DAY + 60)
    removed = clear_leftovers(outputs)
    assert len(removed) == len(TEMPORARY)
    assert not list(leftovers(outputs))
    assert all((outputs / name).is_file() for name in FINISHED)


@pytest.mark.parametrize("seconds", [0, DAY - 60, -DAY], ids=["now", "hours ago", "tomorrow, by this clock"])
def test_what_may_be_in_use_stays(outputs: Path, seconds: float) -> None:
    age(outputs, seconds)
    assert clear_leftovers(outputs) == []
    assert all((outputs / name).is_file() for name in TEMPORARY)


def test_a_journal_that_is_written_to_stays_however_old_its_folder_is(outputs: Path) -> None:
    age(outputs, 3 * DAY)
    os.utime(outputs / TEMPORARY[3])
    removed = clear_leftovers(outputs)
    assert (outputs / TEMPORARY[3]).is_file()
    assert len(removed) == len(TEMPORARY) - 1


def test_a_clock_that_is_ahead_makes_nothing_old(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert clear_leftovers(outputs) == []


def test_no_outputs_no_leftovers(tmp_path: Path) -> None:
    assert clear_leftovers(tmp_path / "none") == []
