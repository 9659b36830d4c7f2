"""The maximal coupling: turn draws from one distribution into draws from another, changing fewest (ours)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from smartgen.adaptation.shares import Shares


class Coupling(NamedTuple):
    """A draw i stays with probability ``keep[i]``, else it is drawn anew from ``excess``.

    Args:
        keep: (n,) probabilities.
        excess: (n,) shares of what comes; all 0 where nothing ever moves.
    """

    keep: Shares
    excess: Shares

    def move(self, value: int, rng: np.random.Generator) -> int:
        """The value itself, or another one."""
        if rng.random() < self.keep[value]:
            return value
        return int(rng.choice(len(self.excess), p=self.excess))


def maximal_coupling(old: Shares, new: Shares) -> Coupling:
    """Keep each value as often as both have it (Levin and Peres, proposition 4.7).

    Example:
        >>> maximal_coupling(np.array([0.8, 0.2, 0.0]), np.array([0.4, 0.4, 0.2])).keep.tolist()
        [0.5, 1.0, 1.0]
    """
    keep = np.divide(np.minimum(new, old), old, out=np.ones_like(old), where=old > 0)
    excess = np.maximum(new - old, 0.0)
    total = excess.sum()
    if total <= 1e-12:  # rounding alone
        return Coupling(np.ones_like(old), np.zeros_like(old))
    return Coupling(keep, excess / total)
