"""The control "length": how far a sequence's length is from the usual one (ours).

Paper: none; it knows nothing of what happened.
Reference: none.
Departures: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import Sequences
from smartgen.training.fitted import FittedDetector


class LengthDetector(FittedDetector):
    """|length - training mean| / training standard deviation; several sets weigh the same."""

    learned: ClassVar[tuple[str, ...]] = ("mean", "spread")

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        self.mean = float(np.mean([one.lengths.mean() for one in train]))
        variance = np.mean([((one.lengths - self.mean) ** 2).mean() for one in train])
        self.spread = float(np.sqrt(variance)) or 1.0  # all of one length: behaviors, not deviations

    def _score(self, sequences: Sequences) -> NDArray[np.float64]:
        distance: NDArray[np.float64] = np.abs(sequences.lengths - self.mean) / self.spread
        return distance
