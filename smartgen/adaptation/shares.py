"""How often each device and hour occurs, and how far a difference of two sets is to be followed (ours)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import Sequences

Shares = NDArray[np.float64]


def field_shares(sequences: Sequences, field: int, size: int) -> Shares:
    """(size,) shares of a field's values among all behaviors; they sum to 1.

    Example:
        >>> field_shares(Sequences.from_lists([[0, 2, 1, 9, 0, 3, 0, 8]]), field=2, size=3).tolist()
        [0.5, 0.5, 0.0]
    """
    counts = np.bincount(sequences.values[:, field], minlength=size)
    shares: Shares = counts / counts.sum()
    return shares


def total_variation(one: Shares, other: Shares) -> float:
    """How much mass must move to turn one into the other, 0 to 1.

    Example:
        >>> total_variation(np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.0, 0.5]))
        0.5
    """
    return float(np.abs(one - other).sum() / 2)


def trust(distance: float, noise: float) -> float:
    """How much of a difference is followed: the positive-part James-Stein factor.

    Args:
        distance: between the shares of the old log and of the written set.
        noise: the distance that a written set has where nothing changed.

    Example:
        >>> trust(0.6, noise=0.3), trust(0.2, noise=0.3), trust(0.0, noise=0.0)
        (0.75, 0.0, 0.0)
    """
    if distance <= noise:
        return 0.0
    return 1.0 - (noise / distance) ** 2


def compromise(old: Shares, new: Shares, noise: float) -> tuple[Shares, float]:
    """The shares believed of the new context, between the old log's and the written set's; and the trust.

    Example:
        >>> shares, followed = compromise(np.array([1.0, 0.0]), np.array([0.4, 0.6]), noise=0.3)
        >>> shares.round(3).tolist(), followed
        ([0.55, 0.45], 0.75)
    """
    followed = trust(total_variation(old, new), noise)
    return old + followed * (new - old), followed
