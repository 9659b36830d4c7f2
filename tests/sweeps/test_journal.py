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

from smartgen.core.errors import SmartgenError
from smartgen.sweeps.journal import (
    SILENCE_HERE_SECONDS,
    SILENCE_SECONDS,
    VARIABLE,
    Event,
    JournalReader,
    Watcher,
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
    alive = Watcher(tmp_path).alive
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    event = Event("begun", CELL, process=sleeper.pid)
    write_event(tmp_path, event)
    assert alive(event)
    sleeper.kill()
    time.sleep(0.2)
    assert not alive(event), "killed, though nobody has waited for it"
    sleeper.wait()
    assert not alive(event)
    assert not alive(Event("begun", CELL)), "who asks runs no cell"


@pytest.mark.parametrize("offset", [-86400, 0, 86400], ids=["behind", "with us", "ahead"])
def test_a_process_elsewhere_is_alive_while_its_file_is_touched(tmp_path: Path, offset: float) -> None:
    now = 1000.0
    watcher = Watcher(tmp_path, clock=lambda: now)
    event = Event("begun", CELL, host="elsewhere", process=7)
    assert not watcher.alive(event)
    write_event(tmp_path, event)
    (file,) = tmp_path.iterdir()
    for beat in range(5):  # by its own clock, whatever that says
        os.utime(file, (time.time() + offset + beat,) * 2)
        assert watcher.alive(event)
        now += SILENCE_SECONDS - 1
        assert watcher.alive(event)
    now += 2
    assert not watcher.alive(event)


def test_a_number_that_another_process_has_by_now_is_not_waited_for_without_end(tmp_path: Path) -> None:
    now = 1000.0
    watcher = Watcher(tmp_path, clock=lambda: now)
    event = Event("begun", CELL, process=1)  # which lives as long as the machine
    write_event(tmp_path, event)
    assert watcher.alive(event)
    now += SILENCE_HERE_SECONDS + 1
    assert not watcher.alive(event)


def test_a_journal_that_was_begun_anew_is_read_from_its_start(tmp_path: Path) -> None:
    reader = JournalReader(tmp_path)
    write_event(tmp_path, Event("begun", CELL))
    write_event(tmp_path, Event("said", CELL, text="x" * 100))
    assert len(reader.news()) == 2
    (file,) = tmp_path.iterdir()
    file.unlink()
    write_event(tmp_path, Event("done", CELL))
    assert [event.kind for event in reader.news()] == ["done"]


def test_half_a_line_takes_no_other_along(tmp_path: Path) -> None:
    write_event(tmp_path, Event("begun", CELL))
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-9])  # killed while it wrote
    write_event(tmp_path, Event("done", CELL))
    assert [event.kind for event in JournalReader(tmp_path).news()] == ["done"]


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


def test_a_journal_that_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file")
    with pytest.raises(SmartgenError, match=r"journal/.*: cannot be written"):
        write_event(tmp_path / "journal", Event("begun", CELL))
