"""Outputs with a few made-up records of every kind, one of them named to break a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smartgen.core.records import read_records, write_error, write_result

EVIL = "<script>alert(1)</script><img src=https://example.com/x onerror=alert(2)>"
RUN = {
    "command": "smartgen dataset=fr",
    "finished": "2026-03-01T10:00:00",
    "commit": "0123456789abcdef",
    "processor": EVIL,
    "platform": "Linux",
    "versions": {"python": "3.11.7", "torch": "2.13.0"},
}


def put(outputs: Path, key: str, metrics: dict[str, Any], counts: dict[str, int], **axes: Any) -> None:
    named = {"dataset": "fr", "transition": "seasonal", "protocol": "released", "seed": 1} | axes
    detector = {"name": axes.get("detector", "none"), "network": "smartgen"}
    config = {"seed": named["seed"], "detector": detector, "trainer": {"threads": 1}}
    inputs = {"source": "ab" * 32, EVIL: "cd" * 32}
    result = {"axes": named, "config": config, "inputs": inputs, "metrics": metrics, "counts": counts}
    write_result(outputs, key, result, RUN)


def detection(outputs: Path, key: str, f1: float, **axes: Any) -> None:
    named = {"task": "detection", "regime": "synthetic", "synthesizer": "replay", "without": "none"}
    metrics = {"f1": f1, "precision": 0.7632, "recall": 0.9886}
    put(outputs, key, metrics, {}, **named | {"detector": "transae"} | axes)


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three homes of Table 2 with every kind of verdict, a figure of shares, a failure."""
    folder = tmp_path_factory.mktemp("outputs")
    for number, (dataset, f1) in enumerate([("fr", 0.8614), ("sp", 0.8991), ("us", 0.5)]):
        detection(folder, f"aa0{number}", f1, dataset=dataset)
    for seed, f1 in enumerate([0.0, 0.5, 0.9699]):
        detection(folder, f"bb0{seed}", f1, transition="schedule", seed=seed)
    shares = {f"device/{log}/{EVIL}": 0.25 for log in ("source", "synthetic", "target")}
    shares |= {f"hour/{log}/06-09": 1.0 for log in ("source", "synthetic", "target")}
    sizes = {"source": 10, "synthetic": 3, "target": 5}
    for transition in ("seasonal", "schedule", "occupancy"):
        put(folder, f"dd-{transition}", shares, sizes, task="distribution", transition=transition)
    error = {"type": "ValueError", "message": EVIL, "traceback": EVIL}
    failed = {
        "task": "detection",
        "dataset": "fr",
        "transition": "occupancy",
        "detector": "transae",
        "protocol": "released",
        "regime": "synthetic",
        "without": "none",
        "seed": 1,
    }
    write_error(folder, "cc01", failed, error, {"command": "smartgen transition=occupancy"})
    return folder


@pytest.fixture(scope="session")
def page(outputs: Path) -> Path:
    """The page of these, made without the authors' data, which would take it minutes."""
    from smartgen.commands import html
    from smartgen.html.render import render

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SMARTGEN_RELEASE", raising=False)
        patch.chdir(outputs)
        path = outputs / html.NAME
        path.write_text(render(html.gather(read_records(outputs), outputs)), encoding="utf-8")
    return path
