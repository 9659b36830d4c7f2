"""A hidden Markov model over actions as a predictor (paper Table 3).

Paper: Lin, Zheng, Xiang, WF-IoT 2018, as the paper cites it.
Reference: the release's HMM baseline: all windows' first nine actions, shuffled, are one chain; start and
transitions begin uniform, emissions random; an unnormalized 0.1 / symbols is added to expected emissions; a
prediction is the emission row of the last action's Viterbi state, without a step on (D39). It gives the
release's results.
Departures: none under protocol released. Under unified the sequences are chains of their own, emissions are
normalized, the next action's shares are foretold from the filtered state by one transition, and the
iteration with the highest held-out likelihood stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, TensorDataset

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.ranking import Ties
from smartgen.nets.hmm import Chains, Expected, Hmm, expected_counts, filtered, log_likelihood, viterbi_last
from smartgen.settings import HmmSettings, TrainerSettings, UnifiedProtocolSettings
from smartgen.training.learned import Arrays, Learned
from smartgen.training.trainer import seed_everything

SCORE_BATCH = 4096


class HmmPredictor(Learned):
    """Baum-Welch, then the protocol's way to foretell.

    Args:
        vocabulary: the home's.
        budget: of protocol unified; None does as the release.
        symbols: how many the chain can emit; the release counts up to the largest id of its three files.
        seed: of the first emissions, and under released of the windows' order; None goes on with the random
            state as it is.
    """

    ties: ClassVar[Ties] = "optimistic"
    logits: ClassVar[bool] = False

    def __init__(
        self,
        vocabulary: Vocabulary,
        settings: HmmSettings,
        budget: UnifiedProtocolSettings | None,
        trainer: TrainerSettings,
        seed: int | None,
        logger: object = None,
        symbols: int | None = None,
    ) -> None:
        self.symbols = symbols or len(vocabulary.actions)
        self.actions, self.settings, self.budget, self.seed = len(vocabulary.actions), settings, budget, seed
        self.model: Hmm | None = None
        self.best_step = 0

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> Self:
        """Train from scratch; each of several sets weighs the same."""
        if not all(map(len, (*train, *held_out))):
            raise SmartgenError("a training set of hmm is empty; expected sequences")
        if self.seed is not None:
            seed_everything(self.seed)
        if self.budget is None:
            self.model = self._released(train[0])
        else:
            self.model = self._unified(_chains(train), _chains(held_out))
        return self

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) shares of what comes next."""
        model, chains = self._fitted(), _chains([histories])
        if self.budget is None:
            found = model.emission[viterbi_last(model, chains)]
            return np.pad(found, ((0, 0), (0, max(0, self.actions - found.shape[1]))))
        # Equal columns, those of unseen actions, must tie: a product of matrices would round them apart.
        emission, which = np.unique(model.emission, axis=1, return_inverse=True)
        parts = []
        for start in range(0, len(histories), SCORE_BATCH):
            some = Chains(*(part[start : start + SCORE_BATCH] for part in vars(chains).values()))
            forward, _ = filtered(model, some)
            last = forward[np.arange(len(some.lengths)), some.lengths - 1]
            parts.append((last @ model.transition @ emission)[:, which.reshape(-1)])
        return np.concatenate(parts)

    def state(self) -> dict[str, NDArray[Any]]:
        """Start, transition and emission."""
        return dict(vars(self._fitted()))

    def restore(self, state: Arrays) -> Self:
        """Take the parameters of an equal predictor, instead of ``fit``."""
        self.model = Hmm(**{name: state[name] for name in ("start", "transition", "emission")})
        return self

    def _fitted(self) -> Hmm:
        if self.model is None:
            raise RuntimeError("fit the predictor before scoring")
        return self.model

    def _released(self, windows: Sequences) -> Hmm:
        actions = windows.values[:, ACTION].astype(np.int64).reshape(len(windows), -1)
        model = self._first()
        shuffled = DataLoader(TensorDataset(torch.from_numpy(actions[:, :-1])), len(actions), shuffle=True)
        (inputs,) = next(iter(shuffled))
        chain = inputs.numpy().reshape(1, -1)
        whole = Chains(chain, np.array([chain.shape[1]]), np.ones(1))
        for _ in range(self.settings.iterations):
            model = self._updated(expected_counts(model, whole))
        return model

    def _unified(self, train: Chains, held_out: Chains) -> Hmm:
        model = best = self._first()
        highest = -np.inf
        for step in range(1, self.settings.iterations + 1):
            model = self._updated(expected_counts(model, train))
            model = Hmm(model.start, model.transition, model.emission / model.emission.sum(1, keepdims=True))
            if (reached := log_likelihood(model, held_out)) > highest:
                highest, best, self.best_step = reached, model, step
        return best

    def _first(self) -> Hmm:
        states = min(self.settings.states, self.symbols)
        emission = np.random.rand(states, self.symbols)
        even = np.full((states, states), 1 / states)
        return Hmm(even[0], even, emission / emission.sum(1, keepdims=True))

    def _updated(self, counts: Expected) -> Hmm:
        """The M-step; the release smooths emissions alone and does not normalize what that adds."""
        more = self.settings.smoothing / counts.emissions.shape[1]
        emission = (counts.emissions + more) / counts.emissions.sum(1, keepdims=True)
        transition = counts.moves / counts.moves.sum(1, keepdims=True)
        return Hmm(counts.start / counts.start.sum(), transition, emission)


def _chains(sets: Sequence[Sequences]) -> Chains:
    """Actions of all sets side by side; of several sets each has the same total weight."""
    longest = max(int(one.lengths.max(initial=1)) for one in sets)
    both, size = Sequences.concatenate(list(sets)), sum(len(one) for one in sets)
    symbols = np.zeros((len(both), longest), dtype=np.int64)
    row = np.repeat(np.arange(len(both)), both.lengths)
    symbols[row, np.arange(len(both.values)) - np.repeat(both.offsets[:-1], both.lengths)] = both.values[
        :, ACTION
    ]
    weights = np.concatenate([np.full(len(one), size / len(sets) / max(len(one), 1)) for one in sets])
    return Chains(symbols, both.lengths.astype(np.int64), weights)
