"""What a predictor without a network is: made for a home, fitted once, then asked for shares of actions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.ranking import Ties
from smartgen.settings import TrainerSettings, UnifiedProtocolSettings
from smartgen.training.learned import Arrays, Learned


class FittedPredictor(Learned, ABC):
    """``fit``, then ``score``; a predictor is a file with ``_fit``, ``_score`` and the names in ``learned``.

    Args:
        vocabulary: the home's.
        settings: the predictor's own.
        budget: of protocol unified; None: as protocol released, on windows of ten behaviors.
        trainer: how to compute.
        seed: of whatever is drawn.
        logger: of what is trained step by step, or None.

    Attributes:
        ties: which way equal scores rank; expected: as the mean over their orders.
        logits: whether scores are logits; here they are shares, of which each history has some above 0.
        best_step: 0, since nothing is trained step by step.
    """

    ties: ClassVar[Ties] = "expected"
    logits: ClassVar[bool] = False
    best_step = 0

    def __init__(
        self,
        vocabulary: Vocabulary,
        settings: Any,
        budget: UnifiedProtocolSettings | None,
        trainer: TrainerSettings,
        seed: int | None,
        logger: object = None,
    ) -> None:
        self.vocabulary, self.settings, self.budget = vocabulary, settings, budget
        self.trainer, self.seed, self.logger = trainer, seed, logger
        self.actions = len(vocabulary.actions)
        self._ready = False

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> Self:
        """Learn from scratch.

        Args:
            train: the sets to learn from, each counting the same; protocol released has one.
            held_out: of each set what training does not see; most predictors of this kind do not look at it.

        Raises:
            SmartgenError: a training set is empty.
        """
        if not all(map(len, train)):
            raise SmartgenError(f"a training set of {self.settings.name} is empty, expected sequences")
        self._fit(train, held_out)
        self._ready = True
        return self

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) shares of what comes next; equal histories score bit-equal."""
        self._require_fitted()
        return self._score(histories)

    def state(self) -> dict[str, NDArray[Any]]:
        """What was learned, as arrays by name."""
        self._require_fitted()
        return super().state()

    def restore(self, state: Arrays) -> Self:
        """Take what an equal predictor learned, instead of ``fit``."""
        super().restore(state)
        self._ready = True
        return self

    def _require_fitted(self) -> None:
        if not self._ready:
            raise RuntimeError("fit the predictor before scoring")

    @abstractmethod
    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        """Learn from sets that are not empty."""

    @abstractmethod
    def _score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) shares; histories have one behavior or more."""
