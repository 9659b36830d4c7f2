"""protocol=released, detection: how the authors' code measures the SmartGen column of Table 2.

One field a transition (D20), a percentile set by hand for each cell (D21), the threshold of the occupancy
cells taken from the training data itself (D22), and ``loss >= threshold`` flags a sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.types import Sequences
from smartgen.data.holdout import hold_out as hold_out_fifth
from smartgen.metrics.detection import (
    Confusion,
    auroc,
    confusion,
    false_positive_rate,
    precision_recall_f1,
)


class Detector(Protocol):
    """What a protocol wants of a detector; thresholds are not its job."""

    def fit(self, train: Sequences) -> object:
        """Train from scratch."""

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n,) scores, higher is more anomalous."""


@dataclass(frozen=True)
class DetectionOutcome:
    """What a detector reached: metrics in [0, 1], the threshold in the detector's unit, and counts."""

    metrics: dict[str, float]
    counts: dict[str, int]


def split_synthetic(synthetic: Sequences, hold_out: bool) -> tuple[Sequences, Sequences]:
    """Training and threshold sequences: shuffled with seed 2024 and cut at 80 %, or twice the whole set.

    Args:
        hold_out: false in the occupancy transition, where the release uses everything for both (D22).
    """
    if not hold_out:
        return synthetic, synthetic
    return hold_out_fifth(synthetic)


def detect(
    detector: Detector,
    synthetic: Sequences,
    normal: Sequences,
    attack: Sequences,
    *,
    percentile: float,
    hold_out: bool,
    watch: Stopwatch | None = None,
) -> DetectionOutcome:
    """Train on the synthetic set, set the threshold, score normals and attacks.

    Args:
        percentile: of the threshold sequences' scores, linear between neighbors, 0 to 100.
        watch: gets the seconds of ``train`` and ``score``.

    Raises:
        SmartgenError: a percentile outside 0 to 100, or a set too small to be split.
    """
    if not 0 <= percentile <= 100:
        raise SmartgenError(f"protocol.percentile is {percentile}, expected a number from 0 to 100")
    train, validation = split_synthetic(synthetic, hold_out)
    if not len(train) or not len(validation):
        raise SmartgenError(f"{len(synthetic)} training sequences are too few, expected at least 2")
    watch = watch or Stopwatch()
    with watch.measure("train"):
        detector.fit(train)
    bounds = np.cumsum([len(validation), len(normal)])
    with watch.measure("score"):
        scores = detector.score(Sequences.concatenate([validation, normal, attack]))
    held_out, normal_scores, attack_scores = np.split(scores, bounds)
    threshold = float(np.percentile(held_out, percentile))
    counts = confusion(normal_scores >= threshold, attack_scores >= threshold)
    sizes = {"train": len(train), "validation": len(validation), "normal": len(normal), "attack": len(attack)}
    metrics = _metrics(counts) | {"auroc": auroc(normal_scores, attack_scores), "threshold": threshold}
    return DetectionOutcome(metrics, sizes | vars(counts))


def _metrics(counts: Confusion) -> dict[str, float]:
    precision, recall, f1 = precision_recall_f1(counts)
    rate = false_positive_rate(counts)
    return {"precision": precision, "recall": recall, "f1": f1, "false_positive_rate": rate}
