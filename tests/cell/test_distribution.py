"""task=distribution: what old log, written set and real new data consist of, recorded without training."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartgen.cell import run_cell
from smartgen.config import compose_cell
from smartgen.core.records import Record, read_records
from smartgen.metrics.distribution import clock
from smartgen.settings import CellSettings
from smartgen.tracking.live import open_tracker


def cell(outputs: Path, *overrides: str) -> CellSettings:
    usual = ("task=distribution", "dataset=demo", "synthesizer=walk", "tracking=none")
    return compose_cell(*usual, *overrides, f"paths.outputs={outputs}")


def recorded(outputs: Path, *overrides: str) -> Record:
    run_cell(cell(outputs, *overrides), [], open_tracker)
    (record,) = read_records(outputs)
    return record


@pytest.mark.parametrize("transition", ["seasonal", "schedule", "occupancy"])
def test_shares_of_each_log_and_field_add_up(tmp_path: Path, transition: str) -> None:
    record = recorded(tmp_path, f"transition={transition}")
    assert record.axes["task"] == "distribution"
    assert record.axes["method"] == "walk"
    assert "detector" not in record.axes
    for field in ("device", "hour"):
        for log in ("source", "synthetic", "target"):
            shares = {k: v for k, v in record.metrics.items() if k.startswith(f"{field}/{log}/")}
            assert sum(shares.values()) == pytest.approx(1)
            assert all(0 <= share <= 1 for share in shares.values())
            assert record.counts[log] > 0
    assert {f"hour/source/{clock(k)}" for k in range(8)} <= record.metrics.keys()


def test_day_becomes_night_where_the_schedule_changes(tmp_path: Path) -> None:
    record = recorded(tmp_path, "transition=schedule")
    day = {
        log: sum(record.metrics[f"hour/{log}/{clock(k)}"] for k in (2, 3, 4, 5))
        for log in ("source", "target")
    }
    assert day["source"] > 0.9
    assert day["target"] < 0.1


def test_what_nothing_is_trained_with_does_not_change_the_key(tmp_path: Path) -> None:
    first = run_cell(cell(tmp_path), [], open_tracker)
    again = run_cell(cell(tmp_path, "detector=lof", "predictor=markov"), [], open_tracker)
    assert (first.status, again.status) == ("done", "recorded")
    assert run_cell(cell(tmp_path, "synthesizer=resample"), [], open_tracker).status == "done"
