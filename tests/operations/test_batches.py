"""Forward passes: networks are trained and asked in batches, never row by row, no more often than told."""

import math
from dataclasses import replace

import pytest

from smartgen.config import compose_cell
from smartgen.core.registry import load
from smartgen.detectors import REGISTRY as DETECTORS
from smartgen.nets.windowed import Windowed
from smartgen.predictors import REGISTRY as PREDICTORS
from smartgen.training import hidden, next_action, windows
from smartgen.training.lightning.hidden import HiddenBehaviors
from smartgen.training.lightning.next_action import NextBehavior
from smartgen.training.lightning.windows import NextAction

WINDOWED = ("lstm", "fpmc", "carnn", "caser", "siar")
STEPS, CHECK = 20, 5


@pytest.mark.parametrize("name", WINDOWED)
def test_windowed_predictors_train_and_rank_in_batches(name, home, calls, toy_vocabulary, monkeypatch):
    monkeypatch.setattr(windows, "SCORE_BATCH", 64)
    cell = compose_cell("task=prediction", f"predictor={name}", "trainer.accelerator=cpu")
    settings = replace(cell.predictor, epochs=2, batch_size=32, width=8)
    predictor = load(PREDICTORS, name, "name")(toy_vocabulary, settings, None, cell.trainer, 1)
    rows, held = home(100, length=10), home(40, length=10)
    with calls(NextAction, "training_step") as steps:
        predictor.fit([rows], [held])
    assert steps["training_step"] == 2 * math.ceil(100 / 32)
    with calls(type(predictor.network), "forward") as passes:
        predictor.score(home(200, length=9))
    assert passes["forward"] <= math.ceil(200 / 64)


@pytest.mark.parametrize("name", WINDOWED)
def test_under_a_budget_steps_and_checks_are_bounded(name, home, calls, toy_vocabulary, monkeypatch):
    monkeypatch.setattr(next_action, "SCORE_BATCH", 64)
    budget = ("protocol=unified", f"protocol.max_steps={STEPS}", f"protocol.check_every={CHECK}")
    cell = compose_cell("task=prediction", f"predictor={name}", *budget, "trainer.accelerator=cpu")
    protocol = replace(cell.protocol, width=8)
    settings = replace(cell.predictor, unified_width=8)
    predictor = load(PREDICTORS, name, "name")(toy_vocabulary, settings, protocol, cell.trainer, 1)
    with calls(NextBehavior, "training_step") as steps, calls(NextBehavior, "validation_step") as checks:
        predictor.fit([home(300)], [home(30)])
    assert steps["training_step"] == STEPS, "whatever the set's size"
    assert checks["validation_step"] == STEPS // CHECK
    distinct = home(100)
    with calls(Windowed, "forward") as passes:
        predictor.score(distinct)
    assert passes["forward"] == math.ceil(100 / 64)
    with calls(Windowed, "forward") as passes:
        predictor.score(home(100, copies=5))
    assert passes["forward"] == math.ceil(100 / 64), "equal histories are ranked once"


@pytest.mark.parametrize("name", ["transae", "autoencoder", "argus"])
def test_detectors_under_a_budget(name, home, calls, flops, toy_vocabulary, monkeypatch):
    monkeypatch.setattr(hidden, "SCORE_BATCH", 64)
    budget = ("protocol=unified", f"protocol.max_steps={STEPS}", f"protocol.check_every={CHECK}")
    cell = compose_cell(f"detector={name}", *budget, "trainer.accelerator=cpu")
    protocol = replace(cell.protocol, width=8)
    detector = load(DETECTORS, name, "name")(toy_vocabulary, cell.detector, protocol, None, cell.trainer, 1)
    with (
        calls(HiddenBehaviors, "training_step") as steps,
        calls(HiddenBehaviors, "validation_step") as checks,
    ):
        detector.fit([home(300)], [home(30)])
    assert (steps["training_step"], checks["validation_step"]) == (STEPS, STEPS // CHECK)
    once = flops(lambda: detector.score(home(100)))
    assert flops(lambda: detector.score(home(100, copies=5))) == once > 0
    assert flops(lambda: detector.score(home(200))) == 2 * once
