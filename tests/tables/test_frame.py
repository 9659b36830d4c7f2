"""Records become rows of a pandas table."""

from pathlib import Path
from typing import Any

import pandas as pd

from smartgen.core.records import read_records, write_error, write_result
from smartgen.tables.frame import records_frame

ERROR = {"type": "SmartgenError", "message": "no data", "traceback": "Traceback"}


def result(seed: int, metrics: dict[str, Any]) -> dict[str, Any]:
    axes = {"dataset": "fr", "seed": seed}
    return {"axes": axes, "config": {"trainer": {"threads": 1}}, "metrics": metrics, "counts": {"train": 9}}


def test_a_row_a_finished_record(tmp_path: Path) -> None:
    write_result(tmp_path, "a", result(1, {"f1": 0.5}), {})
    write_result(tmp_path, "b", result(2, {"f1": 0.7, "novel": {"auroc": 0.6}}), {})
    write_error(tmp_path, "c", {"dataset": "sp"}, ERROR, {})
    frame = records_frame(read_records(tmp_path))
    assert list(frame.index) == ["a", "b"]
    assert list(frame.columns) == ["dataset", "seed", "metrics.f1", "counts.train", "metrics.novel.auroc"]
    assert frame.groupby("dataset")["metrics.f1"].mean()["fr"] == 0.6
    assert frame["metrics.novel.auroc"].isna().tolist() == [True, False]
    assert records_frame(read_records(tmp_path), config=True)["config.trainer.threads"].tolist() == [1, 1]


def test_no_records_no_rows() -> None:
    frame = records_frame([])
    assert isinstance(frame, pd.DataFrame)
    assert frame.empty
