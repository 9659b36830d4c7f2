"""SASRec as a predictor (paper Table 3): the one that SmartGen retrains.

Paper: W.-C. Kang, J. McAuley, Self-attentive sequential recommendation, ICDM 2018.
Reference: the release's behavior-prediction pipeline and baseline, for ``TokenSasrecPredictor``: every
field of a behavior is an item (D33 to D35); its checkpoints give its results for SmartGen and for the
baseline.
Departures: ``TokenSasrecPredictor`` fixes the turns of the sampler's workers, which race in the release,
and the draws of negatives (D40); ``folded=True`` lets one pad stand for all, in training too, where dropout
then spares it. ``SasrecPredictor`` reads whole behaviors, one position each, and learns by full softmax
over the actions (protocol unified, ours); positions count from a sequence's beginning, so that every prefix
is one case of the same network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary
from smartgen.metrics.ranking import Ties
from smartgen.nets.sasrec import BehaviorSASRec, TokenSASRec
from smartgen.settings import SasrecSettings, TrainerSettings
from smartgen.training.learned import Arrays, Learned
from smartgen.training.predictor import NeuralPredictor
from smartgen.training.tokens import fit_tokens, token_scores
from smartgen.training.trainer import refuse_diverged, seed_everything
from smartgen.training.weights import load_network, network_state

if TYPE_CHECKING:  # what scores does without
    from pytorch_lightning.loggers import Logger


class TokenSasrecPredictor(Learned):
    """The release's SASRec over single tokens.

    Args:
        vocabulary: the home's; ids run to its number of actions (release).
        batch_size: sequences a step.
        seed: of weights, dropout, the sampler and the negatives.
    """

    ties: ClassVar[Ties] = "optimistic"

    def __init__(
        self,
        vocabulary: Vocabulary,
        settings: SasrecSettings,
        batch_size: int,
        trainer: TrainerSettings,
        seed: int,
        logger: Logger | None = None,
    ) -> None:
        self.vocabulary, self.settings, self.batch_size = vocabulary, settings, batch_size
        self.trainer, self.seed, self.logger = trainer, seed, logger
        self.network: TokenSASRec | None = None

    def fit(self, train: Sequences) -> Self:
        """Train from scratch; the first sequence and the last two tokens of each are not used (D35)."""
        if len(train) < 2:
            raise SmartgenError(f"sasrec was given {len(train)} training sequences, expected at least 2")
        seed_everything(self.seed)
        s = self.settings
        self.network = self._network()
        fit_tokens(
            self.network,
            train,
            s.epochs,
            self.batch_size,
            s.learning_rate,
            self.seed,
            self.trainer,
            self.logger,
        )
        refuse_diverged(self.network, self.settings.name)
        return self

    def token_scores(self, histories: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n, actions + 1) scores of every id after each row of tokens, padded on the left with 0."""
        return token_scores(self._fitted(), histories, sizes)

    def state(self) -> dict[str, NDArray[Any]]:
        """The network's weights by name."""
        return network_state(self._fitted())

    def restore(self, state: Arrays) -> Self:
        """Make the network and give it the weights of an equal predictor, instead of ``fit``."""
        self.network = self._network()
        load_network(self.network, state)
        return self

    def _network(self) -> TokenSASRec:
        s = self.settings
        return TokenSASRec(
            len(self.vocabulary.actions), s.width, s.blocks, s.heads, s.length, s.dropout, s.folded
        )

    def _fitted(self) -> TokenSASRec:
        if self.network is None:
            raise RuntimeError("fit the predictor before scoring")
        return self.network


class SasrecPredictor(NeuralPredictor):
    """SASRec over whole behaviors (protocol unified, ours)."""

    settings: SasrecSettings
    learned: ClassVar[tuple[str, ...]] = ("trained",)

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> int:
        longest = max(int(one.lengths.max()) for one in (*train, *held_out))
        # Nothing follows the last behavior of a row, so its position learns nothing: never score by it.
        self.trained = max(int(one.lengths.max()) for one in train) - 1
        self.network = self._network(longest)
        return self._fit_on_budget(self.network, train, held_out)

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) logits; of a history longer than any that was trained on the last behaviors count."""
        self._fitted()
        return self._score_behaviors(histories, self.trained)

    def made_for(self, state: Arrays) -> nn.Module:
        """The network with as many positions."""
        return self._network(len(state["network.positions.weight"]))

    def _network(self, longest: int) -> BehaviorSASRec:
        if self.budget is None:
            raise SmartgenError("sasrec over behaviors is for protocol=unified")
        vocabulary, s = self.vocabulary, self.settings
        sizes = (len(DAYS), len(HOURS), len(vocabulary.devices), len(vocabulary.actions))
        return BehaviorSASRec(sizes, vocabulary.pad, self.budget.width, s.blocks, s.heads, longest, s.dropout)
