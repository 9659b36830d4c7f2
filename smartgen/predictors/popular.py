"""The most popular action: a control that knows nothing of the history (ours).

Paper: none; what any predictor has to beat.
Reference: none.
Departures: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, Sequences
from smartgen.training.fitted_predictor import FittedPredictor


class PopularPredictor(FittedPredictor):
    """Scores each action by its share of the training sequences' behaviors; sets weigh the same."""

    share: NDArray[np.float64]
    learned: ClassVar[tuple[str, ...]] = ("share",)

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        shares = [
            np.bincount(one.values[:, ACTION], minlength=self.actions) / len(one.values) for one in train
        ]
        self.share = np.mean(shares, axis=0)

    def _score(self, histories: Sequences) -> NDArray[np.float64]:
        return np.tile(self.share, (len(histories), 1))
