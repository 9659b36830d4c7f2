"""What the neural predictors share: a network, trained and asked as a protocol has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, Sequences
from smartgen.data.histories import action_windows, recent
from smartgen.data.padding import padded
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.ranking import Ties
from smartgen.nets.windowed import Windowed
from smartgen.settings import (
    PredictorSettings,
    TrainerSettings,
    UnifiedProtocolSettings,
    WindowPredictorSettings,
)
from smartgen.training.budget import fit_on_budget
from smartgen.training.learned import Arrays, Learned
from smartgen.training.next_action import distinct_rows, next_action_scores
from smartgen.training.trainer import refuse_diverged, seed_everything
from smartgen.training.weights import load_network, network_state
from smartgen.training.windows import fit_windows, window_scores

if TYPE_CHECKING:  # what scores does without
    from pytorch_lightning.loggers import Logger

WINDOW = 9  # actions that a windowed predictor sees (release)
LEARNING_RATE = 1e-3  # of every network under protocol unified (ours, as the release's)


class NeuralPredictor(Learned):
    """A network that foretells the next action; ``fit``, then ``score``.

    Args:
        vocabulary: the home's.
        settings: the predictor's own.
        budget: of protocol unified; None trains as the release does, on windows of ten actions.
        seed: of weights, batches and dropout; None goes on with the random state as it is.
    """

    ties: ClassVar[Ties] = "optimistic"
    logits: ClassVar[bool] = True

    def __init__(
        self,
        vocabulary: Vocabulary,
        settings: PredictorSettings,
        budget: UnifiedProtocolSettings | None,
        trainer: TrainerSettings,
        seed: int | None,
        logger: Logger | None = None,
    ) -> None:
        self.vocabulary, self.settings, self.budget = vocabulary, settings, budget
        self.trainer, self.seed, self.logger = trainer, seed, logger
        self.network: nn.Module | None = None
        self.best_step = 0

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> Self:
        """Train from scratch.

        Args:
            train: the sets to learn from, each counting the same; sequences of two behaviors or more.
            held_out: of each set what decides which weights stay.
        """
        if not all(map(len, (*train, *held_out))):
            raise SmartgenError(f"a training set of {self.settings.name} is empty; expected sequences")
        if self.seed is not None:
            seed_everything(self.seed)
        self.best_step = self._fit(train, held_out)
        refuse_diverged(self._fitted(), self.settings.name)
        return self

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) scores of what comes next, higher is likelier; equal histories score bit-equal."""
        raise NotImplementedError

    def state(self) -> dict[str, NDArray[Any]]:
        """The network's weights by name."""
        return super().state() | network_state(self._fitted())

    def restore(self, state: Arrays) -> Self:
        """Make the network and give it the weights of an equal predictor, instead of ``fit``."""
        self.network = self.made_for(state)
        load_network(self.network, state)
        return super().restore(state)

    def made_for(self, state: Arrays) -> nn.Module:
        """A fresh network into which these weights fit."""
        raise NotImplementedError

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> int:
        raise NotImplementedError

    def _fit_on_budget(
        self, network: nn.Module, train: Sequence[Sequences], held_out: Sequence[Sequences]
    ) -> int:
        from smartgen.training.lightning.next_action import NextBehavior

        assert self.budget is not None
        pad = self.vocabulary.pad
        longest = max(int(one.lengths.max()) for one in (*train, *held_out))
        rows = [distinct_rows(one, pad, longest) for one in held_out]
        watched = self.logger is not None or self.trainer.progress
        module = NextBehavior(network, pad, rows, LEARNING_RATE, watched)
        sets = [padded(one, pad, longest) for one in train]
        return fit_on_budget(module, sets, self.budget, self.trainer, self.logger)

    def _fitted(self) -> nn.Module:
        if self.network is None:
            raise RuntimeError("fit the predictor before scoring")
        return self.network

    def _score_behaviors(self, histories: Sequences, longest: int) -> NDArray[np.float64]:
        pad, tail = self.vocabulary.pad, recent(histories, longest)
        rows, where = np.unique(
            padded(tail, pad, int(tail.lengths.max(initial=1))), axis=0, return_inverse=True
        )
        return next_action_scores(self._fitted(), rows, pad)[where.reshape(-1)]


class WindowPredictor(NeuralPredictor):
    """A network over the last nine actions; nothing else of a behavior is read (release, D38).

    Attributes:
        zero_action: the release keeps the embedding of action 0 at zero (D35).
    """

    settings: WindowPredictorSettings
    zero_action: ClassVar[bool] = True

    def build(self, actions: int, width: int, padding: int | None) -> nn.Module:
        """The network: windows of nine ids -> (rows, actions or more) logits.

        Args:
            actions: size of the vocabulary; its number is an id of its own, the pad's under unified.
            padding: the id whose embedding stays zero; None: none.
        """
        raise NotImplementedError

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> int:
        self.network = self._network()
        if self.budget is not None:
            return self._fit_on_budget(self.network, train, held_out)
        (windows,), (validation,) = train, held_out
        return fit_windows(
            self.network, _rows(windows), _rows(validation), self.settings, self.trainer, self.logger
        )

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) scores of what follows; windows of fewer than nine are for protocol unified alone."""
        if self.budget is not None:
            return self._score_behaviors(histories, WINDOW)
        if (histories.lengths < WINDOW).any():
            raise SmartgenError(
                f"a history has {histories.lengths.min()} behaviors; {self.settings.name} under protocol "
                f"released, which knows no pad, needs {WINDOW} or more"
            )
        actions = len(self.vocabulary.actions)
        rows, where = np.unique(action_windows(histories, WINDOW, actions), axis=0, return_inverse=True)
        return window_scores(self._fitted(), rows, actions)[where.reshape(-1)]

    def made_for(self, state: Arrays) -> nn.Module:
        """Its size hangs on vocabulary and settings alone."""
        return self._network()

    def _network(self) -> nn.Module:
        actions = len(self.vocabulary.actions)
        if self.budget is None:
            return self.build(actions, self.settings.width, 0 if self.zero_action else None)
        width = self.settings.unified_width or self.budget.width
        return Windowed(self.build(actions, width, actions), actions, WINDOW)


def _rows(windows: Sequences) -> NDArray[np.int64]:
    """(n, 10) actions."""
    if (windows.lengths != WINDOW + 1).any():
        raise SmartgenError(f"protocol released trains on windows of {WINDOW + 1} behaviors, found others")
    return windows.values[:, ACTION].reshape(-1, WINDOW + 1).astype(np.int64)
