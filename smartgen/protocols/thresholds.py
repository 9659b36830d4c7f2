"""Where a detector's scores begin to be alarms: the one place that says so, and which way ties go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Threshold:
    """A border between usual and anomalous.

    Args:
        value: in the detector's unit.
        strict: whether a score at the border is usual.
        inverted: flag what would not be flagged (release, D27).
    """

    value: float
    strict: bool = False
    inverted: bool = False

    def flags(self, scores: Scores) -> NDArray[np.bool_]:
        """(n,) whether each score is flagged.

        Example:
            >>> Threshold(2.0).flags(np.array([1.0, 2.0])).tolist()
            [False, True]
            >>> Threshold(2.0, strict=True, inverted=True).flags(np.array([1.0, 2.0, 3.0])).tolist()
            [True, True, False]
        """
        flagged: NDArray[np.bool_] = scores > self.value if self.strict else scores >= self.value
        return ~flagged if self.inverted else flagged


def percentile(sets: Sequence[Scores], percent: float) -> float:
    """The percentile of scores, linear between neighbors; several sets weigh the same.

    A score stands at the middle of its weight, the first at 0 and the last at 100; of one set that is
    numpy's default.

    Example:
        >>> percentile([np.array([0.0, 1.0])], 95)
        0.95
        >>> percentile([np.array([0.0, 1.0, 2.0, 3.0]), np.array([4.0])], 50)
        2.75

    Raises:
        SmartgenError: a percentage outside 0 to 100.
    """
    if not 0 <= percent <= 100:
        raise SmartgenError(f"protocol.percentile is {percent}, expected a number from 0 to 100")
    if len(sets) == 1:
        return float(np.percentile(sets[0], percent))
    scores = np.concatenate(sets)
    weights = np.concatenate([np.full(len(one), 1 / len(one)) for one in sets])
    order = np.lexsort((weights, scores))  # of equal scores the lighter first, whatever the sets' order
    middle = np.cumsum(weights[order]) - weights[order] / 2
    place = (middle - middle[0]) / (middle[-1] - middle[0])
    return float(np.interp(percent / 100, place, scores[order]))
