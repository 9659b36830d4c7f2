"""What cells say of themselves reaches whoever shows the sweep, whole and once."""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.sweeps.journal import (
    SILENCE_SECONDS,
    VARIABLE,
    Event,
    JournalReader,
    alive,
    cell_of,
    journal_of_environment,
    pulse,
    write_event,
)

CELL = ("a=1", "b=2")


def test_events_come_back_once_and_in_order(tmp_path: Path) -> None:
    reader = JournalReader(tmp_path / "journal")
    assert reader.news() == []
    first, second = Event("begun", CELL), Event("failed", CELL, "text [red]", "why", True, {"calls": 1})
    write_event(tmp_path / "journal", first)
    assert reader.news() == [first]
    write_event(tmp_path / "journal", second)
    assert reader.news() == [second]
    assert reader.news() == []
    assert JournalReader(tmp_path / "journal").news() == [first, second]


def test_each_process_has_a_file_of_its_own(tmp_path: Path) -> None:
    for process in (1, 2):
        write_event(tmp_path, Event("begun", CELL, host="there", process=process))
    assert len(list(tmp_path.iterdir())) == 2
    assert {event.process for event in JournalReader(tmp_path).news()} == {1, 2}


@given(cut=st.integers(min_value=1, max_value=60))
def test_a_line_still_on_its_way_is_read_when_it_is_whole(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    write_event(folder, Event("begun", CELL))
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole + whole[: min(cut, len(whole) - 1)])
    reader = JournalReader(folder)
    assert len(reader.news()) == 1
    file.write_bytes(whole * 2)
    assert len(reader.news()) == 1


def test_a_cell_is_its_overrides_in_any_order() -> None:
    assert cell_of(["b=2", "a=1"]) == cell_of(["a=1", "b=2"]) == CELL


def test_the_environment_names_the_journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert journal_of_environment() is None
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert journal_of_environment() == tmp_path


def test_a_process_is_alive_until_it_dies(tmp_path: Path) -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    event = Event("begun", CELL, process=sleeper.pid)
    assert alive(tmp_path, event)
    sleeper.kill()
    time.sleep(0.2)
    assert not alive(tmp_path, event), "killed, though nobody has waited for it"
    sleeper.wait()
    assert not alive(tmp_path, event)
    assert not alive(tmp_path, Event("begun", CELL)), "who asks runs no cell"


def test_a_process_elsewhere_is_alive_while_its_file_is_touched(tmp_path: Path) -> None:
    event = Event("begun", CELL, host="elsewhere", process=7)
    assert not alive(tmp_path, event)
    write_event(tmp_path, event)
    assert alive(tmp_path, event)
    (file,) = tmp_path.iterdir()
    past = time.time() - 2 * SILENCE_SECONDS
    os.utime(file, (past, past))
    assert not alive(tmp_path, event)


def test_the_pulse_touches_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("smartgen.sweeps.journal.PULSE_SECONDS", 0.01)
    write_event(tmp_path, Event("begun", CELL))
    file = tmp_path / f"{platform.node()}-{os.getpid()}.jsonl"
    os.utime(file, (0, 0))
    with pulse(tmp_path):
        limit = time.monotonic() + 10
        while file.stat().st_mtime == 0 and time.monotonic() < limit:
            time.sleep(0.01)
    assert file.stat().st_mtime > 0
