"""What usually follows the last three actions, each older one counting half as much.

Paper: none; a Markov chain with a little memory.
Reference: none.
Departures: none.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import Sequences
from smartgen.data.histories import action_windows, cases
from smartgen.training.fitted_predictor import FittedPredictor


class FadingPredictor(FittedPredictor):
    """Shares of what follows each action, one added over all of them; sets weigh the same."""

    learned: ClassVar[tuple[str, ...]] = ("follows",)

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        self.follows = np.mean([self._shares(one) for one in train], axis=0)

    def _score(self, histories: Sequences) -> NDArray[np.float64]:
        last = action_windows(histories, 3, pad=self.actions)
        found = self.follows[last[:, 0]] + 2 * self.follows[last[:, 1]] + 4 * self.follows[last[:, 2]]
        shares: NDArray[np.float64] = found / found.sum(axis=1, keepdims=True)
        return shares

    def _shares(self, sequences: Sequences) -> NDArray[np.float64]:
        histories, wanted, _, _ = cases(sequences)
        counts = np.full((self.actions + 1, self.actions), 1 / self.actions)
        np.add.at(counts, (action_windows(histories, 1, pad=self.actions)[:, 0], wanted), 1)
        shares: NDArray[np.float64] = counts / counts.sum(axis=1, keepdims=True)
        return shares * (np.arange(self.actions + 1) < self.actions)[:, None]  # nothing follows a pad
