"""Jensen-Shannon divergence of counts, of many pairs of windows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CELLS = 2**20  # numbers in work at once
Shares = NDArray[np.float64]
Integers = NDArray[np.int64]


def divergences(counts: Integers, chosen: Integers, rng: np.random.Generator | None = None) -> Shares:
    """(rows,) squared Jensen-Shannon distances between chosen days and all others; 0 where one has nothing.

    Args:
        counts: (days, c) occurrences.
        chosen: (rows, latest) days of one side.
        rng: draws, of chosen days that hold more than those of the first row, as many as these hold: the
            fewer, the farther by chance alone. None: all that they hold.

    Example:
        >>> divergences(np.array([[2, 0], [0, 2], [0, 3]]), np.array([[0], [1]])).round(2).tolist()
        [1.0, 0.24]
    """
    whole, block = counts.sum(axis=0), max(CELLS // max(counts.shape[1], 1), 1)
    most = int(counts[chosen[0]].sum())
    found = np.zeros(len(chosen))
    for start in range(0, len(chosen), block):
        rows = chosen[start : start + block]
        latest = np.zeros((len(rows), counts.shape[1]), dtype=np.int64)
        for days in rows.T:
            latest += counts[days]
        before = shares_of(whole - latest)
        if rng is not None:
            latest = thinned(latest, most, rng)
        found[start : start + block] = parts_of(before, shares_of(latest)).sum(axis=1)
    return found


def thinned(counts: Integers, most: int, rng: np.random.Generator) -> Integers:
    """(rows, c) counts of ``most`` occurrences drawn from each row; of a row that has no more, all.

    Example:
        >>> thinned(np.array([[1, 2], [60, 40]]), 50, np.random.default_rng(0)).sum(axis=1).tolist()
        [3, 50]
    """
    rest = counts.sum(axis=1)
    left, found = np.minimum(rest, most), np.zeros_like(counts)
    # Multivariate hypergeometric, a category at a time.
    for place in np.flatnonzero(counts.any(axis=0)).tolist():
        held = counts[:, place]
        rest = rest - held
        some = held > 0
        found[some, place] = rng.hypergeometric(held[some], rest[some], left[some])
        left = left - found[:, place]
    return found


def shares_of(counts: Integers) -> Shares:
    """Along the last axis; zeros of nothing."""
    shares: Shares = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
    return shares


def parts_of(before: Shares, after: Shares) -> Shares:
    """What each category adds to the Jensen-Shannon divergence in bits; zeros where one side has nothing."""
    middle = (before + after) / 2
    parts: Shares = (_bits(before, middle) + _bits(after, middle)) / 2
    both = before.any(axis=-1, keepdims=True) & after.any(axis=-1, keepdims=True)
    return np.where(both, parts, 0.0)


def _bits(shares: Shares, middle: Shares) -> Shares:
    ratio = np.divide(shares, middle, out=np.ones_like(shares), where=shares > 0)
    bits: Shares = shares * np.log2(ratio)
    return bits
