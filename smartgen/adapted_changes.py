"""What changed between the old log and the written set, in words and numbers: the content of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from smartgen.core.types import Sequences
from smartgen.data.logs.log import read_log
from smartgen.data.logs.report import log_report
from smartgen.data.vocabulary import HOURS, Vocabulary
from smartgen.logs_settings import LogsSettings
from smartgen.metrics.changes import Transition, changed_transitions, transition_counts
from smartgen.metrics.distribution import SEPARATOR, clock
from smartgen.pipeline import Pipeline

MOST = 12  # transitions told of each kind
SAMPLES = 12  # written sequences shown
OUTLIERS = 50  # sequences that TOF judged, shown
LOGS = ("source", "synthetic", "target")
BENEFIT = "benefit"


def told_changes(
    pipeline: Pipeline, metrics: Mapping[str, float], counts: Mapping[str, int], why_not: str
) -> dict[str, Any]:
    """JSON's own types: everything that the page and the model card say.

    Args:
        metrics, counts: of the adaptation.
        why_not: why no benefit was measured; empty where it was.
    """
    cell, home = pipeline.cell, pipeline.home
    vocabulary, synthetic = home.vocabulary, pipeline.synthetic
    gained, lost = changed_transitions(pipeline.pieces, synthetic, MOST)
    real = transition_counts(pipeline.split(home.target)) if home.knows_target else None
    return {
        "home": cell.dataset.name,
        "before": cell.transition.before,
        "after": cell.transition.after,
        "regime": cell.regime,
        "synthesizer": cell.synthesizer.name,
        "detector": cell.detector.name,
        "predictor": cell.predictor.name,
        "seed": cell.seed,
        "counts": dict(counts),
        "quality": {name: metrics[name] for name in sorted(metrics) if name.startswith("set_")},
        "devices": _shares(metrics, "device", vocabulary.devices),
        "hours": _shares(metrics, "hour", tuple(clock(bucket) for bucket in range(len(HOURS)))),
        "new_transitions": [_told(one, vocabulary, real) for one in gained],
        "gone_transitions": [_told(one, vocabulary, real) for one in lost],
        "filtered": _filtered(pipeline),
        "rejects": {} if pipeline.live is None else pipeline.live.written.rejects,
        "samples": [_sentence(synthetic, row, vocabulary) for row in range(min(SAMPLES, len(synthetic)))],
        "benefit": _benefit(metrics, why_not),
        **_log(pipeline),
    }


def _log(pipeline: Pipeline) -> dict[str, Any]:
    """The validation report of a home's own log."""
    dataset = pipeline.cell.dataset
    return {"log": log_report(read_log(dataset))} if isinstance(dataset, LogsSettings) else {}


def _shares(metrics: Mapping[str, float], field: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Share of each device or hour in each log; devices that differ most come first, hours in their order."""
    known = [log for log in LOGS if any(name.startswith(f"{field}{SEPARATOR}{log}") for name in metrics)]
    found = {name: [metrics.get(SEPARATOR.join((field, log, name)), 0.0) for log in known] for name in names}
    if field == "device":
        used = [name for name in names if any(found[name])]
        names = tuple(sorted(used, key=lambda name: (min(found[name]) - max(found[name]), name)))
    return {"logs": known, "rows": [[name, *found[name]] for name in names]}


def _told(
    one: Transition, vocabulary: Vocabulary, real: Mapping[tuple[int, int], int] | None
) -> dict[str, Any]:
    first, second = (vocabulary.actions[action] for action in one.pair)
    told: dict[str, Any] = {"first": first, "then": second, "before": one.before, "after": one.after}
    return told if real is None else told | {"real": one.pair in real}


def _filtered(pipeline: Pipeline) -> dict[str, Any]:
    """What TOF judged and why, the strangest first."""
    found = pipeline.filtered
    if found is None:
        return {"stage": pipeline.cell.stage.tof.name, "rows": []}
    outliers, losses = found["outliers"], found["losses"]
    kept = found.get("kept", np.zeros(len(outliers), dtype=bool))
    order = np.argsort(-losses[outliers], kind="stable")[:OUTLIERS]
    rows = [
        {
            "sequence": _sentence(pipeline.written, int(outliers[i]), pipeline.home.vocabulary),
            "loss": float(losses[outliers[i]]),
            "kept": bool(kept[i]),
        }
        for i in order.tolist()
    ]
    return {
        "stage": pipeline.cell.stage.tof.name,
        "bound": float(found["bound"]),
        "outliers": len(outliers),
        "left_out": int(np.sum(~kept)),
        "rows": rows,
    }


def _sentence(sequences: Sequences, row: int, vocabulary: Vocabulary) -> list[str]:
    """A sequence as a person reads it: ``Monday 06-09 light.kitchen:turn_on``."""
    words = []
    for behavior in sequences[row]:
        day, _, _, action = vocabulary.words(behavior)
        words.append(f"{day} {clock(behavior.hour)} {action}")
    return words


def _benefit(metrics: Mapping[str, float], why_not: str) -> dict[str, Any]:
    """Rows of a measure with one value a regime."""
    parts = [name.split(SEPARATOR) for name in metrics if name.startswith(BENEFIT)]
    regimes = list(dict.fromkeys(regime for _, _, regime, _ in parts))
    rows = []
    for task, name in dict.fromkeys((task, name) for _, task, _, name in parts):
        values = [metrics[SEPARATOR.join((BENEFIT, task, regime, name))] for regime in regimes]
        rows.append({"task": task, "name": name, "values": values})
    return {"regimes": regimes, "rows": rows, "why": why_not}
