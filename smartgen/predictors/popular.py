"""The most popular action: a control that knows nothing of the history (ours).

Paper: none; what any predictor has to beat.
Reference: none.
Departures: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.ranking import Ties
from smartgen.training.learned import Learned


class PopularPredictor(Learned):
    """Scores each action by its share of the training sequences' behaviors."""

    best_step = 0
    ties: ClassVar[Ties] = "expected"
    logits: ClassVar[bool] = False
    learned: ClassVar[tuple[str, ...]] = ("share",)

    def __init__(self, vocabulary: Vocabulary, *_: object) -> None:
        self.actions = len(vocabulary.actions)
        self.share = np.zeros(self.actions)

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> Self:
        """Count; each of several sets weighs the same, and what is held out is not counted."""
        shares = [
            np.bincount(one.values[:, ACTION], minlength=self.actions) / len(one.values) for one in train
        ]
        self.share = np.mean(shares, axis=0)
        return self

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) shares."""
        return np.tile(self.share, (len(histories), 1))
