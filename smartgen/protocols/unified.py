"""protocol=unified, detection: every regime is trained, thresholded and tested alike (ours).

Both halves of the target sequences test in turn; each distinct sequence counts once; a figure over ``all``
test sequences stands beside one over the ``novel`` ones, which no training pool holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.seeds import generator
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.types import Sequences
from smartgen.data.attacks.unified import KINDS, AttackContext, attack
from smartgen.metrics.detection import (
    auprc,
    auroc,
    confusion,
    false_positive_rate,
    precision_recall_f1,
)
from smartgen.protocols.pools import Fold, folds, hold_out, is_novel, training_sets
from smartgen.stages.tss import split_sequences

REGIMES = ("source", "synthetic", "oracle")


class Detector(Protocol):
    """A detector that sees a held-out part while it trains."""

    best_step: int

    def fit(self, train: Sequences, held_out: Sequences) -> object:
        """Train from scratch."""

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n,) scores, higher is more anomalous."""


@dataclass(frozen=True)
class Rules:
    """The few numbers of the protocol; see conf/protocol/unified.yaml."""

    percentile: float
    held_out: float
    seed: int


@dataclass
class _Scored:
    """Scores and flags of one kind's attacks and of the normals that they come from, over both folds."""

    normal: list[NDArray[np.float64]] = field(default_factory=list)
    attack: list[NDArray[np.float64]] = field(default_factory=list)
    normal_flags: list[NDArray[np.bool_]] = field(default_factory=list)
    attack_flags: list[NDArray[np.bool_]] = field(default_factory=list)
    novel: list[NDArray[np.bool_]] = field(default_factory=list)


def detect(
    make: Callable[[], Detector],
    regime: str,
    context: AttackContext,
    synthetic: Sequences,
    rules: Rules,
    watch: Stopwatch | None = None,
) -> tuple[dict[str, float], dict[str, int]]:
    """Metrics and counts of one regime over both folds.

    A detector that sees no target data is trained once, in fold 0, and tested on both halves.

    Args:
        make: gives a fresh detector.
        regime: source, synthetic or oracle: what the detector is trained on.
        context: vocabulary and raw sequences of both contexts.
        synthetic: the cell's synthetic set; all regimes need it, to tell which test sequences are novel.
        watch: gets the seconds of ``train`` and ``score``.

    Raises:
        SmartgenError: an unknown regime, or target sequences too few for two halves.
    """
    if regime not in REGIMES:
        raise SmartgenError(
            f"regime is {regime!r}, expected one of {', '.join(REGIMES)} under protocol=unified"
        )
    if len(context.target) < 4:
        raise SmartgenError(f"the target context has {len(context.target)} sequences, expected at least 4")
    watch = watch or Stopwatch()
    source = split_sequences(context.source, context.vocabulary)
    halves = folds(context.target, context.vocabulary)
    real = Sequences.concatenate([half.oracle for half in halves])
    scored: dict[str, _Scored] = {kind: _Scored() for kind in KINDS}
    counts: dict[str, int] = {}
    thresholds: dict[str, float] = {}
    fitted: tuple[Detector, float] | None = None
    for number, fold in enumerate(halves):
        if fitted is None or regime == "oracle":
            (pool,) = training_sets(regime, source, synthetic, fold.oracle)
            with watch.measure("train"):
                fitted = _fit(make(), pool, rules, number, counts)
            thresholds[f"threshold_fold_{number}"] = fitted[1]
        novel = is_novel(fold.test, [fold.oracle, source, synthetic])
        counts |= {f"test_fold_{number}": len(fold.test), f"novel_fold_{number}": int(novel.sum())}
        with watch.measure("score"):
            _score_fold(fitted, fold, novel, real, context, rules, number, scored, counts)
    return _metrics(scored) | thresholds, counts


def _fit(
    detector: Detector, pool: Sequences, rules: Rules, fold: int, counts: dict[str, int]
) -> tuple[Detector, float]:
    """A trained detector and its threshold, a percentile of the held-out scores."""
    train, held = hold_out(pool, rules.held_out, generator(rules.seed, "held out", fold))
    if not len(train) or not len(held):
        raise SmartgenError(f"{len(pool)} training sequences are too few, expected two distinct ones or more")
    detector.fit(train, held)
    sizes = {"train": len(train), "held_out": len(held), "best_step": detector.best_step}
    counts.update({f"{name}_fold_{fold}": size for name, size in sizes.items()})
    return detector, float(np.percentile(detector.score(held), rules.percentile))


def _score_fold(
    fitted: tuple[Detector, float],
    fold: Fold,
    novel: NDArray[np.bool_],
    real: Sequences,
    context: AttackContext,
    rules: Rules,
    number: int,
    scored: Mapping[str, _Scored],
    counts: dict[str, int],
) -> None:
    """Score one test half and its attacks of every kind; a score above the threshold flags."""
    detector, threshold = fitted
    normal = detector.score(fold.test)
    for kind, into in scored.items():
        made = attack(kind, fold.test, real, context, generator(rules.seed, "attack", kind, number))
        counts[f"{kind}_kept"] = counts.get(f"{kind}_kept", 0) + len(made.kept)
        counts[f"{kind}_dropped"] = counts.get(f"{kind}_dropped", 0) + made.dropped
        if not len(made.kept):
            continue
        attacked = detector.score(made.sequences)
        into.normal.append(normal[made.kept])
        into.attack.append(attacked)
        into.normal_flags.append(normal[made.kept] > threshold)
        into.attack_flags.append(attacked > threshold)
        into.novel.append(novel[made.kept])


def _metrics(scored: Mapping[str, _Scored]) -> dict[str, float]:
    """Each metric for each kind that the home allows, and its plain mean over kinds, all and novel."""
    metrics: dict[str, float] = {}
    for suffix in ("", "_novel"):
        rows = {kind: _of(one, bool(suffix)) for kind, one in scored.items() if one.normal}
        rows = {kind: row for kind, row in rows.items() if row}
        for kind, row in rows.items():
            metrics |= {f"{kind}_{name}{suffix}": value for name, value in row.items()}
        for name in next(iter(rows.values()), {}):
            metrics[f"{name}{suffix}"] = float(np.mean([row[name] for row in rows.values()]))
    return metrics


def _of(one: _Scored, only_novel: bool) -> dict[str, float]:
    """The metrics of one kind; empty where no sequence is novel."""
    chosen = np.concatenate(one.novel) if only_novel else slice(None)
    normal, attacked = np.concatenate(one.normal)[chosen], np.concatenate(one.attack)[chosen]
    if not len(normal):
        return {}
    counts = confusion(np.concatenate(one.normal_flags)[chosen], np.concatenate(one.attack_flags)[chosen])
    precision, recall, f1 = precision_recall_f1(counts)
    return {
        "auroc": auroc(normal, attacked),
        "auprc": auprc(normal, attacked),
        "f1": f1,
        "precision": precision,
        "recall": recall,
        "false_positive_rate": false_positive_rate(counts),
    }
