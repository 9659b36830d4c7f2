"""What every detector is: made for a home, fitted once, then asked for scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import TrainerSettings, UnifiedProtocolSettings
from smartgen.training.learned import Arrays, Learned

if TYPE_CHECKING:  # it brings torch, which half of the detectors do without
    from pytorch_lightning.loggers import Logger


class FittedDetector(Learned, ABC):
    """``fit``, then ``score``; a detector is a file with ``_fit``, ``_score`` and the names in ``learned``.

    Args:
        vocabulary: the home's.
        settings: the detector's own.
        budget: of protocol unified; None: as the release does it.
        field: which of day, hour, device, action is read under released; None: all four.
        trainer: how to compute.
        seed: of whatever is drawn.
        logger: of what is trained step by step, or None.

    Attributes:
        best_step: the step whose weights were kept; 0 where nothing is trained step by step.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        settings: Any,
        budget: UnifiedProtocolSettings | None,
        field: int | None,
        trainer: TrainerSettings,
        seed: int,
        logger: Logger | None = None,
    ) -> None:
        self.vocabulary, self.settings, self.budget, self.field = vocabulary, settings, budget, field
        self.trainer, self.seed, self.logger = trainer, seed, logger
        self.best_step = 0
        self._fitted = False

    @property
    def unified(self) -> bool:
        """Whether protocol unified asks, not released."""
        return self.budget is not None

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences] = ()) -> Self:
        """Learn from scratch.

        Args:
            train: the sets to learn from, each counting the same; protocol released has one.
            held_out: of each set what decides which weights stay; most detectors do not look at it.

        Raises:
            SmartgenError: a training set is empty.
        """
        if not all(map(len, train)):
            raise SmartgenError(f"a training set of {self.settings.name} is empty, expected sequences")
        self._fit(train, held_out)
        self._fitted = True
        return self

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n,) scores, higher is more anomalous; equal sequences score bit-equal."""
        self.require_fitted()
        return self._score(sequences)

    def behavior_scores(self, sequences: Sequences) -> NDArray[np.float64] | None:
        """What each behavior has to do with its sequence's score; None where a score has no such parts.

        Returns:
            (n_behaviors,), or (n_behaviors, 4) by day, hour, device, action, of all sequences' behaviors in
            turn. A sequence's score is the mean over its behaviors, of the sum of the four.
        """
        return None

    def explained(self, sequences: Sequences) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """``score`` and ``behavior_scores``, computed once where the one comes from the other."""
        return self.score(sequences), self.behavior_scores(sequences)

    def state(self) -> dict[str, NDArray[Any]]:
        """What was learned, as arrays by name."""
        self.require_fitted()
        return super().state()

    def restore(self, state: Arrays) -> Self:
        """Take what an equal detector learned, instead of ``fit``."""
        super().restore(state)
        self._fitted = True
        return self

    def require_fitted(self) -> None:
        """Refuse to score before there is anything to score with."""
        if not self._fitted:
            raise RuntimeError("fit the detector before scoring")

    @abstractmethod
    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        """Learn from sets that are not empty."""

    @abstractmethod
    def _score(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n,) scores; the detector says in which unit."""
