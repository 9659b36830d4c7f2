"""Detection metrics, pure functions. Positive means attack (paper equations 24-25)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Confusion:
    """Counts of flagged and unflagged attacks and normals."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int


def confusion(normal_flags: NDArray[np.bool_], attack_flags: NDArray[np.bool_]) -> Confusion:
    """Count what was flagged.

    Example:
        >>> confusion(np.array([True, False, False]), np.array([True, True]))
        Confusion(true_positives=2, false_positives=1, false_negatives=0, true_negatives=2)
    """
    hits, alarms = int(attack_flags.sum()), int(normal_flags.sum())
    return Confusion(hits, alarms, len(attack_flags) - hits, len(normal_flags) - alarms)


def precision_recall_f1(counts: Confusion) -> tuple[float, float, float]:
    """Precision, recall, F1; each is 0 where its denominator is (scikit-learn's default, and the release's).

    Example:
        >>> precision_recall_f1(Confusion(6, 2, 0, 4))
        (0.75, 1.0, 0.8571428571428571)
    """
    tp, fp, fn = counts.true_positives, counts.false_positives, counts.false_negatives
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    f1 = 2 * tp / (2 * tp + fp + fn) if tp else 0.0
    return precision, recall, f1


def false_positive_rate(counts: Confusion) -> float:
    """Share of normals that were flagged; 0 without normals."""
    normals = counts.false_positives + counts.true_negatives
    return counts.false_positives / normals if normals else 0.0


def auroc(normal: Scores, attack: Scores) -> float:
    """Probability that an attack scores above a normal one, ties counting half.

    Args:
        normal: (n,) scores, higher is more anomalous.
        attack: (m,) scores.

    Example:
        >>> auroc(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
        0.875
    """
    if not len(normal) or not len(attack):
        return float("nan")
    below = np.searchsorted(ordered := np.sort(normal), attack, side="left")
    up_to = np.searchsorted(ordered, attack, side="right")
    return float((below + up_to).sum() / (2 * len(normal) * len(attack)))


def auprc(normal: Scores, attack: Scores) -> float:
    """Average precision: the area below the precision-recall steps; tied scores enter together.

    Example:
        >>> auprc(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
        0.8333333333333333
    """
    if not len(normal) or not len(attack):
        return float("nan")
    thresholds = np.unique(attack)[::-1]
    hits = len(attack) - np.searchsorted(np.sort(attack), thresholds, side="left")
    alarms = len(normal) - np.searchsorted(np.sort(normal), thresholds, side="left")
    gained = np.diff(hits, prepend=0) / len(attack)
    return float((gained * hits / (hits + alarms)).sum())
