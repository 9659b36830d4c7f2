"""A small declaration with every feature, and records made from a few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from smartgen.core.records import Record

MakeRecord = Callable[..., Record]


def small_declaration() -> dict[str, Any]:
    """Two homes, one change of context, three units, four methods; as `yaml.safe_load` would give it."""
    return {
        "schema": 1,
        "name": "small",
        "title": "A small table",
        "caption": "Three numbers on two homes.",
        "source": "no paper",
        "datasets": {"FR": "fr", "SP": "sp"},
        "transitions": {"ST": "seasonal"},
        "metrics": {
            "F1 Score": {"key": "f1", "unit": "share"},
            "Rate (%)": {"key": "ssc.rate", "unit": "percent", "scale": 100},
            "Number": {"key": "kept", "unit": "count", "axes": {"task": "detection"}},
        },
        "axes": {"protocol": "released"},
        "defaults": {"trainer.threads": 1},
        "command": "smartgen experiment=small",
        "methods": {
            "LOF": {"cells": None},
            "Slow": {"cells": None},
            "Ours": {"cells": {"detector": "transae"}},
        },
        "skips": [{"method": "Slow", "reason": "takes a week"}],
        "notes": ["A note."],
        "published": {
            "FR": {
                "ST": {
                    "F1 Score": {"LOF": 0.25, "Slow": 0.3, "Ours": 0.8614},
                    "Rate (%)": {"LOF": 10.0, "Slow": 12.0, "Ours": 58.53},
                    "Number": {"LOF": 5, "Slow": 6, "Ours": 125},
                }
            },
            "SP": {"ST": {"F1 Score": {"LOF": 0.2, "Slow": 0.3, "Ours": None}}},
        },
        "released": {"FR": {"ST": {"F1 Score": {"LOF": 0.26}}}, "SP": {"ST": {"F1 Score": {"Ours": 0.9}}}},
    }


@pytest.fixture
def declaration() -> dict[str, Any]:
    return small_declaration()


@pytest.fixture
def write_declaration(tmp_path: Path) -> Callable[[Mapping[str, Any]], Path]:
    def write(content: Mapping[str, Any]) -> Path:
        path = tmp_path / "small.yaml"
        path.write_text(yaml.safe_dump(dict(content), sort_keys=False))
        return path

    return write


@pytest.fixture
def make_record() -> MakeRecord:
    """A finished record of method Ours, or a failed one with `ok=False`; keyword arguments vary it."""

    def make(
        key: str,
        f1: float | None = 0.8614,
        *,
        seed: int = 1,
        dataset: str = "fr",
        threads: int = 1,
        finished: str = "2026-03-01T10:00:00",
        ok: bool = True,
        **axes: Any,
    ) -> Record:
        named = {"task": "detection", "dataset": dataset, "transition": "seasonal", "protocol": "released"}
        result: dict[str, Any] = {"axes": named | {"seed": seed} | axes}
        if ok:
            result["config"] = {
                "detector": {"name": "transae", "epochs": 15},
                "trainer": {"threads": threads, "progress": bool(seed % 2)},
                "paths": {"outputs": f"/somewhere/{key}"},
                "seed": seed,
            }
            result["metrics"] = {"f1": f1, "ssc": {"rate": 0.5853}}
            result["counts"] = {"kept": 125}
        error = None if ok else {"type": "SmartgenError", "message": "no data", "traceback": "Traceback"}
        run = {
            "finished": finished,
            "seconds": {"train": 60.0, "total": 90.0},
            "command": f"smartgen seed={seed}",
        }
        return Record(key, Path("runs") / key, result, run, error, ok)

    return make
