"""Cells mirrored into W&B while they run, read back from W&B's own files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smartgen.cell import Outcome, Prepared, run_cell
from smartgen.commands.report import main
from smartgen.core.records import read_records
from smartgen.settings import (
    CellSettings,
    DetectorSettings,
    PathSettings,
    TrackingSettings,
    UnifiedProtocolSettings,
)
from smartgen.tracking.live import open_tracker

pytestmark = pytest.mark.slow  # W&B's process and Lightning start
COMMAND = ["experiment=table2_unified"]


@pytest.fixture
def mirrored(cell: Callable[..., CellSettings], tmp_path: Path) -> Callable[..., Outcome]:
    """Run a cell with a W&B run of its own."""

    def run(detector: str = "seen", **changes: Any) -> Outcome:
        settings = cell(
            tmp_path,
            detector=DetectorSettings(name=detector),
            protocol=UnifiedProtocolSettings(name="unified"),
            regime="source",
            tracking=TrackingSettings(name="wandb", group="table2_unified"),
        )
        for name, value in changes.items():
            setattr(settings, name, value)
        return run_cell(settings, COMMAND, open_tracker)

    return run


def test_each_cell_is_a_run_that_says_what_its_record_says(
    mirrored: Callable[..., Outcome], tmp_path: Path, check_wandb: ModuleType
) -> None:
    for detector in ("seen", "length"):
        assert mirrored(detector).status == "done"
    runs, records = check_wandb.read_runs(tmp_path), read_records(tmp_path)
    assert len(runs) == len(records) == 2
    assert check_wandb.differences(runs, records) == []
    for record in records:
        (run,) = (run for run in runs.values() if run.name == record.key)
        assert (run.group, run.job_type) == ("table2_unified", record.axes["method"])
        assert {"dataset=demo", "transition=seasonal", "regime=source", "seed=2024"} < set(run.tags)
        assert len(run.summary["metrics"]) > 10
        assert run.summary["metrics"] == record.metrics
        assert run.summary["counts"] == record.counts
        assert run.config["config"] == record.config
        assert run.summary["cases"]["nrows"] > 10
        assert "result.json" in run.saved
        copied = run.files[0].parent / "files" / "result.json"
        assert copied.read_bytes() == (record.path / "result.json").read_bytes()


def test_training_curves_are_in_the_run(
    cell: Callable[..., CellSettings], tmp_path: Path, check_wandb: ModuleType
) -> None:
    settings = cell(tmp_path, regime="source", tracking=TrackingSettings(name="wandb"))
    run_cell(settings, [], open_tracker)
    (run,) = check_wandb.read_runs(tmp_path).values()
    assert run.group == "detection"  # a lone cell's
    assert run.logged["train/loss"] >= 2


def test_a_failed_cell_has_a_failed_run_and_the_next_one_its_own(
    mirrored: Callable[..., Outcome],
    tmp_path: Path,
    check_wandb: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_way(*_: object) -> None:
        raise ValueError("no\nway")

    with monkeypatch.context() as patch:
        patch.setattr(Prepared, "measure", no_way)
        with pytest.raises(ValueError, match="no\nway"):
            mirrored("seen")
    mirrored("length")
    runs, records = check_wandb.read_runs(tmp_path), read_records(tmp_path)
    assert check_wandb.differences(runs, records) == []
    ends = {run.job_type: (run.exit_code, run.summary["error"]) for run in runs.values()}
    assert ends == {"seen": (1, "ValueError: no way"), "length": (0, "")}
    mirrored("seen")  # done at last: the same run, which takes its failure back
    runs, records = check_wandb.read_runs(tmp_path), read_records(tmp_path)
    assert check_wandb.differences(runs, records) == []
    assert {run.job_type: len(run.files) for run in runs.values()} == {"seen": 2, "length": 1}


def test_what_fails_before_it_is_measured_has_a_run_too(
    mirrored: Callable[..., Outcome],
    tmp_path: Path,
    check_wandb: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_answer(_: Prepared) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(Prepared, "synthesize", no_answer)
    with pytest.raises(OSError, match="no answer"):
        mirrored()
    (run,) = check_wandb.read_runs(tmp_path).values()
    assert (run.exit_code, run.summary["error"]) == (1, "OSError: no answer")


def test_published_later_it_says_the_same(
    mirrored: Callable[..., Outcome], tmp_path: Path, check_wandb: ModuleType
) -> None:
    mirrored()
    later = tmp_path / "later"
    mirrored(tracking=TrackingSettings(name="none"), paths=PathSettings(outputs=str(later)))
    assert not (later / "wandb").exists()
    assert main(["wandb", "--outputs", str(later)]) == 0
    (live,) = check_wandb.read_runs(tmp_path).values()
    (published,) = check_wandb.read_runs(later).values()
    for name in ("id", "name", "group", "job_type", "tags", "exit_code", "config"):
        assert getattr(published, name) == getattr(live, name), name
    for name in ("metrics", "counts", "command", "error"):
        assert published.summary[name] == live.summary[name]
    assert set(published.saved) < set(live.saved)  # live, the machine's packages too
    assert set(published.summary["seconds"]) == set(live.summary["seconds"])
    assert published.summary["cases"]["sha256"] == live.summary["cases"]["sha256"]


def test_a_forced_rerun_goes_on_with_its_run(
    mirrored: Callable[..., Outcome], tmp_path: Path, check_wandb: ModuleType
) -> None:
    first, again = mirrored(), mirrored(force=True)
    assert (first.key, again.status) == (again.key, "done")
    runs = check_wandb.read_runs(tmp_path)
    assert [len(run.files) for run in runs.values()] == [2]
    assert check_wandb.differences(runs, read_records(tmp_path)) == []


def test_differences_are_found(
    mirrored: Callable[..., Outcome], tmp_path: Path, check_wandb: ModuleType
) -> None:
    mirrored()
    runs, records = check_wandb.read_runs(tmp_path), read_records(tmp_path)
    (run,) = runs.values()
    run.summary["metrics"]["auroc"], run.group = 2.0, "other"
    del run.config["config"]
    told = " ".join(check_wandb.differences(runs, records))
    assert "summary.metrics is" in told
    assert "group is 'other'" in told
    assert "config.config is missing" in told
    assert check_wandb.differences({}, records) == [f"{run.name}: expected one run, found 0"]
    assert check_wandb.differences(runs, []) == [f"{run.name}: no record has this key"]
    double = {**runs, "xx": check_wandb.Run("xx", name=run.name)}
    assert f"{run.name}: expected one run, found 2" in check_wandb.differences(double, records)


def test_disabled_writes_nothing_of_wandb(mirrored: Callable[..., Outcome], tmp_path: Path) -> None:
    assert mirrored(tracking=TrackingSettings(name="wandb", mode="disabled")).status == "done"
    assert not (tmp_path / "wandb").exists()
