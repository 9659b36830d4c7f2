"""protocol=unified, detection: every detector and regime is trained, thresholded and tested alike (ours).

Both halves of the target sequences test in turn; each distinct sequence counts once; a figure over ``all``
test sequences stands beside one over the ``novel`` ones, which no training pool holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from smartgen.core.seeds import generator
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.types import FIELDS, Sequences
from smartgen.data.attacks.unified import KINDS, AttackContext, attack
from smartgen.data.histories import content_hashes
from smartgen.metrics.detection import (
    auprc,
    auroc,
    confusion,
    false_positive_rate,
    precision_recall_f1,
)
from smartgen.protocols.committee import DetectorCommittee
from smartgen.protocols.pools import Fold, folds, is_novel
from smartgen.protocols.thresholds import Threshold, percentile
from smartgen.protocols.trainings import (
    SEES_TARGET,
    Training,
    TrainingRules,
    check_regime,
    expert_metrics,
    fit_training,
    model_name,
    sees_target,
    trainings,
)
from smartgen.stages.tss import split_sequences

Arrays = dict[str, NDArray[Any]]
Scores = NDArray[np.float64]


class Scorer(Protocol):
    """A detector, or a committee of them, that needs no more training."""

    def score(self, sequences: Sequences) -> Scores:
        """(n,) scores, higher is more anomalous."""

    def state(self) -> dict[str, NDArray[Any]]:
        """What was learned, as arrays by name."""


class Detector(Scorer, Protocol):
    """A detector that sees a held-out part while it trains."""

    best_step: int

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> object:
        """Train from scratch on sets that count the same."""


@dataclass(frozen=True)
class Rules(TrainingRules):
    """The few choices of the protocol; see conf/protocol/unified.yaml.

    Args:
        percentile: of held-out scores, above which a sequence is flagged.
    """

    percentile: float = 95.0


@dataclass(frozen=True)
class Outcome:
    """Metrics, counts, and the single cases behind them, from which reports draw intervals.

    Args:
        cases: arrays of one length, a row an attack: ``kind`` (its place in ``KINDS``), ``sequence`` (a hash
            of the normal's content), ``fold``, ``novel``, ``normal``, ``attack`` (scores), ``normal_flag``,
            ``attack_flag``; of networks also ``normal_fields`` and ``attack_fields``, (n, 4) parts by field.
        models: what was trained, and where its alarms begin, by ``model_name``.
    """

    metrics: dict[str, float]
    counts: dict[str, int]
    cases: Arrays
    models: dict[str, tuple[Scorer, Threshold]] = field(default_factory=dict)


def detect(
    make: Callable[[], Detector],
    regime: str,
    context: AttackContext,
    synthetic: Sequences,
    rules: Rules,
    watch: Stopwatch | None = None,
) -> Outcome:
    """One regime over both folds; a detector that sees no target data is trained once.

    Args:
        make: gives a fresh detector.
        regime: source, synthetic, mixed, adapted or oracle: what the detector is trained on.
        context: vocabulary and raw sequences of both contexts.
        synthetic: the cell's synthetic set; all regimes need it, to tell which test sequences are novel.
        watch: gets the seconds of ``train`` and ``score``.

    Raises:
        SmartgenError: an unknown regime, or target sequences too few for two halves.
    """
    check_regime(regime, context.target)
    watch = watch or Stopwatch()
    source = split_sequences(context.source, context.vocabulary)
    halves = folds(context.target, context.vocabulary)
    real = Sequences.concatenate([half.oracle for half in halves])
    counts: dict[str, int] = {}
    details: dict[str, float] = {}
    parts: list[Arrays] = []
    fitted: tuple[Scorer, Threshold] | None = None
    models: dict[str, tuple[Scorer, Threshold]] = {}
    for number, fold in enumerate(halves):
        if fitted is None or sees_target(regime, rules):
            if rules.few and regime not in SEES_TARGET:
                counts[f"few_fold_{number}"] = min(rules.few, len(fold.raw))
            with watch.measure("train"):
                wanted = trainings(regime, source, synthetic, fold, context.vocabulary, rules)
                fitted = fit_detector(make, wanted, rules, number, counts)
            models[model_name(regime, rules, number)] = fitted
            details |= {f"threshold_fold_{number}": fitted[1].value} | expert_metrics(wanted)
        novel = is_novel(fold.test, [fold.oracle, source, synthetic])
        counts |= {f"test_fold_{number}": len(fold.test), f"novel_fold_{number}": int(novel.sum())}
        with watch.measure("score"):
            parts += _fold_cases(fitted, fold, number, novel, real, context, rules, counts)
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Outcome(_metrics(found) | details, counts, found, models)


def fit_detector(
    make: Callable[[], Detector],
    found: Sequence[Training],
    rules: Rules,
    number: int,
    counts: dict[str, int],
) -> tuple[Scorer, Threshold]:
    """What was trained and its threshold, a percentile of the held-out scores; a tie is no alarm."""
    members, held = [], []
    for training in found:
        member, apart = fit_training(make, training, rules, number, counts)
        members.append(member)
        held += apart
    detector: Scorer = members[0]
    if len(members) > 1:
        detector = DetectorCommittee.of(members, [one.weight for one in found], held)
    value = percentile([detector.score(one) for one in held], rules.percentile)
    return detector, Threshold(value, strict=True)


def _fold_cases(
    fitted: tuple[Scorer, Threshold],
    fold: Fold,
    number: int,
    novel: NDArray[np.bool_],
    real: Sequences,
    context: AttackContext,
    rules: Rules,
    counts: dict[str, int],
) -> list[Arrays]:
    """Score one test half and its attacks, one set of arrays a kind."""
    detector, threshold = fitted
    normal, normal_fields = _scored(detector, fold.test)
    hashes = content_hashes(fold.test)
    parts = []
    for place, kind in enumerate(KINDS):
        made = attack(kind, fold.test, real, context, generator(rules.seed, "attack", kind, number))
        counts[f"{kind}_kept"] = counts.get(f"{kind}_kept", 0) + len(made.kept)
        counts[f"{kind}_dropped"] = counts.get(f"{kind}_dropped", 0) + made.dropped
        attacked, attacked_fields = _scored(detector, made.sequences)
        found: Arrays = {
            "kind": np.full(len(made.kept), place, dtype=np.int8),
            "sequence": hashes[made.kept],
            "fold": np.full(len(made.kept), number, dtype=np.int8),
            "novel": novel[made.kept],
            "normal": normal[made.kept],
            "attack": attacked,
            "normal_flag": threshold.flags(normal[made.kept]),
            "attack_flag": threshold.flags(attacked),
        }
        if normal_fields is not None and attacked_fields is not None:
            found |= {"normal_fields": normal_fields[made.kept], "attack_fields": attacked_fields}
        parts.append(found)
    return parts


def _scored(detector: Scorer, sequences: Sequences) -> tuple[Scores, NDArray[np.float32] | None]:
    """Scores, and of networks each field's part of them."""
    fields = getattr(detector, "field_scores", None)
    if not len(sequences):
        return np.zeros(0), None if fields is None else np.zeros((0, len(FIELDS)), dtype=np.float32)
    if fields is None:
        return detector.score(sequences), None
    parts: Scores = fields(sequences)
    return parts.sum(axis=1), parts.astype(np.float32)


def _metrics(found: Arrays) -> dict[str, float]:
    """Each metric for each kind that the home allows, and its plain mean over kinds, all and novel."""
    metrics: dict[str, float] = {}
    for suffix, kept in (("", np.ones(len(found["novel"]), dtype=bool)), ("_novel", found["novel"])):
        rows = {kind: _of(found, kept & (found["kind"] == place)) for place, kind in enumerate(KINDS)}
        rows = {kind: row for kind, row in rows.items() if row}
        for kind, row in rows.items():
            metrics |= {f"{kind}_{name}{suffix}": value for name, value in row.items()}
        for name in next(iter(rows.values()), {}):
            metrics[f"{name}{suffix}"] = float(np.mean([row[name] for row in rows.values()]))
    return metrics


def _of(found: Arrays, kept: NDArray[np.bool_]) -> dict[str, float]:
    """The metrics of some cases; empty where there are none."""
    normal, attacked = found["normal"][kept], found["attack"][kept]
    if not len(normal):
        return {}
    counts = confusion(found["normal_flag"][kept], found["attack_flag"][kept])
    precision, recall, f1 = precision_recall_f1(counts)
    metrics = {
        "auroc": auroc(normal, attacked),
        "auprc": auprc(normal, attacked),
        "f1": f1,
        "precision": precision,
        "recall": recall,
        "false_positive_rate": false_positive_rate(counts),
    }
    if "normal_fields" in found:
        parts = zip(FIELDS, found["normal_fields"][kept].T, found["attack_fields"][kept].T, strict=True)
        metrics |= {f"{field}_part_auroc": auroc(a.astype(float), b.astype(float)) for field, a, b in parts}
    return metrics
