"""Protocol unified: the budget's steps and no more, held-out parts once a check, test sequences once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from smartgen.core.registry import load
from smartgen.core.types import Sequences
from smartgen.data.attacks.unified import KINDS, AttackContext
from smartgen.data.demo.simulate import simulate
from smartgen.data.histories import cases, usable
from smartgen.data.padding import padded
from smartgen.data.vocabulary import Vocabulary
from smartgen.detectors import REGISTRY as DETECTORS
from smartgen.nets.sasrec import BehaviorSASRec
from smartgen.nets.windowed import Windowed
from smartgen.predictors import REGISTRY as PREDICTORS
from smartgen.protocols.pools import folds
from smartgen.protocols.trainings import TrainingRules
from smartgen.protocols.unified import Rules, detect
from smartgen.protocols.unified_prediction import Pools, predict
from smartgen.settings import (
    ArgusSettings,
    AutoencoderDetectorSettings,
    NeuralDetectorSettings,
    PredictorSettings,
    SasrecSettings,
    TrainerSettings,
    TransAESettings,
    UnifiedProtocolSettings,
    WindowPredictorSettings,
)
from smartgen.training.hidden import hidden_losses

CPU = TrainerSettings(accelerator="cpu")
BUDGET = UnifiedProtocolSettings("unified", max_steps=20, check_every=5, batch_size=8, width=16)
CHECKS = 4
PREDICTOR_SETTINGS: dict[str, PredictorSettings] = {
    "lstm": WindowPredictorSettings("lstm", width=8),
    "sasrec": SasrecSettings("sasrec", dropout=0.0),
}
DETECTOR_SETTINGS: dict[str, NeuralDetectorSettings] = {
    "transae": TransAESettings("transae", heads=2, layers=1),
    "autoencoder": AutoencoderDetectorSettings("autoencoder"),
    "argus": ArgusSettings("argus"),
}
# Trainings over both folds, and sets in each.
REGIMES = pytest.mark.parametrize(
    ("regime", "trainings", "sets"), [("source", 1, 1), ("mixed", 1, 2), ("oracle", 2, 1)]
)


@pytest.fixture(scope="module")
def pools(vocabulary: Vocabulary, pieces: Sequences) -> Pools:
    """Two weeks of the demo home before and after a change; the first half of the pieces is "written"."""
    source, target = (simulate(context, 2024, 14) for context in ("winter", "spring"))
    return Pools(vocabulary, source, target, pieces[: len(pieces) // 2])


# Prediction


def foretold(counting: Any, name: str, regime: str, pools: Pools) -> tuple[Any, list[Any], list[Any]]:
    """Passes, the predictors that were made, and what each was fitted on: sets, and what was held out."""
    made: list[Any] = []
    fitted: list[Any] = []

    def make() -> Any:
        settings = PREDICTOR_SETTINGS[name]
        model = load(PREDICTORS, name, "predictor")(pools.vocabulary, settings, BUDGET, CPU, 1, None)
        fit = model.fit
        model.fit = lambda train, held: (fitted.append((train, held)), fit(train, held))
        made.append(model)
        return model

    rules = TrainingRules(0.2, "balanced", 1)
    with counting.passes() as found:
        predict(make, regime, pools, rules)
    return found, made, fitted


@REGIMES
@pytest.mark.parametrize("name", PREDICTOR_SETTINGS)
def test_predictors_keep_to_the_budget(
    name: str, regime: str, trainings: int, sets: int, counting: Any, pools: Pools
) -> None:
    found, made, fitted = foretold(counting, name, regime, pools)
    calls = found.of(Windowed, BehaviorSASRec)
    assert len(made) == calls.modules == trainings
    assert len(calls.steps) == trainings * BUDGET.max_steps
    assert calls.steps.rows == len(calls.steps) * BUDGET.batch_size
    held = [one for _, parts in fitted for one in parts]
    assert len(held) == trainings * sets
    # Beside the checks, each fold is scored in one pass.
    assert len(calls.scoring) == CHECKS * len(held) + 2
    expected = CHECKS * sum(len(one.distinct()) for one in held)
    assert calls.scoring.rows == expected + distinct_histories(name, made, pools)


def distinct_histories(name: str, made: list[Any], pools: Pools) -> int:
    """Of both folds: what differs in the behaviors that the fold's predictor reads."""
    count = 0
    for number, fold in enumerate(folds(pools.target, pools.vocabulary)):
        longest = 9 if name == "lstm" else made[min(number, len(made) - 1)].trained
        histories = cases(usable(fold.test)).histories
        count += len({history[-longest:] for history in histories})
    return count


def test_a_windowed_predictor_computes_each_distinct_window_once(counting: Any, pools: Pools) -> None:
    found, made, _ = foretold(counting, "lstm", "source", pools)
    wanted = []
    for fold in folds(pools.target, pools.vocabulary):
        histories = cases(usable(fold.test)).histories
        wanted.append(len({tuple(behavior.action for behavior in one[-9:]) for one in histories}))
    inner = found.of(made[0].network.network)
    assert [x.rows for x in inner[-2:]] == wanted
    # In training and checks, too: no more windows than there are different ones in the batch.
    for call, outer in zip(inner, found.of(Windowed), strict=True):
        assert call.rows <= int(outer.given[1].sum())
        assert call.rows == len(call.given[0].unique(dim=0))


# Detection


def detected(counting: Any, monkeypatch: Any, name: str, regime: str, pools: Pools) -> tuple[Any, Any, Any]:
    """Passes, calls of what scores, and the held-out sets of each training."""
    held: list[Any] = []

    def make() -> Any:
        settings = DETECTOR_SETTINGS[name]
        model = load(DETECTORS, name, "detector")(pools.vocabulary, settings, BUDGET, None, CPU, 1, None)
        fit = model.fit
        model.fit = lambda train, apart: (held.append(apart), fit(train, apart))
        return model

    context = AttackContext(pools.vocabulary, pools.source, pools.target)
    places = {
        "checks": "smartgen.training.hidden.hidden_losses",
        "scores": "smartgen.training.detector.hidden_losses",
    }
    with counting.passes() as found, counting.counted(monkeypatch, **places) as calls:
        detect(make, regime, context, pools.synthetic, Rules(0.2, "balanced", 1))
    return found, calls, held


@REGIMES
@pytest.mark.parametrize("name", DETECTOR_SETTINGS)
def test_detectors_keep_to_the_budget(
    name: str, regime: str, trainings: int, sets: int, counting: Any, pools: Pools, monkeypatch: Any
) -> None:
    found, calls, held = detected(counting, monkeypatch, name, regime, pools)
    networks = {id(x.module): x for x in found if hasattr(x.module, "embeddings")}
    passes = found.of(*(x.module for x in networks.values()))
    assert len(networks) == len(held) == trainings
    assert len(passes.steps) == trainings * BUDGET.max_steps
    assert passes.steps.rows == len(passes.steps) * BUDGET.batch_size
    assert calls["checks"] == trainings * sets * CHECKS
    # For a threshold each held-out set once; in each fold the test half once, and each kind of attack.
    assert calls["scores"] == trainings * sets + 2 * (1 + len(KINDS))
    # Demo sets fit one batch of scoring, so that a call is a pass.
    assert len(passes.scoring) == calls["checks"] + calls["scores"]
    of_held = sum(amount(name, one.distinct()) for parts in held for one in parts)
    of_tests = sum(amount(name, fold.test) for fold in folds(pools.target, pools.vocabulary))
    rest = passes.scoring.rows - (CHECKS + 1) * of_held - of_tests
    assert 0 < rest <= of_tests * len(KINDS), "attacks are no more than what they are made of"


def amount(name: str, sequences: Sequences) -> int:
    """Rows that scoring takes: one a behavior where each is hidden in turn, else one a sequence."""
    return len(sequences.values) if name == "transae" else len(sequences)


def test_hidden_losses_take_one_row_a_behavior_of_each_distinct_sequence(
    counting: Any, vocabulary: Vocabulary, pieces: Sequences
) -> None:
    settings = DETECTOR_SETTINGS["transae"]
    model = load(DETECTORS, "transae", "detector")(vocabulary, settings, BUDGET, None, CPU, 1, None)
    model.fit([pieces], [pieces])
    raw = simulate("winter", 2024, 90)
    many = Sequences.concatenate([raw, raw, raw])
    with counting.passes() as found:
        hidden_losses(model.network, padded(many, vocabulary.pad), masked=True)
    calls = found.of(model.network)
    places = len(raw.distinct().values)
    assert calls.rows == places
    assert len(calls) == math.ceil(places / 1024) > 1
    # What a hidden behavior's row computes: every real behavior of it, no pads.
    lengths = raw.distinct().lengths
    outputs = found.of(*model.network.outputs)
    assert outputs.places == 4 * places
    inner = found.of(*(layer.linear1 for layer in model.network.autoencoder.encoder.layers))
    assert inner.places == int((lengths**2).sum())


def test_without_masks_every_behavior_is_scored_in_one_row_of_its_sequence(
    counting: Any, pools: Pools, vocabulary: Vocabulary
) -> None:
    settings = DETECTOR_SETTINGS["autoencoder"]
    model = load(DETECTORS, "autoencoder", "detector")(vocabulary, settings, BUDGET, None, CPU, 1, None)
    model.fit([pools.source], [pools.source])
    with counting.passes() as found:
        hidden_losses(model.network, padded(pools.source, vocabulary.pad), masked=False)
    assert found.of(model.network).rows == len(np.unique(padded(pools.source, vocabulary.pad), axis=0))
    assert found.of(*model.network.embeddings).scoring.rows == 4 * found.of(model.network).rows
