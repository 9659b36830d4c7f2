"""task=adapt: the models that a home goes on with after a change, and what they were made from (ours).

Nothing real of the new context is needed. Where there is some (``transition.split``), regimes are measured on
it beside each other, as an estimate of what the adaptation is worth.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from smartgen.adapted_changes import told_changes
from smartgen.adapted_files import model_card, synthetic_files
from smartgen.blueprint import Blueprint
from smartgen.core.atomic import json_text
from smartgen.core.seeds import seed_for
from smartgen.data.homes import Home
from smartgen.detection import measure_detection, unified_rules
from smartgen.metrics.distribution import distribution, flat
from smartgen.metrics.synthetic import against_log
from smartgen.pipeline import Pipeline
from smartgen.prediction import measure_prediction, training_rules
from smartgen.protocols.final import final_detector, final_predictor
from smartgen.saved import Trained
from smartgen.settings import UnifiedProtocolSettings

LEAST_REAL = 20  # sequences of two behaviors or more in the new context, to say anything of a benefit
FOLDER = "adapted"
CHANGES = f"{FOLDER}/changes.json"
MEASURED = {"detection": ("auroc", "f1", "false_positive_rate"), "prediction": ("hr@1", "hr@10", "ndcg@10")}


@dataclass(frozen=True)
class Adapted:
    """What came of it.

    Args:
        metrics: of the written set and of its sources; ``benefit/detection/source/auroc`` and the like.
        counts: sizes.
        models: ``detector`` and ``predictor``.
        files: beside the record, by name.
    """

    metrics: dict[str, float]
    counts: dict[str, int]
    models: list[Trained]
    files: dict[str, bytes]


def adapt(pipeline: Pipeline, logger: Any) -> Adapted:
    """Train both models, measure what can be measured, and tell what changed.

    Raises:
        SmartgenError: too few sequences to train on.
    """
    cell, home = pipeline.cell, pipeline.home
    counts = dict(pipeline.counts) | {"source": len(pipeline.pieces)}
    models = [*_detector(pipeline, logger, counts), *_predictor(pipeline, logger, counts)]
    metrics = _distributions(pipeline) | _quality(pipeline)
    benefit, why = _benefit(pipeline, logger)
    metrics |= benefit
    changes = told_changes(pipeline, metrics, counts, why)
    files = synthetic_files(pipeline.synthetic, home.vocabulary, f"{FOLDER}/synthetic")
    files[CHANGES] = json_text(changes).encode()
    files["models/README.md"] = model_card(cell, models, changes).encode()
    return Adapted(metrics, counts, models, files)


def _detector(pipeline: Pipeline, logger: Any, counts: dict[str, int]) -> list[Trained]:
    cell, vocabulary = pipeline.cell, pipeline.home.vocabulary
    blueprint = _blueprint(pipeline, "detector", cell.detector.name)
    with pipeline.watch.measure("train"):
        model, threshold = final_detector(
            _maker(blueprint, logger),
            cell.regime,
            pipeline.pieces,
            pipeline.synthetic,
            vocabulary,
            unified_rules(cell, _protocol(pipeline)),
            counts,
        )
    return [Trained("detector", model, blueprint, threshold)]


def _predictor(pipeline: Pipeline, logger: Any, counts: dict[str, int]) -> list[Trained]:
    cell, vocabulary = pipeline.cell, pipeline.home.vocabulary
    blueprint = _blueprint(pipeline, "predictor", cell.predictor.name)
    with pipeline.watch.measure("train"):
        model = final_predictor(
            _maker(blueprint, logger),
            cell.regime,
            pipeline.pieces,
            pipeline.synthetic,
            vocabulary,
            training_rules(cell, _protocol(pipeline)),
            counts,
        )
    return [Trained("predictor", model, blueprint)]


def _maker(blueprint: Blueprint, logger: Any) -> Callable[[], Any]:
    return lambda: blueprint.make(logger)


def _blueprint(pipeline: Pipeline, kind: str, name: str) -> Blueprint:
    """Seeded by names as the cells that measure are, so that the models are equal to theirs."""
    cell = pipeline.cell
    seed = seed_for(cell.seed, "train", cell.dataset.name, cell.transition.name, name, cell.regime)
    settings = cell.detector if kind == "detector" else cell.predictor
    return Blueprint(kind, pipeline.home.vocabulary, settings, seed, cell.trainer, _protocol(pipeline))


def _protocol(pipeline: Pipeline) -> UnifiedProtocolSettings:
    return cast(UnifiedProtocolSettings, pipeline.cell.protocol)  # checked before


def _distributions(pipeline: Pipeline) -> dict[str, float]:
    """Shares of devices and hours in the old log, the written set, and real new sequences if any."""
    home, logs = pipeline.home, {"source": pipeline.pieces, "synthetic": pipeline.synthetic}
    if home.knows_target:
        logs["target"] = pipeline.split(home.target)
    return flat({name: distribution(log, home.vocabulary) for name, log in logs.items()})


def _quality(pipeline: Pipeline) -> dict[str, float]:
    if pipeline.home.knows_target:
        return pipeline.quality
    found = against_log(pipeline.synthetic, pipeline.pieces, pipeline.home.vocabulary)
    return {f"set_{name}": value for name, value in found.items()}


def _benefit(pipeline: Pipeline, logger: Any) -> tuple[dict[str, float], str]:
    """Stale, adapted and oracle models on real new sequences; or why there is nothing to tell."""
    if why := _too_little(pipeline.home):
        return {}, why
    found: dict[str, float] = {}
    tasks = {"detection": measure_detection, "prediction": measure_prediction}
    for regime in dict.fromkeys(("source", pipeline.cell.regime, "oracle")):
        for task, measure in tasks.items():
            one = copy.copy(pipeline)  # what its stages gave stays
            one.cell = replace(pipeline.cell, task=task, regime=regime)
            metrics = measure(one, logger)[0]
            found |= {
                f"benefit/{task}/{regime}/{name}": metrics[name] for name in MEASURED[task] if name in metrics
            }
    return found, ""


def _too_little(home: Home) -> str:
    if not home.knows_target:
        return (
            "the log holds nothing of the new context yet; with transition.split it is measured what "
            "the adaptation is worth"
        )
    long = int(np.sum(home.target.lengths >= 2))
    if long < LEAST_REAL:
        return (
            f"the new context has {long} sequences of two behaviors or more, too few to measure on "
            f"({LEAST_REAL})"
        )
    return ""
