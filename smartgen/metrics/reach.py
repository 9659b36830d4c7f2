"""Where a curve first reaches a value (ours)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]


def reached_with(few: Sequence[int], curve: Draws, values: Draws) -> Draws:
    """(draws,) the number at which a curve first reaches each value; infinite where it does not.

    Args:
        few: (points,) rising numbers from 0.
        curve: (points, draws) what is reached with each.
        values: (draws,)

    Example:
        >>> reached_with([0, 1, 5], np.array([[0.25], [0.5], [1.0]]), np.array([0.75])).tolist()
        [3.0]
    """
    found = np.full(len(values), np.inf)
    found[values <= curve[0]] = 0.0
    for place in range(1, len(few)):
        before, after = curve[place - 1], curve[place]
        here = np.isinf(found) & (after >= values)  # so that before < values <= after
        share = (values - before)[here] / (after - before)[here]
        found[here] = few[place - 1] + share * (few[place] - few[place - 1])
    return found
