"""Stage 1: a sequence whose loss lies far above the others' is an outlier (paper equations 14 to 21)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def upper_bound(losses: NDArray[np.float64], whisker: float = 1.5) -> float:
    """Q3 + 1.5 IQR, quartiles linear between neighbors (release).

    Args:
        losses: (n,) of the sequences, in nats.
        whisker: what the interquartile range is multiplied with (paper 1.5).

    Example:
        >>> upper_bound(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
        7.0
    """
    low, high = np.percentile(losses, [25, 75])
    return float(high + whisker * (high - low))


def outliers(losses: NDArray[np.float64], whisker: float = 1.5) -> NDArray[np.int64]:
    """Positions of the losses above the bound; a loss at the bound is none."""
    return np.flatnonzero(losses > upper_bound(losses, whisker))
