"""TransAE as a detector: the reconstruction loss of the Transformer autoencoder (paper 5.1).

Paper: A. Vaswani et al., Attention is all you need, NIPS 2017 (the detector is the authors' use of it).
Reference: the release's anomaly-detection pipeline, for ``TransAEDetector``.
Departures: ``TransAEDetector`` has none with ``packed=False``; ``packed=True`` skips the arithmetic on pads
and so rounds otherwise. ``UnifiedTransAEDetector`` reads all four fields, knows positions, hides what it
predicts (protocol unified, ours).
"""

from __future__ import annotations

from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pytorch_lightning.loggers import Logger

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.padding import field_tokens, padded
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary
from smartgen.nets.transae import BehaviorTransAE, TransAE
from smartgen.settings import TrainerSettings, TransAESettings, UnifiedProtocolSettings
from smartgen.training.budget import fit_on_budget
from smartgen.training.hidden import HiddenBehaviors, hidden_losses
from smartgen.training.reconstruction import fit_reconstruction, sequence_losses
from smartgen.training.trainer import seed_everything

Network = TypeVar("Network")


class TransAEDetector:
    """Reads one field of a sequence (D20); its score is the mean reconstruction loss of that field's tokens.

    Args:
        vocabulary: the home's; its pad fills up short rows.
        field: which of day, hour, device, action (``core.types``).
        seed: of initial weights and dropout.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        field: int,
        settings: TransAESettings,
        trainer: TrainerSettings,
        seed: int,
        logger: Logger | None = None,
    ) -> None:
        self.vocabulary, self.field, self.seed = vocabulary, field, seed
        self.settings, self.trainer, self.logger = settings, trainer, logger
        self.network: TransAE | None = None

    def fit(self, train: Sequences) -> Self:
        """Train on these sequences from scratch, in their order."""
        _refuse_empty(train)
        seed_everything(self.seed)
        s, pad = self.settings, self.vocabulary.pad
        self.network = TransAE(pad + 1, pad, s.d_model, s.heads, s.layers, "packed" if s.packed else "padded")
        fit_reconstruction(
            self.network,
            field_tokens(train, self.field, pad),
            epochs=s.epochs,
            batch_size=s.batch_size,
            learning_rate=s.learning_rate,
            fused=s.packed,
            settings=self.trainer,
            logger=self.logger,
        )
        return self

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n,) reconstruction losses in nats, higher is more anomalous; equal sequences score bit-equal."""
        tokens = field_tokens(sequences, self.field, self.vocabulary.pad)
        if self.settings.packed:
            # The network knows no positions (D05): reordered rows score alike, so sorted ones need one pass.
            tokens = np.sort(tokens, axis=1)
        return sequence_losses(_fitted(self.network), tokens)


class UnifiedTransAEDetector:
    """Reads whole behaviors; its score is the mean over behaviors of the four fields' summed losses.

    Args:
        masked: predict each behavior while it is hidden; false keeps the identity shortcut (D06).
        seed: of initial weights, batches and dropout.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        budget: UnifiedProtocolSettings,
        settings: TransAESettings,
        trainer: TrainerSettings,
        seed: int,
        logger: Logger | None = None,
    ) -> None:
        self.vocabulary, self.budget, self.settings = vocabulary, budget, settings
        self.trainer, self.seed, self.logger = trainer, seed, logger
        self.network: BehaviorTransAE | None = None
        self.best_step = 0

    def fit(self, train: Sequences, held_out: Sequences) -> Self:
        """Train within the budget; the weights with the lowest held-out loss stay, those of ``best_step``."""
        _refuse_empty(train)
        seed_everything(self.seed)
        vocabulary = self.vocabulary
        sizes = (len(DAYS), len(HOURS), len(vocabulary.devices), len(vocabulary.actions))
        self.network = BehaviorTransAE(sizes, vocabulary.pad, self.budget.width, layers=self.settings.layers)
        module = HiddenBehaviors(
            self.network, self._rectangle(held_out), self.settings.masked, self.settings.learning_rate
        )
        train_rows = [self._rectangle(train)]
        self.best_step = fit_on_budget(module, train_rows, self.budget, self.trainer, self.logger)
        return self

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n,) summed losses of the fields in nats, higher is more anomalous."""
        scores: NDArray[np.float64] = self.field_scores(sequences).sum(axis=1)
        return scores

    def field_scores(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n, 4) mean losses of day, hour, device, action in nats."""
        return hidden_losses(_fitted(self.network), self._rectangle(sequences), self.settings.masked)

    def _rectangle(self, sequences: Sequences) -> NDArray[np.int64]:
        """Nothing is cut off: as long as the longest sequence."""
        longest = int(sequences.lengths.max(initial=1))
        return padded(sequences, self.vocabulary.pad, longest)


def _refuse_empty(train: Sequences) -> None:
    if not len(train):
        raise SmartgenError("the training set of TransAE is empty; expected at least one sequence")


def _fitted(network: Network | None) -> Network:
    if network is None:
        raise RuntimeError("fit the detector before scoring")
    return network
