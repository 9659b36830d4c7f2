"""`smartgen-report run` and `rerun`: sweeps in turn, failures at the end, a cell once more."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from smartgen.commands import run as run_command
from smartgen.commands.run import Sweep, run
from smartgen.core.records import read_records, result_digest
from smartgen.sweeps.journal import Event
from smartgen.sweeps.progress import INTERRUPTED
from smartgen.sweeps.tally import Tally

Command = Callable[..., subprocess.CompletedProcess[str]]
REPORT = "smartgen.commands.report"
FAST = ("debug=smoke", "synthesizer=walk", "stage/ssc=none", "detector=seen", "transition=seasonal,schedule")


def report(command: Command, *words: str) -> subprocess.CompletedProcess[str]:
    return command(*words, module=REPORT)


@pytest.mark.slow
def test_sweeps_run_in_turn_go_on_after_failures_and_resume(command: Command, tmp_path: Path) -> None:
    bad = report(command, "run", "demo", *FAST, "regime=synthetic", "stage.tss.max_gap_hours=9,-1")
    assert bad.returncode == 2, bad.stderr
    assert "4 cells, 4 to run" in bad.stderr
    assert "4 cells: 2 done, 0 recorded before, 2 failed" in bad.stderr
    commands = [line for line in bad.stderr.splitlines() if line.startswith("  smartgen experiment=demo")]
    assert len(commands) == 2
    assert all("max_gap_hours=-1" in line for line in commands)

    good = report(command, "run", "demo", *FAST)
    assert good.returncode == 0, good.stderr
    assert "6 cells: 4 done, 2 recorded before, 0 failed" in good.stderr
    assert sum(record.ok for record in read_records(tmp_path / "debug")) == 6, "a gap of 9 h is the usual one"

    again = report(command, "run", "demo", *FAST)
    assert "6 cells, 0 to run" in again.stderr
    assert "6 cells: 0 done, 6 recorded before, 0 failed" in again.stderr


def test_a_stop_tells_what_failed_until_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cell = ("experiment=demo", "seed=3")

    def stopped(sweep: Sweep, *_: object) -> None:
        sweep.tally.add(Event("failed", cell, reason="no such home"))
        raise KeyboardInterrupt

    monkeypatch.setattr(run_command, "_sweep", lambda name, _: Sweep(name, [cell], [cell], Tally(1)))
    monkeypatch.setattr(run_command, "_run_sweep", stopped)
    monkeypatch.setenv("SMARTGEN_OUTPUTS", str(tmp_path))
    handler = signal.getsignal(signal.SIGTERM)
    try:
        assert run(["demo"]) == INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, handler)
    told = capsys.readouterr().err
    assert "smartgen: no such home\n  smartgen experiment=demo seed=3\nsmartgen-report: stopped" in told


@pytest.mark.slow
def test_a_cell_is_run_again_by_its_key(command: Command, tmp_path: Path) -> None:
    assert command("debug=smoke", "detector=seen", "regime=source").returncode == 0
    (record,) = read_records(tmp_path / "debug")
    digits = record.key.rpartition("-")[2][:6]
    same = command("rerun", digits, "--outputs", str(tmp_path / "debug"), module=REPORT)
    assert same.returncode == 0, same.stderr
    assert f"{record.key}: the same result as before" in same.stderr
    (after,) = read_records(tmp_path / "debug")
    assert result_digest(after) == result_digest(record)
    assert after.run["finished"] >= record.run["finished"]

    content = json.loads((record.path / "result.json").read_text())
    content["result"]["metrics"]["auroc"] = 0.123
    (record.path / "result.json").write_text(json.dumps(content))
    other = command("rerun", digits, "--outputs", str(tmp_path / "debug"), module=REPORT)
    assert "ANOTHER RESULT than before" in other.stderr


@pytest.mark.slow
def test_settings_in_a_folder_of_ones_own_are_run_again_and_their_changes_seen(
    command: Command, tmp_path: Path
) -> None:
    mine = tmp_path / "mine" / "detector" / "few.yaml"
    mine.parent.mkdir(parents=True)
    outputs = tmp_path / "out"
    words = ("--config-dir", str(tmp_path / "mine"), "-m", "dataset=demo", "detector=few", "regime=source")
    words += ("seed=1,2",)

    def swept(neighbors: int) -> str:
        mine.write_text(f"defaults: [lof, _self_]\nneighbors: {neighbors}\n", "utf-8")
        done = command(*words, "tracking=none", f"paths.outputs={outputs}")
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "2 done" in swept(3)
    assert "2 recorded before" in swept(3)
    assert "2 done" in swept(4), "another setting is another cell"
    first = next(record for record in read_records(outputs) if record.config["detector"]["neighbors"] == 4)
    again = command("rerun", first.key, "--outputs", str(outputs), module=REPORT)
    assert again.returncode == 0, again.stderr
    assert f"{first.key}: the same result as before" in again.stderr
    mine.unlink()
    lost = command("rerun", first.key, "--outputs", str(outputs), module=REPORT)
    assert lost.returncode == 2
    assert "not run again; the record is that of before" in lost.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "seed=1"), "run what? an experiment or one of all, tables, figures"),
        (("run", "table99"), "experiment=table99"),
        (("run", "table2", "seeed=1"), "experiment=table2: "),
        (("rerun", "abc"), "rerun abc: expected the beginning of exactly one record's key, found none"),
    ],
)
def test_bad_input_is_one_line(command: Command, words: tuple[str, ...], told: str) -> None:
    done = report(command, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
