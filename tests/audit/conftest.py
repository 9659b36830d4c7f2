"""A release of a few files written by hand, and the authors' own as ground for checks."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from smartgen.audit.finding import Status
from smartgen.audit.ground import Ground, ground_at
from smartgen.audit.runner import audit
from smartgen.core.records import Record

Rows = Sequence[Sequence[int]]

DEVICES = ("Heater", "Light", "Other", "Television")
ACTIONS = (
    "Heater:switch off",
    "Heater:switch on",
    "Light:refresh refresh",
    "Light:switch off",
    "Light:switch on",
    "None:location",
    "Television:switch off",
    "Television:switch on",
)
LLM = "gpt-4o"
ALPHA = {"spring": "0.918", "night": "0.92", "multiple": "0.915"}


class MadeUp:
    """A folder that looks like the release; ``fr`` and ``sp`` have the same four devices."""

    def __init__(self, root: Path) -> None:
        self.root = root
        tables: dict[str, dict[str, int]] = {}
        for home in ("fr", "sp"):
            tables[f"{home}_devices_dict"] = {name: i for i, name in enumerate(DEVICES)}
            tables[f"{home}_actions"] = {name: i for i, name in enumerate(ACTIONS)}
            tables[f"{home}_actions_off"] = {
                "Heater:switch off": 0,
                "Light:switch off": 3,
                "Television:switch off": 6,
            }
            (root / "SmartGen/IoT_data" / home).mkdir(parents=True)
        self.write("SmartGen/dictionary.json", json.dumps(tables))

    def write(self, path: str, content: object) -> None:
        """Text as it is, anything else pickled."""
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content.encode() if isinstance(content, str) else pickle.dumps(content))

    def data(self, context: str, name: str, content: object, home: str = "fr") -> None:
        """A file of a context; ``name`` with its ending if it is no pickle of sequences."""
        self.write(f"SmartGen/IoT_data/{home}/{context}/{name if '.' in name else f'{name}.pkl'}", content)

    def answer(self, context: str, day: int, text: str, home: str = "fr") -> None:
        """What an LLM answered for a weekday, pickled as the release does."""
        name = f"{home}_{context}_generation_day_{day}_SPPC_th={ALPHA[context]}_{LLM}.pkl"
        path = self.root / "SmartGen/IoT_data" / home / context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(text))

    def set(
        self, folder: str, context: str, rows: Rows, variant: str = "filter_true", home: str = "fr"
    ) -> None:
        """A set of written sequences in a folder of such."""
        kind = f"_{variant}" if variant else ""
        name = f"{home}_{context}_generation_SPPC_th={ALPHA[context]}_{LLM}_seq{kind}.pkl"
        self.write(f"{folder}/{name}", list(rows))

    def detected(self, context: str, rows: Rows, home: str = "fr") -> None:
        """The set of Table 2, which makes a cell."""
        self.set("anomaly_detection_pipeline/synthetic_data", context, rows, home=home)

    def filtered(self, context: str, rows: Rows, variant: str, home: str = "fr") -> None:
        """A set of Table 5."""
        self.set("ablation_study/study_data/ablation2", context, rows, variant, home)

    def ground(self, records: Sequence[Record] = ()) -> Ground:
        """The ground for checks, with nothing read before."""
        return Ground(self.root, records)


@pytest.fixture
def made_up(tmp_path: Path) -> MadeUp:
    return MadeUp(tmp_path / "release")


@pytest.fixture
def bare(tmp_path: Path) -> Ground:
    """A home of two actions of one device, with no data yet; its root is ``tmp_path``."""
    (tmp_path / "SmartGen/IoT_data/fr/spring").mkdir(parents=True)
    tables = {"fr_devices_dict": {"Fan": 0}, "fr_actions": {"Fan:off": 0, "Fan:on": 1}}
    (tmp_path / "SmartGen/dictionary.json").write_text(json.dumps(tables))
    return Ground(tmp_path)


@pytest.fixture(scope="session")
def real() -> Ground:
    """The authors' release without records; mark users with ``@pytest.mark.release``."""
    return ground_at(None, [])


class Confirm:
    """Runs one check and hands back its evidence, if it is confirmed."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def __call__(self, name: str) -> str:
        found = audit(self.ground, [name])[0]
        assert found.status is Status.CONFIRMED, found.evidence
        assert len(found.evidence) <= 25
        return "\n".join(found.evidence)


@pytest.fixture
def confirm(real: Ground) -> Confirm:
    return Confirm(real)


@pytest.fixture
def detection_record() -> Any:
    """A finished detection of SmartGen on FR NT; keyword arguments vary its axes."""

    def make(key: str, f1: float, **axes: Any) -> Record:
        named = {
            "task": "detection",
            "dataset": "fr",
            "transition": "occupancy",
            "protocol": "released",
            "detector": "transae",
            "regime": "synthetic",
            "synthesizer": "replay",
            "without": "none",
            "seed": 1,
        }
        config = {
            "detector": {"name": "transae", "network": "smartgen"},
            "synthesizer": {"name": "replay", "collection": "detection"},
            "seed": 1,
        }
        result = {"axes": named | axes, "config": config, "metrics": {"f1": f1}, "counts": {}}
        return Record(key, Path("runs") / key, result)

    return make
