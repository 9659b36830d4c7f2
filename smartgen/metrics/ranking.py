"""Ranking metrics, pure functions: HR@k, NDCG@k (paper equations 26-27) and MRR, with ties decided by name.

One wanted candidate a case. Scores that tie with it leave its rank open: ``optimistic`` puts it first among
them (release), ``pessimistic`` last, and ``expected`` gives the mean over every order of the ties (ours).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

Ties = Literal["optimistic", "expected", "pessimistic"]
Values = NDArray[np.float64]
Integers = NDArray[np.int64]


class Ranks(NamedTuple):
    """Where the wanted candidate of each case stands.

    Args:
        above: (n,) candidates that score strictly higher.
        tied: (n,) candidates that score the same, itself included, so at least 1.
    """

    above: Integers
    tied: Integers

    def decided(self, ties: Ties) -> Ranks:
        """The same with ties put first or last; ``expected`` leaves them open."""
        if ties == "optimistic":
            return Ranks(self.above, np.ones_like(self.tied))
        if ties == "pessimistic":
            return Ranks(self.above + self.tied - 1, np.ones_like(self.tied))
        if ties == "expected":
            return self
        raise ValueError(f"ties is {ties!r}, expected one of {', '.join(get_args(Ties))}")


def ranks(scores: NDArray[np.floating], wanted: Integers) -> Ranks:
    """Rank the wanted column of each row; higher scores come first.

    Args:
        scores: (n, candidates), no NaN.
        wanted: (n,) column numbers.

    Example:
        >>> found = ranks(np.array([[0.5, 0.9, 0.5], [0.1, 0.2, 0.3]]), np.array([0, 2]))
        >>> found.above.tolist(), found.tied.tolist()
        ([1, 0], [2, 1])
    """
    if np.isnan(scores).any():
        raise ValueError("scores must not be NaN")
    own = np.take_along_axis(scores, wanted[:, None], axis=1)
    return Ranks((scores > own).sum(axis=1), (scores == own).sum(axis=1))


def hit_rate(found: Ranks, k: int, ties: Ties = "expected") -> Values:
    """HR@k of each case: 1 if the wanted candidate is among the first k, else 0; ties may give a share.

    Example:
        >>> hit_rate(Ranks(np.array([0, 9, 10]), np.array([1, 4, 1])), k=10).tolist()
        [1.0, 0.25, 0.0]
    """
    above, tied = found.decided(ties)
    return np.clip((k - above) / tied, 0.0, 1.0)


def ndcg(found: Ranks, k: int, ties: Ties = "expected") -> Values:
    """NDCG@k of each case: 1 / log2(rank + 1) if the rank, counted from 1, is k or less, else 0.

    Example:
        >>> ndcg(Ranks(np.array([0, 2, 10]), np.array([1, 1, 1])), k=10).tolist()
        [1.0, 0.5, 0.0]
    """
    positions = np.arange(1, k + 1)
    return _mean_gain(found.decided(ties), 1 / np.log2(positions + 1))


def mrr(found: Ranks, ties: Ties = "expected") -> Values:
    """Reciprocal of each case's rank, counted from 1; its mean is MRR.

    Example:
        >>> mrr(Ranks(np.array([0, 3, 0]), np.array([1, 1, 2]))).tolist()
        [1.0, 0.25, 0.75]
    """
    decided = found.decided(ties)
    last = int((decided.above + decided.tied).max(initial=1))
    return _mean_gain(decided, 1 / np.arange(1, last + 1))


def _mean_gain(found: Ranks, gains: Values) -> Values:
    """Mean over ranks above + 1 to above + tied of what each rank gains; ranks past the list gain nothing."""
    total = np.concatenate([[0.0], np.cumsum(gains)])
    first, last = (np.minimum(rank, len(gains)) for rank in (found.above, found.above + found.tied))
    # A single rank is read off itself: a difference of sums would round.
    alone = np.append(gains, 0.0)[first]
    return np.where(found.tied == 1, alone, (total[last] - total[first]) / found.tied)


def summary(found: Ranks, ties: Ties = "expected", prefix: str = "") -> dict[str, float]:
    """The means that every prediction record holds: HR@1, 5 and 10, NDCG@10, MRR.

    Example:
        >>> summary(Ranks(np.array([0, 9]), np.array([1, 1])))["hr@10"]
        1.0
    """
    values = {f"hr@{k}": hit_rate(found, k, ties) for k in (1, 5, 10)}
    values |= {"ndcg@10": ndcg(found, 10, ties), "mrr": mrr(found, ties)}
    return {prefix + name: float(each.mean()) for name, each in values.items()}
