"""Bootstrap over clusters: how far a mean could lie elsewhere had other sequences been tested."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
LEVEL = 0.95


def resampled_means(
    values: NDArray[np.float64],
    clusters: NDArray[np.generic],
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> NDArray[np.float64]:
    """(resamples, columns) means over cases when whole clusters are drawn with replacement.

    Columns of one call share their draws, so that the difference of two is a paired one.

    Args:
        values: (cases, columns).
        clusters: (cases,) what moves as one; equal values are one cluster.

    Example:
        >>> means = resampled_means(np.ones((3, 2)), np.array([1, 1, 2]), np.random.default_rng(0), 4)
        >>> means.tolist()
        [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    """
    kinds, which, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    sums = np.zeros((len(kinds), values.shape[1]))
    np.add.at(sums, which, values)
    drawn = cluster_draws(len(kinds), rng, resamples)
    means: NDArray[np.float64] = (drawn @ sums) / (drawn @ sizes)[:, None]
    return means


def cluster_draws(count: int, rng: np.random.Generator, resamples: int = RESAMPLES) -> NDArray[np.int64]:
    """(resamples, count) how often each cluster is drawn; as many are drawn as there are, with replacement.

    Example:
        >>> cluster_draws(5, np.random.default_rng(0), 3).sum(axis=1).tolist()
        [5, 5, 5]
    """
    drawn: NDArray[np.int64] = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    return drawn


def interval(means: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float]:
    """The middle part of resampled means, or of differences of them; NaN, an undefined one, does not count.

    Example:
        >>> interval(np.arange(101.0), level=0.5)
        (25.0, 75.0)
    """
    known = means[~np.isnan(means)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def known_mean(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """(columns,) means of what is known in each column of (rows, columns); NaN where nothing is.

    Example:
        >>> known_mean(np.array([[1.0, 2.0, np.nan], [3.0, np.nan, np.nan]])).tolist()
        [2.0, 2.0, nan]
    """
    known = ~np.isnan(rows)
    sums, counts = np.where(known, rows, 0.0).sum(axis=0), known.sum(axis=0)
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return means
