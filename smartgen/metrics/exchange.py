"""Permutation tests over days: which days change places, p-values, their correction for several tests."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from smartgen.metrics.divergence import Integers

WEEK = 7
TOLERANCE = 1e-12  # what rounding can part of two equal statistics


def ways(lived: Integers, latest: int) -> int:
    """In how many ways the latest days can be chosen when each changes places only with its own weekday.

    Args:
        lived: (n,) days with a behavior, ascending; day k is k days before the newest.
        latest: how many calendar days the window has.

    Example:
        >>> ways(np.arange(35), 7), ways(np.arange(35), 1), ways(np.array([0, 2, 7, 14]), 3)
        (78125, 5, 3)
    """
    return math.prod(math.comb(len(members), chosen) for members, chosen in _strata(lived, latest))


def selections(lived: Integers, latest: int, permutations: int, rng: np.random.Generator) -> Integers:
    """(rows, k) places in ``lived`` that stand for its k latest days; the first row is those themselves.

    All ways, each once, where there are no more of them than permutations are asked for; else that many
    drawn ones behind the first row.

    Example:
        >>> selections(np.arange(9), 2, 100, np.random.default_rng(0)).tolist()
        [[0, 1], [0, 8], [7, 1], [7, 8]]
        >>> selections(np.arange(35), 7, 3, np.random.default_rng(0)).shape
        (4, 7)
    """
    strata = _strata(lived, latest)
    if ways(lived, latest) <= permutations:
        choices = [list(itertools.combinations(members.tolist(), chosen)) for members, chosen in strata]
        every = [list(itertools.chain(*parts)) for parts in itertools.product(*choices)]
        return np.array(every, dtype=np.int64)
    first = [members[:chosen] for members, chosen in strata]
    drawn = [
        members[rng.random((permutations, len(members))).argsort(axis=1)[:, :chosen]]
        for members, chosen in strata
    ]
    return np.concatenate([np.concatenate(first)[None], np.concatenate(drawn, axis=1)]).astype(np.int64)


def p_values(statistics: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., rows) the share of rows that are at least as far as each; a row counts itself.

    Example:
        >>> p_values(np.array([0.5, 0.1, 0.5, 0.9])).tolist()
        [0.75, 1.0, 0.75, 0.25]
    """
    rows = statistics.shape[-1]
    nearer = [np.searchsorted(np.sort(test), test - TOLERANCE) for test in np.atleast_2d(statistics)]
    shares: NDArray[np.float64] = (rows - np.reshape(nearer, statistics.shape)) / rows
    return shares


def corrected(p: NDArray[np.float64]) -> list[float]:
    """p-values of the first row, corrected for several tests (step-down min-P; Westfall and Young 1993).

    The smallest p is compared with the smallest p of every other exchange, the next one with the smallest
    of the tests that are left, and so on. As all tests share their exchanges, this is as strict as it must
    be and no more: tests that mostly agree cost little, where Holm's correction always takes the number.

    Args:
        p: (tests, rows) of each test and exchange, as `p_values` gives them.

    Example:
        >>> same = p_values(np.array([[0.9, 0.1, 0.2, 0.3], [0.9, 0.1, 0.2, 0.3]]))
        >>> corrected(same), corrected(p_values(np.array([[0.9, 0.1, 0.2, 0.3], [0.1, 0.9, 0.2, 0.3]])))
        ([0.25, 0.25], [0.5, 1.0])
    """
    order = np.argsort(p[:, 0], kind="stable")
    found, least = [0.0] * len(p), 0.0
    for step, test in enumerate(order.tolist()):
        smallest = p[order[step:]].min(axis=0)
        least = max(least, float((smallest <= p[test, 0]).mean()))
        found[test] = least
    return found


def _strata(lived: Integers, latest: int) -> list[tuple[Integers, int]]:
    """The places of each weekday that the latest days have, newest first, and how many of them are latest."""
    weekday = lived % WEEK
    strata = [np.flatnonzero(weekday == day) for day in np.unique(weekday[lived < latest])]
    return [(places, int(np.sum(lived[places] < latest))) for places in strata]
