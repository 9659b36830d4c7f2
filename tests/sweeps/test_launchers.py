"""One sweep under every launcher: the same records; a killed worker costs its own cell at most."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smartgen.config import gpus, workers
from smartgen.core.records import read_records, result_digest
from smartgen.sweeps.journal import VARIABLE, Event, JournalReader

SWEEP = ("-m", "debug=smoke", "dataset=demo", "detector=seen,aegis", "regime=source,oracle")


def digests(outputs: Path) -> dict[str, str]:
    records = read_records(outputs / "debug")
    return {record.key: result_digest(record) for record in records if record.ok}


def start(outputs: Path, *overrides: str, **more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "SMARTGEN_OUTPUTS": str(outputs), "RAY_AUTH_MODE": "disabled", **more}
    command = [sys.executable, "-m", "smartgen", *SWEEP, *overrides]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    outputs = tmp_path_factory.mktemp("basic")
    start(outputs).wait()
    return digests(outputs)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local", "ray"])
def test_every_launcher_gives_the_same_records(tmp_path: Path, launcher: str, basic: dict[str, str]) -> None:
    _, told = (run := start(tmp_path, f"launcher={launcher}")).communicate()
    assert run.returncode == 0, told
    assert "4 cells: 4 done, 0 recorded before, 0 failed" in told
    assert told.count("done ") == 4, "each cell is told, whatever process it ran in"
    assert digests(tmp_path) == basic
    assert len(basic) == 4
    _, again = start(tmp_path, f"launcher={launcher}").communicate()
    assert "4 cells: 0 done, 4 recorded before, 0 failed" in again


@pytest.mark.slow
def test_failures_in_other_processes_are_told_with_their_commands(tmp_path: Path) -> None:
    gaps = "stage.tss.max_gap_hours=9,-1"
    _, told = (run := start(tmp_path, "launcher=joblib", gaps, "regime=synthetic")).communicate()
    assert run.returncode == 2
    assert "4 cells: 2 done, 0 recorded before, 2 failed" in told
    assert told.count("stage.tss.max_gap_hours is -1.0, expected hours above 0") == 2
    assert told.count("\n  smartgen ") == 2
    assert "Traceback" not in told


def running_elsewhere(journal: Path, sweep: subprocess.Popen[str]) -> Event:
    reader, begun = JournalReader(journal), {}
    while sweep.poll() is None:
        for event in reader.news():
            if event.kind == "begun":
                begun[event.cell] = event
            elif event.kind in ("done", "recorded"):
                begun.pop(event.cell, None)
        if begun:
            return next(iter(begun.values()))
        time.sleep(0.01)
    raise AssertionError("the sweep ended before a worker could be killed")


@pytest.mark.slow
def test_a_killed_worker_costs_the_sweep_nothing(tmp_path: Path, basic: dict[str, str]) -> None:
    sweep = start(tmp_path, "launcher=joblib", **{VARIABLE: str(tmp_path / "journal")})
    victim = running_elsewhere(tmp_path / "journal", sweep)
    assert victim.process != sweep.pid
    os.kill(victim.process, signal.SIGKILL)
    sweep.communicate()
    assert digests(tmp_path) == basic
    kinds = [e.kind for e in JournalReader(tmp_path / "journal").news() if e.cell == victim.cell]
    assert sorted(kinds) == sorted(["begun", "lost", "begun", "done"])


@pytest.mark.slow
def test_a_killed_sweep_resumes(tmp_path: Path, basic: dict[str, str]) -> None:
    for killed_at in (1, 3):
        sweep = start(tmp_path)
        limit = time.monotonic() + 120
        while len(digests(tmp_path)) < killed_at and sweep.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        sweep.kill()
        sweep.communicate()
        assert killed_at <= len(digests(tmp_path)) <= 4
    start(tmp_path).communicate()
    assert digests(tmp_path) == basic


def test_workers_share_no_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    assert [workers(threads, "cpu") for threads in (1, 2, 3, 16)] == [8, 4, 2, 1]
    assert workers(1, "gpu") == gpus("cuda") == 1
