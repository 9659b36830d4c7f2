"""Calls to an LLM: as many as planned, each once, and none for what was answered before."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smartgen.cell import Outcome, Prepared
from smartgen.core.types import DAY, Sequences
from smartgen.settings import (
    CellSettings,
    DatasetSettings,
    DetectorSettings,
    PredictorSettings,
    StageSettings,
    UnifiedProtocolSettings,
)

Live = Callable[..., CellSettings]
Run = Callable[[CellSettings], Outcome]

CACHE = {
    "gets": "smartgen.llm.cache.AnswerCache.get",
    "puts": "smartgen.llm.cache.AnswerCache.put",
    "prompts": "smartgen.synthesis.make_prompts",
    "graphs": "smartgen.synthesis.behavior_graph",
}


def planned(cell: CellSettings, run: Run) -> Any:
    """What a cell says it would ask."""
    cell.plan = True
    plan = run(cell).plan
    cell.plan = False
    return plan


def chunks(cell: CellSettings, size: int) -> int:
    """Calls for what SSC kept: ``size`` sequences of a weekday in each."""
    kept: Sequences = Prepared(cell).pipeline.compressed.sequences
    days = Counter(kept.values[kept.offsets[:-1], DAY].tolist())
    return sum(math.ceil(count / size) for count in days.values())


@pytest.mark.parametrize("days", [7, 28])
@pytest.mark.parametrize("size", [2, 8])
def test_a_cell_asks_what_it_planned_and_nothing_twice(
    days: int, size: int, live: Live, run: Run, endpoint: Any, written: Any
) -> None:
    server = endpoint(written)
    cell = live(server.url, {"chunk": size}, dataset=DatasetSettings("demo", "demo", days=days))
    plan = planned(cell, run)
    assert server.calls == 0
    assert plan.calls == len(plan.asked) == chunks(cell, size) > 1
    run(cell)
    assert server.calls == plan.calls
    assert len({json.dumps(body["messages"]) for body in server.bodies}) == plan.calls


@pytest.mark.parametrize("force", [False, True])
def test_a_second_run_asks_nothing(
    force: bool, live: Live, run: Run, endpoint: Any, written: Any, monkeypatch: Any, counting: Any
) -> None:
    server = endpoint(written)
    run(live(server.url))
    before = server.calls
    with counting.counted(monkeypatch, **CACHE) as done:
        run(live(server.url, force=force))
    assert server.calls == before
    # Where it is recorded, answers are not even looked up; else all of them at once.
    assert done == ({"gets": 1, "prompts": 1, "graphs": 1} if force else {})


def test_answers_are_kept_one_by_one_and_prompts_made_once(
    live: Live, run: Run, endpoint: Any, written: Any, monkeypatch: Any, counting: Any
) -> None:
    server = endpoint(written)
    with counting.counted(monkeypatch, **CACHE) as done:
        run(live(server.url))
    # All at once, and each once more under its own lock, where another process may have asked meanwhile.
    assert done == {"gets": 1 + server.calls, "puts": server.calls, "prompts": 1, "graphs": 1}


OTHERS: dict[str, dict[str, Any]] = {
    "detector": {"detector": DetectorSettings("length")},
    "regime": {"regime": "mixed", "protocol": UnifiedProtocolSettings("unified", max_steps=5, width=16)},
    "task": {
        "task": "prediction",
        "predictor": PredictorSettings("markov"),
        "protocol": UnifiedProtocolSettings("unified"),
    },
}


@pytest.mark.parametrize("name", OTHERS)
def test_cells_that_share_a_set_ask_once(
    name: str, live: Live, run: Run, endpoint: Any, written: Any, tmp_path: Path
) -> None:
    server = endpoint(written)
    first = run(live(server.url))
    before = server.calls
    other = live(server.url, **OTHERS[name])
    plan = planned(other, run)
    assert (plan.calls, len(plan.asked)) == (before, 0)
    second = run(other)
    assert second.key != first.key
    assert server.calls == before
    assert len(list(tmp_path.glob("runs/*/result.json"))) == 2


def test_of_other_chunks_those_alone_are_asked_that_are_new(
    live: Live, run: Run, endpoint: Any, written: Any
) -> None:
    server = endpoint(written)
    run(live(server.url))
    before = server.calls
    finer = live(server.url, {"chunk": 3})
    plan = planned(finer, run)
    run(finer)
    assert server.calls - before == len(plan.asked) < plan.calls, "some weekdays fit one chunk either way"


@pytest.mark.parametrize("days", [7, 28])
def test_shifts_are_asked_in_one_call_whatever_the_log(
    days: int, live: Live, run: Run, endpoint: Any, written: Any
) -> None:
    server = endpoint(written)
    home = DatasetSettings("demo", "demo", days=days)
    cell = live(server.url, {"answer": "shifts", "shifted": 40}, dataset=home)
    assert planned(cell, run).calls == 1
    run(cell)
    assert server.calls == 1


def test_a_regime_that_reads_no_set_asks_nothing(live: Live, run: Run, endpoint: Any, written: Any) -> None:
    server = endpoint(written)
    cell = live(server.url, regime="source", stage=StageSettings())
    assert planned(cell, run) is None
    run(cell)
    assert server.calls == 0
