"""Aegis: a Markov chain over a home's states; unlikely sequences are anomalies (Table 2).

Paper: A. K. Sikder et al., Aegis: a context-aware security framework for smart home systems, ACSAC 2019.
Reference: the release's Markov chain.
Departures: none under protocol released, where day, hour, device and action are states of one chain. Under
unified (ours) the states are actions, counts have one added, and the first step is from a state before the
sequence, so that a sequence of one behavior has a probability too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, Sequences
from smartgen.data.padding import flat_tokens, padded
from smartgen.settings import AegisSettings
from smartgen.training.fitted import FittedDetector


class AegisDetector(FittedDetector):
    """Counts steps between states; the score is minus the logarithm of what a sequence's steps are likely.

    Under released the decimal logarithm of their product, under unified the natural one's mean over steps.
    """

    settings: AegisSettings
    log_steps: NDArray[np.float64]
    learned: ClassVar[tuple[str, ...]] = ("log_steps",)

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        counts = [self._counts(one) for one in train]
        total = sum(float(one.sum()) for one in counts)
        # Each set's equal part of all steps, so that what is added keeps its meaning.
        mixed = sum(one * (total / len(counts) / max(one.sum(), 1.0)) for one in counts)
        steps = mixed + (1.0 if self.unified else self.settings.smoothing)
        if self.unified:
            steps[:, -1] = 0  # nothing leads back to the state before the sequence
        log = np.log if self.unified else np.log10
        with np.errstate(divide="ignore"):  # that state is never scored
            self.log_steps = log(steps / steps.sum(axis=1, keepdims=True))

    def _score(self, sequences: Sequences) -> NDArray[np.float64]:
        states, real = self._states(sequences)
        found = np.where(real[:, 1:], self.log_steps[states[:, :-1], states[:, 1:]], 0.0)
        steps = np.maximum(real[:, 1:].sum(axis=1), 1) if self.unified else 1
        scores: NDArray[np.float64] = -found.sum(axis=1) / steps
        return scores

    def behavior_scores(self, sequences: Sequences) -> NDArray[np.float64] | None:
        """(n_behaviors,) minus the logarithm of how likely the step to each action is (protocol unified)."""
        if not self.unified:
            return None
        self.require_fitted()
        states, real = self._states(sequences)
        parts: NDArray[np.float64] = -self.log_steps[states[:, :-1], states[:, 1:]][real[:, 1:]]
        return parts

    def _counts(self, sequences: Sequences) -> NDArray[np.float64]:
        states, real = self._states(sequences)
        counts = np.zeros((self._size, self._size))
        np.add.at(counts, (states[:, :-1][real[:, 1:]], states[:, 1:][real[:, 1:]]), 1)
        return counts

    @property
    def _size(self) -> int:
        return len(self.vocabulary.actions) + 1 if self.unified else self.vocabulary.pad + 1

    def _states(self, sequences: Sequences) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """(n, length) states, and where they are no pads."""
        pad = self.vocabulary.pad
        if not self.unified:
            tokens = flat_tokens(sequences, pad)
            return tokens, tokens != pad
        actions = padded(sequences, pad, int(sequences.lengths.max(initial=1)))[:, :, ACTION]
        before = np.full((len(sequences), 1), len(self.vocabulary.actions))
        real = np.concatenate([np.ones_like(before, dtype=bool), actions != pad], axis=1)
        return np.where(real, np.concatenate([before, actions], axis=1), 0), real
