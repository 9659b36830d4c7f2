"""What the campaign of kills counts and looks at: no kill that was none, no log that it rolled in itself."""

from __future__ import annotations

import importlib
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest


class Worker:
    """Of a pool; gone by the time it is to be killed, or not."""

    def __init__(self, gone: bool) -> None:
        self.gone, self.killed = gone, False

    def kill(self) -> None:
        if self.gone:
            raise psutil.NoSuchProcess(1)
        self.killed = True


@pytest.fixture
def strike(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, int | None]]:
    """Strikes at a worker of a command that sleeps: what is said to be killed, and the command's code."""
    kills = importlib.import_module("crashes.kills")

    def struck(*workers: Worker) -> tuple[str, int | None]:
        monkeypatch.setattr(kills, "_workers", lambda _: list(workers))
        with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
            try:
                return kills._strike(process, "worker"), process.poll()
            finally:
                process.kill()

    return struck


def test_a_worker_that_is_gone_is_no_kill(strike: Callable[..., tuple[str, int | None]]) -> None:
    worker = Worker(gone=False)
    assert strike(worker) == ("worker", None)
    assert worker.killed
    assert strike(Worker(gone=True)) == ("all", -9)
    assert strike() == ("all", -9)


def database_after_a_kill(folder: Path) -> Path:
    """Answers of which the last is in the log alone, as a process leaves it that was killed."""
    live, path = folder / "live.sqlite", folder / "outputs" / "answers.sqlite"
    path.parent.mkdir()
    connection = sqlite3.connect(live)
    connection.execute("pragma journal_mode=wal")
    connection.execute("create table answers (key, request)")
    connection.execute("insert into answers values ('first', '{}')")
    connection.commit()
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.execute("insert into answers values ('last', '{half')")
    connection.commit()
    for end in ("", "-wal", "-shm"):
        shutil.copyfile(f"{live}{end}", f"{path}{end}")
    connection.close()
    return path


def test_the_log_of_a_database_is_read_and_left_as_it_lies(tmp_path: Path) -> None:
    path = database_after_a_kill(tmp_path)

    def lying() -> dict[str, Any]:
        return {one.name: one.read_bytes() for one in path.parent.iterdir()}

    before = lying()
    assert set(before) == {"answers.sqlite", "answers.sqlite-wal", "answers.sqlite-shm"}
    found = importlib.import_module("crashes.artefacts").look_through(path.parent, {})
    (line,) = found.wrong
    assert "answer last: " in line
    assert found.whole["sqlite"] == 1
    assert lying() == before
