"""Records that reports are tried on: cells of the demo home, one that failed, a made-up one of Table 2."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from smartgen.cell import run_cell
from smartgen.config import compose_cell
from smartgen.core.records import read_records, write_error, write_result
from smartgen.tracking.live import open_tracker

KEY = "3fa9c2"  # of which the pages speak
CELLS = (
    *(f"detector=seen regime={regime}" for regime in ("source", "synthetic", "oracle")),
    *(f"task=prediction predictor=markov regime={regime}" for regime in ("source", "synthetic", "oracle")),
)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose ``outputs`` hold the records."""
    folder = tmp_path_factory.mktemp("recorded")
    outputs = folder / "outputs"
    for cell in CELLS:
        words = ["dataset=demo", "tracking=none", *cell.split()]
        run_cell(compose_cell(*words, f"paths.outputs={outputs}"), words, open_tracker)
    one = next(r for r in read_records(outputs) if r.axes["regime"] == "source" and "seen" in r.key)
    copy = one.path.with_name(f"demo-seen-{KEY}")
    shutil.copytree(one.path, copy)
    told = (copy / "result.json").read_text().replace(one.key, copy.name)
    (copy / "result.json").write_text(told)
    axes = {"task": "detection", "regime": "synthetic", "protocol": "released", "without": "none", "seed": 1}
    axes |= {"dataset": "fr", "transition": "seasonal", "synthesizer": "replay"}
    detector = {"name": "transae", "network": "smartgen"}
    result = {
        "axes": axes,
        "config": {"seed": 1, "detector": detector},
        "metrics": {"f1": 0.86},
        "counts": {},
    }
    run = {"command": "smartgen dataset=fr protocol=released", "finished": "2026-03-01T10:00:00"}
    write_result(outputs, "made-up-0001", result, run)
    error = {"type": "SmartgenError", "message": "told so", "traceback": "Traceback"}
    write_error(outputs, "made-up-0002", axes | {"seed": 2}, error, run)
    return folder
