"""What the neural detectors share: a network that gives sequences back, trained as a protocol has it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from smartgen.core.errors import SmartgenError
from smartgen.core.types import MAX_BEHAVIORS, Sequences
from smartgen.data.padding import field_tokens, flat_tokens, padded
from smartgen.data.vocabulary import DAYS, HOURS
from smartgen.nets.token_autoencoders import TokenAutoencoder
from smartgen.nets.transae import BehaviorAutoencoder
from smartgen.settings import NeuralDetectorSettings, UnifiedProtocolSettings
from smartgen.training.budget import fit_on_budget
from smartgen.training.fitted import FittedDetector
from smartgen.training.hidden import behavior_losses, hidden_losses, mean_losses
from smartgen.training.learned import Arrays
from smartgen.training.reconstruction import fit_reconstruction, sequence_losses
from smartgen.training.trainer import refuse_diverged, seed_everything
from smartgen.training.weights import load_network, network_state

Sizes = tuple[int, int, int, int]


class NeuralDetector(FittedDetector):
    """A network whose reconstruction loss in nats is the score.

    Under protocol released it reads the tokens of one field, cut to ten behaviors, and the score is the mean
    over tokens; under unified whole behaviors of any number, whose four fields are predicted apart, and the
    score is the mean over behaviors of the fields' sum.

    Attributes:
        best_step: the step whose weights were kept; 0 under protocol released, which keeps the last.
        masked: whether each behavior is hidden while it is predicted (unified).
        fused: Adam in one kernel; it rounds otherwise.
        orderless: the network of protocol released knows no positions, so that reordered rows score alike.
    """

    network: Any = None
    masked = fused = orderless = False

    @abstractmethod
    def token_network(self, ids: int) -> nn.Module:
        """The network of protocol released: rows of tokens -> logits over ``ids``."""

    @abstractmethod
    def behavior_network(self, sizes: Sizes, width: int) -> nn.Module:
        """The network of protocol unified: (rows, length, 4) -> logits of each field."""

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        seed_everything(self.seed)
        if self.budget is None:
            self._fit_tokens(Sequences.concatenate(train))
        else:
            self._fit_on_budget(self.budget, train, held_out)
        refuse_diverged(self.network, self.settings.name)

    def _score(self, sequences: Sequences) -> NDArray[np.float64]:
        if self.budget is not None:
            scores: NDArray[np.float64] = self.field_scores(sequences).sum(axis=1)
            return scores
        tokens = self._tokens(sequences)
        if tokens.max(initial=0) >= self.network.embedding.num_embeddings:
            raise SmartgenError(
                f"{self.settings.name} was trained on full windows alone and so, as in the release, has no "
                "pad for the shorter sequences of the test; take another detector"
            )
        return sequence_losses(self.network, np.sort(tokens, axis=1) if self.orderless else tokens)

    def field_scores(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n, 4) mean losses of day, hour, device, action in nats (protocol unified)."""
        self.require_fitted()
        return hidden_losses(self.network, self._rectangle(sequences), self.masked)

    def behavior_scores(self, sequences: Sequences) -> NDArray[np.float64] | None:
        """(n_behaviors, 4) losses of the behaviors' fields in nats (protocol unified)."""
        if self.budget is None:
            return None
        self.require_fitted()
        return behavior_losses(self.network, self._rectangle(sequences), self.masked)

    def explained(self, sequences: Sequences) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """The scores, bit-equal to those of ``score``, and the losses that they are means of."""
        parts = self.behavior_scores(sequences)
        if parts is None:
            return self.score(sequences), None
        owner = np.repeat(np.arange(len(sequences)), sequences.lengths)
        return mean_losses(owner, parts, len(sequences)).sum(axis=1), parts

    def state(self) -> dict[str, NDArray[Any]]:
        """The network's weights by name."""
        return super().state() | network_state(self.network)

    def restore(self, state: Arrays) -> Self:
        """Make the network and give it the weights of an equal detector, instead of ``fit``."""
        if self.budget is None:  # with a row for the pad, or without
            self.network = self.token_network(len(state["network.embedding.weight"]))
        else:
            self.network = self._sized_network(self.budget)
        load_network(self.network, state)
        return super().restore(state)

    def _fit_tokens(self, train: Sequences) -> None:
        s: NeuralDetectorSettings = self.settings
        pad = self.vocabulary.pad
        # The release's baselines have no row for a pad, and so other draws, where every window is full.
        full = bool((train.lengths >= MAX_BEHAVIORS).all())
        self.network = self.token_network(pad if full else pad + 1)
        fit_reconstruction(
            self.network,
            self._tokens(train),
            epochs=s.epochs,
            batch_size=s.batch_size,
            learning_rate=s.learning_rate,
            fused=self.fused,
            settings=self.trainer,
            logger=self.logger,
        )

    def _fit_on_budget(
        self,
        budget: UnifiedProtocolSettings,
        train: Sequence[Sequences],
        held_out: Sequence[Sequences],
    ) -> None:
        from smartgen.training.lightning.hidden import HiddenBehaviors

        self.network = self._sized_network(budget)
        longest = max(int(one.lengths.max()) for one in train)
        held = [self._rectangle(one) for one in held_out]
        watched = self.logger is not None or self.trainer.progress
        rate = self.settings.learning_rate
        module = HiddenBehaviors(self.network, held, self.masked, rate, watched)
        sets = [padded(one, self.vocabulary.pad, longest) for one in train]
        self.best_step = fit_on_budget(module, sets, budget, self.trainer, self.logger)

    def _sized_network(self, budget: UnifiedProtocolSettings) -> nn.Module:
        """The network of protocol unified for the home's vocabulary."""
        vocabulary = self.vocabulary
        sizes = (len(DAYS), len(HOURS), len(vocabulary.devices), len(vocabulary.actions))
        return self.behavior_network(sizes, budget.width)

    def _tokens(self, sequences: Sequences) -> NDArray[np.int64]:
        pad = self.vocabulary.pad
        return flat_tokens(sequences, pad) if self.field is None else field_tokens(sequences, self.field, pad)

    def _rectangle(self, sequences: Sequences) -> NDArray[np.int64]:
        """Nothing is cut off: as long as the longest sequence."""
        return padded(sequences, self.vocabulary.pad, int(sequences.lengths.max(initial=1)))


class BodyDetector(NeuralDetector):
    """Layers between an embedding and a head, the same for tokens and for whole behaviors."""

    @abstractmethod
    def body(self, width: int) -> nn.Module:
        """The layers: (rows, length, width), and (rows,) lengths or None -> the same shape.

        Under released rows are full and come without lengths; what is behind a row's length is not looked at.
        """

    def token_network(self, ids: int) -> nn.Module:
        """The release's network."""
        width = self.settings.d_model
        return TokenAutoencoder(ids, self.vocabulary.pad, lambda: self.body(width), width)

    def behavior_network(self, sizes: Sizes, width: int) -> nn.Module:
        """The same layers over whole behaviors."""
        return BehaviorAutoencoder(sizes, self.vocabulary.pad, lambda: self.body(width), width)
