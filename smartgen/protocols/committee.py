"""Regime ``adapted``: several trained models that answer as one (ours; see ``smartgen.adaptation``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, Sequences

Scores = NDArray[np.float64]
UNKNOWN = 1e-3  # share of an action that a member's sets lack, for its familiarity with a history


class Predictor(Protocol):
    """Ranks actions."""

    logits: bool

    def score(self, histories: Sequences) -> Scores:
        """(n, actions) logits or shares."""


class Detector(Protocol):
    """Scores sequences."""

    def score(self, sequences: Sequences) -> Scores:
        """(n,) scores, higher is more anomalous."""


class PredictorCommittee:
    """A mixture: sum of P(member | history) P_member(action | history).

    P(member | history) is in proportion to the member's weight times its familiarity with the history, so
    that one who never saw such actions has little to say.

    Args:
        sets: of each member, what it trained on.
        actions: size of the vocabulary.
    """

    def __init__(
        self,
        members: Sequence[Predictor],
        weights: Sequence[float],
        sets: Sequence[Sequence[Sequences]],
        actions: int,
    ) -> None:
        self.members, self.weights = members, weights
        self.shares = [
            np.mean(
                [np.bincount(one.values[:, ACTION], minlength=actions) / len(one.values) for one in some],
                axis=0,
            )
            for some in sets
        ]

    def score(self, histories: Sequences) -> Scores:
        """(n, actions) probabilities of what comes next."""
        each = [one.score(histories) for one in self.members]
        priors = [
            weight * familiarity(shares, histories)
            for weight, shares in zip(self.weights, self.shares, strict=True)
        ]
        total = np.sum(priors, axis=0)
        pooled: Scores = np.sum(
            [
                (prior / total)[:, None] * probabilities(scores, member.logits)
                for prior, scores, member in zip(priors, each, self.members, strict=True)
            ],
            axis=0,
        )
        return pooled


def familiarity(shares: Scores, histories: Sequences) -> Scores:
    """(n,) geometric means of the shares that each history's actions have in a training set.

    Args:
        shares: (actions,) of the set; ``UNKNOWN`` is added to each.

    Example:
        >>> history = Sequences.from_lists([[0, 0, 0, 1, 0, 0, 0, 1]])
        >>> familiarity(np.array([0.75, 0.249]), history).round(6).tolist()
        [0.25]
    """
    logs = np.log(shares + UNKNOWN)[histories.values[:, ACTION]]
    owner = np.repeat(np.arange(len(histories)), histories.lengths)
    means = np.bincount(owner, logs, len(histories)) / np.maximum(histories.lengths, 1)
    found: Scores = np.exp(means)
    return found


def probabilities(scores: Scores, logits: bool) -> Scores:
    """(n, actions) scores as probabilities: softmax of logits, shares scaled to a sum of 1.

    Example:
        >>> probabilities(np.array([[1.0, 3.0]]), logits=False).tolist()
        [[0.25, 0.75]]
        >>> probabilities(np.array([[0.0, 0.0]]), logits=True).tolist()
        [[0.5, 0.5]]
    """
    positive = np.exp(scores - scores.max(axis=1, keepdims=True)) if logits else scores
    found: Scores = positive / positive.sum(axis=1, keepdims=True)
    return found


class DetectorCommittee:
    """The mean of the members' ranks by their weights.

    Scores of members are of different scales, since each saw another set. So each one's score becomes the
    share of the held-out sequences, all members' together, that it finds less anomalous: 0 as usual as any,
    1 stranger than all.
    """

    def __init__(
        self, members: Sequence[Detector], weights: Sequence[float], held_out: Sequence[Sequences]
    ) -> None:
        self.members, self.weights = members, weights
        known = Sequences.concatenate(held_out)
        self.known = [np.sort(one.score(known)) for one in members]

    def score(self, sequences: Sequences) -> Scores:
        """(n,) mean ranks from 0 to 1, higher is more anomalous."""
        each = [
            weight * ranks_among(known, one.score(sequences))
            for one, weight, known in zip(self.members, self.weights, self.known, strict=True)
        ]
        pooled: Scores = np.sum(each, axis=0)
        return pooled


def ranks_among(known: Scores, scores: Scores) -> Scores:
    """(n,) the share of known scores below each.

    Args:
        known: (m,) in rising order.

    Example:
        >>> ranks_among(np.array([1.0, 2.0, 2.0, 5.0]), np.array([0.0, 2.0, 9.0])).tolist()
        [0.0, 0.25, 1.0]
    """
    shares: Scores = np.searchsorted(known, scores) / len(known)
    return shares
