"""The control "length": how far a sequence's length is from the usual one (ours).

Paper: none; it knows nothing of what happened.
Reference: none.
Departures: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import Sequences


class LengthDetector:
    """|length - training mean| / training standard deviation; several sets weigh the same."""

    best_step = 0

    def __init__(self, *_: object) -> None:
        self.mean, self.spread = float("nan"), float("nan")

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences] = ()) -> Self:
        """Take mean and standard deviation."""
        self.mean = float(np.mean([one.lengths.mean() for one in train]))
        variance = np.mean([((one.lengths - self.mean) ** 2).mean() for one in train])
        self.spread = float(np.sqrt(variance)) or 1.0  # all of one length: behaviors, not deviations
        return self

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n,) distances in standard deviations."""
        if np.isnan(self.mean):
            raise RuntimeError("fit the detector before scoring")
        distance: NDArray[np.float64] = np.abs(sequences.lengths - self.mean) / self.spread
        return distance
