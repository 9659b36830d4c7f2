"""Detection metrics of many resamples at once: each case counts as often as it was drawn.

A case is a normal sequence and the attack made from it; both are drawn together. Where a resample makes a
metric undefined (nothing drawn), it is NaN.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
CHUNK = 100  # resamples at a time, which bounds the memory


def resampled_auroc(normal: Scores, attack: Scores, weights: NDArray[np.number]) -> Scores:
    """(resamples,) probabilities that a drawn attack scores above a drawn normal, ties counting half.

    Args:
        normal, attack: (n,) scores.
        weights: (resamples, n) how often each case was drawn.

    Example:
        >>> resampled_auroc(np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([[1, 1], [2, 0]])).tolist()
        [0.875, 1.0]
    """
    order = np.argsort(normal, kind="stable")
    left = np.searchsorted(normal[order], attack, side="left")
    right = np.searchsorted(normal[order], attack, side="right")
    parts = []
    for some in _chunks(weights):
        below = _cumulated(some[order])
        beaten = (below[left] + below[right]) / 2
        with np.errstate(invalid="ignore"):
            parts.append((some * beaten).sum(axis=0) / some.sum(axis=0) ** 2)
    return np.concatenate(parts)


def resampled_auprc(normal: Scores, attack: Scores, weights: NDArray[np.number]) -> Scores:
    """(resamples,) average precisions; tied scores enter together.

    Example:
        >>> resampled_auprc(np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([[1, 1]])).tolist()
        [0.8333333333333333]
    """
    thresholds = np.unique(attack)
    by_attack, by_normal = np.argsort(attack, kind="stable"), np.argsort(normal, kind="stable")
    first_attack = np.searchsorted(attack[by_attack], thresholds, side="left")
    first_normal = np.searchsorted(normal[by_normal], thresholds, side="left")
    parts = []
    for some in _chunks(weights):
        total = some.sum(axis=0, keepdims=True)
        hits = total - _cumulated(some[by_attack])[first_attack]
        alarms = total - _cumulated(some[by_normal])[first_normal]
        gained = hits - np.concatenate([hits[1:], np.zeros_like(total)])
        precision = np.divide(hits, hits + alarms, out=np.zeros_like(hits), where=hits > 0)
        with np.errstate(invalid="ignore"):
            parts.append((gained * precision).sum(axis=0) / total[0])
    return np.concatenate(parts)


def resampled_flags(
    normal: NDArray[np.bool_], attack: NDArray[np.bool_], weights: NDArray[np.number]
) -> dict[str, Scores]:
    """(resamples,) each of precision, recall, F1 and false-positive rate; 0 where nothing is flagged.

    Example:
        >>> one = resampled_flags(np.array([True, False]), np.array([True, True]), np.array([[1, 1]]))
        >>> {name: round(float(found[0]), 3) for name, found in one.items()}
        {'precision': 0.667, 'recall': 1.0, 'f1': 0.8, 'false_positive_rate': 0.5}
    """
    counted = np.stack([np.ones(len(normal)), attack, normal])
    total, hits, alarms = np.concatenate([counted @ some for some in _chunks(weights)], axis=1)
    flagged = hits + alarms
    precision = np.divide(hits, flagged, out=np.zeros_like(hits), where=flagged > 0)
    with np.errstate(invalid="ignore"):
        return {
            "precision": np.where(total > 0, precision, np.nan),
            "recall": hits / total,
            "f1": 2 * hits / (flagged + total),
            "false_positive_rate": alarms / total,
        }


def _chunks(weights: NDArray[np.number]) -> Iterator[Scores]:
    """(n, some resamples) at a time: cases are gathered by rows, which is several times faster."""
    for start in range(0, len(weights), CHUNK):
        yield np.ascontiguousarray(weights[start : start + CHUNK].T, dtype=np.float64)


def _cumulated(weights: Scores) -> Scores:
    """(n + 1, resamples) sums of all before each place."""
    sums = np.zeros((len(weights) + 1, weights.shape[1]))
    np.cumsum(weights, axis=0, out=sums[1:])
    return sums
