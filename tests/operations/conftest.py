"""Counters of operations, the demo home, and cells of it: what is counted here needs no clock."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smartgen.core.types import Sequences
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import CellSettings, DetectorSettings, SimilaritySscSettings, StageSettings
from smartgen.stages.tss import split_sequences
from smartgen.synthesizer_settings import LlmSettings

HOUSEHOLD = 2024


def module_at(name: str) -> ModuleType:
    """A module beside this one, by its path: folders of tests are no packages."""
    path = Path(__file__).parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"operations_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CELLS = module_at("../cell/conftest")
cell, run = CELLS.cell, CELLS.run  # small cells of the demo home, as the tests of cells have them


@pytest.fixture(scope="session")
def counting() -> ModuleType:
    """The module of counters."""
    return module_at("counting")


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """Of the demo home."""
    return demo_vocabulary()


@pytest.fixture(scope="session")
def pieces(vocabulary: Vocabulary) -> Sequences:
    """Two winter weeks of the demo home, split, and half of them again: 72 sequences, 46 different ones."""
    found = split_sequences(simulate("winter", HOUSEHOLD, 14), vocabulary)
    return Sequences.concatenate([found, found[: len(found) // 2]])


@pytest.fixture
def live(cell: Callable[..., CellSettings], tmp_path: Path) -> Callable[..., CellSettings]:
    """Cells that an LLM at this address writes for; what is named differently is changed."""

    def build(url: str, sampling: dict[str, Any] | None = None, **changes: Any) -> CellSettings:
        stage = StageSettings(ssc=SimilaritySscSettings(name="similarity", share=0.6))
        told = {"key_variable": "SMARTGEN_TEST_KEY", "max_tokens": 500, "chunk": 4} | (sampling or {})
        llm = LlmSettings(name="test", model="m", base_url=url, **told)
        usual = {"synthesizer": llm, "stage": stage, "detector": DetectorSettings(name="seen")}
        return cell(tmp_path, **usual | changes)

    return build


@pytest.fixture
def written() -> Callable[[int, dict[str, Any]], dict[str, str]]:
    """What such an endpoint answers: two sequences of this home, or no shift of anything."""

    def answer(_: int, body: dict[str, Any]) -> dict[str, str]:
        schema = body["response_format"]["json_schema"]["schema"]
        if "sequences" not in schema["properties"]:
            return {"text": json.dumps(_unchanged(schema))}
        actions = schema["properties"]["sequences"]["items"]["items"]["properties"]["action"]["enum"]
        both = [
            [{"day": "Monday", "hour": f"({hour}~{hour + 3})", "action": action} for hour in (0, 21)]
            for action in actions[:2]
        ]
        return {"text": json.dumps({"sequences": both})}

    return answer


def _unchanged(schema: dict[str, Any]) -> Any:
    """The same as before for every name of a schema of shifts."""
    if "properties" not in schema:
        return "same"
    return {name: _unchanged(part) for name, part in schema["properties"].items()}
