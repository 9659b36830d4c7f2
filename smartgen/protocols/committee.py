"""Regime ``adapted``: several trained models that answer as one (ours; see ``smartgen.adaptation``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, Sequences

Scores = NDArray[np.float64]
MEMBER = "member_{}."  # before the names of a member's arrays
UNKNOWN = 1e-3  # share of an action that a member's sets lack, for its familiarity with a history


class Model(Protocol):
    """Can be kept."""

    def state(self) -> dict[str, NDArray[Any]]:
        """What was learned, as arrays by name."""


class Predictor(Model, Protocol):
    """Ranks actions."""

    logits: bool

    def score(self, histories: Sequences) -> Scores:
        """(n, actions) logits or shares."""


class Detector(Model, Protocol):
    """Scores sequences."""

    def score(self, sequences: Sequences) -> Scores:
        """(n,) scores, higher is more anomalous."""


class PredictorCommittee:
    """A mixture: sum of P(member | history) P_member(action | history).

    P(member | history) is in proportion to the member's weight times its familiarity with the history, so
    that one who never saw such actions has little to say.

    Args:
        shares: (members, actions) of each action in what a member trained on.

    Attributes:
        logits: no; what it gives are probabilities.
    """

    logits = False

    def __init__(self, members: Sequence[Predictor], weights: Sequence[float], shares: Scores) -> None:
        self.members, self.weights, self.shares = members, weights, shares

    @classmethod
    def of(
        cls,
        members: Sequence[Predictor],
        weights: Sequence[float],
        sets: Sequence[Sequence[Sequences]],
        actions: int,
    ) -> Self:
        """Of members that were just trained.

        Args:
            sets: of each member, what it trained on.
            actions: size of the vocabulary.
        """
        shares = [
            np.mean(
                [np.bincount(one.values[:, ACTION], minlength=actions) / len(one.values) for one in some],
                axis=0,
            )
            for some in sets
        ]
        return cls(members, weights, np.stack(shares))

    def state(self) -> dict[str, NDArray[Any]]:
        """What the members learned, and what weighs them."""
        return _state(self.members) | {"weights": np.array(self.weights), "shares": self.shares}

    @classmethod
    def restored(cls, members: Sequence[Predictor], state: Mapping[str, NDArray[Any]]) -> Self:
        """Of members that were restored from this state."""
        return cls(members, state["weights"].tolist(), state["shares"])

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

    Args:
        known: (members, held-out sequences) each member's scores of these in rising order.
    """

    def __init__(self, members: Sequence[Detector], weights: Sequence[float], known: Scores) -> None:
        self.members, self.weights, self.known = members, weights, known

    @classmethod
    def of(cls, members: Sequence[Detector], weights: Sequence[float], held_out: Sequence[Sequences]) -> Self:
        """Of members that were just trained, and what was held out of their sets."""
        known = Sequences.concatenate(held_out)
        return cls(members, weights, np.stack([np.sort(one.score(known)) for one in members]))

    def state(self) -> dict[str, NDArray[Any]]:
        """What the members learned, and what their scores are ranked among."""
        return _state(self.members) | {"weights": np.array(self.weights), "known": self.known}

    @classmethod
    def restored(cls, members: Sequence[Detector], state: Mapping[str, NDArray[Any]]) -> Self:
        """Of members that were restored from this state."""
        return cls(members, state["weights"].tolist(), state["known"])

    def score(self, sequences: Sequences) -> Scores:
        """(n,) mean ranks from 0 to 1, higher is more anomalous."""
        each = [
            weight * ranks_among(known, one.score(sequences))
            for one, weight, known in zip(self.members, self.weights, self.known, strict=True)
        ]
        pooled: Scores = np.sum(each, axis=0)
        return pooled

    def explained(self, sequences: Sequences) -> tuple[Scores, Scores | None]:
        """``score``, and what each behavior has to do with it (``FittedDetector.behavior_scores``).

        Each member's rank of a sequence is shared out by its behaviors' parts, and these are averaged by the
        weights, so that a sequence's score is again the mean over its behaviors. None where a member gives no
        parts.
        """
        each, pooled = [], []
        for one, weight, known in zip(self.members, self.weights, self.known, strict=True):
            scores, parts = explained_by(one, sequences)
            each.append(weight * ranks_among(known, scores))
            if parts is not None:
                pooled.append(shared_out(each[-1], parts, sequences))
        whole: Scores = np.sum(each, axis=0)
        return whole, np.sum(pooled, axis=0) if len(pooled) == len(each) else None

    def behavior_scores(self, sequences: Sequences) -> Scores | None:
        """(n_behaviors,) or (n_behaviors, 4) parts of the ranks."""
        return self.explained(sequences)[1]


def explained_by(detector: Any, sequences: Sequences) -> tuple[Scores, Scores | None]:
    """A detector's ``explained``, which one that was added without a base class may lack."""
    if not hasattr(detector, "explained"):
        return detector.score(sequences), None
    scores, parts = detector.explained(sequences)
    return scores, parts


def shared_out(scores: Scores, parts: Scores, sequences: Sequences) -> Scores:
    """Other parts in the same proportions within a sequence, whose mean over its behaviors is the score.

    Args:
        scores: (n,) of the sequences.
        parts: (n_behaviors,) or (n_behaviors, fields), none below 0; where all are 0 they count the same.

    Example:
        >>> one = Sequences.from_lists([[0, 0, 0, 1, 0, 0, 0, 2]])
        >>> shared_out(np.array([0.5]), np.array([1.0, 3.0]), one).tolist()
        [0.25, 0.75]
    """
    columns = parts.reshape(len(parts), -1)
    owner = np.repeat(np.arange(len(sequences)), sequences.lengths)
    means = np.bincount(owner, columns.sum(axis=1), len(sequences)) / np.maximum(sequences.lengths, 1)
    of_each = means[owner][:, None]
    even = np.full(columns.shape, 1 / columns.shape[1])
    shares = np.divide(columns, of_each, out=even, where=of_each > 0)
    found: Scores = (scores[owner][:, None] * shares).reshape(parts.shape)
    return found


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


def _state(members: Sequence[Model]) -> dict[str, NDArray[Any]]:
    return {
        MEMBER.format(number) + name: array
        for number, one in enumerate(members)
        for name, array in one.state().items()
    }
