"""Any action of the device that is to act: a control for a protocol that shows this device (D33; ours).

Paper: none. Under protocol released SASRec sees day, hour and device of the behavior whose action it ranks.
Reference: none.
Departures: none. It learns nothing; ties are counted as their mean over every order.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.ranking import Ties
from smartgen.training.learned import Learned


class TokenDevicePredictor(Learned):
    """Scores 1 for the actions whose name begins with the visible device, 0 for others."""

    ties: ClassVar[Ties] = "expected"

    def __init__(self, vocabulary: Vocabulary, *_: object) -> None:
        actions = range(len(vocabulary.actions))
        self.device = np.array([-1 if (d := vocabulary.prefix_device(a)) is None else d for a in actions])

    def fit(self, train: Sequences) -> Self:
        """Nothing to learn."""
        return self

    def token_scores(self, histories: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n, actions + 1) scores of every id; the last token of each row is the device."""
        own = (histories[:, -1:] == self.device).astype(np.float64)
        return np.pad(own, ((0, 0), (0, 1)))
