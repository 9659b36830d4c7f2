"""A first-order Markov chain over actions: a control that knows the last action alone (ours).

Paper: none; the simplest use of an order.
Reference: none.
Departures: none from the formula; of several sets, shares are scaled back to counts (see the class).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, Sequences
from smartgen.data.histories import cases
from smartgen.training.fitted_predictor import FittedPredictor


class MarkovPredictor(FittedPredictor):
    """score(a) = (c(last, a) + u(a)) / (c(last) + 1), c pairs of neighbors, u the share of each action.

    Of several sets each gives half, or its equal part, of all pairs counted: weights that add up to the
    number of pairs, so that the one count of smoothing keeps its meaning.
    """

    scores: NDArray[np.float64]
    learned: ClassVar[tuple[str, ...]] = ("scores",)

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        pairs = [self._pairs(one) for one in train]
        total = sum(float(one.sum()) for one in pairs)
        counts = sum(one * (total / len(pairs) / max(one.sum(), 1)) for one in pairs)
        usual = np.mean(
            [np.bincount(one.values[:, ACTION], minlength=self.actions) / len(one.values) for one in train],
            axis=0,
        )
        self.scores = (counts + usual) / (np.sum(counts, axis=1, keepdims=True) + 1)

    def _score(self, histories: Sequences) -> NDArray[np.float64]:
        """What follows each history's last action."""
        last = histories.values[histories.offsets[1:] - 1, ACTION]
        found: NDArray[np.float64] = self.scores[last]
        return found

    def _pairs(self, sequences: Sequences) -> NDArray[np.float64]:
        found = cases(sequences)
        before = found.histories.values[found.histories.offsets[1:] - 1, ACTION]
        counts = np.zeros((self.actions, self.actions))
        np.add.at(counts, (before, found.wanted), 1)
        return counts
