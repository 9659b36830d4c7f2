"""What LOF, isolation forest and OCSVM share: sequences as rows of numbers, fitted at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.frequencies import frequencies
from smartgen.data.padding import flat_tokens
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import UnifiedProtocolSettings

Rows = NDArray[np.float64]


class RowDetector:
    """A detector of rows: raw ids under protocol released, frequencies under unified.

    Args:
        vocabulary: the home's.
        settings: the detector's own.
        budget: of protocol unified; None takes rows of 40 raw ids, as the release does.
        seed: of what is drawn, if anything is.
    """

    best_step = 0

    def __init__(
        self,
        vocabulary: Vocabulary,
        settings: Any,
        budget: UnifiedProtocolSettings | None,
        field: int | None,
        trainer: object,
        seed: int,
        logger: object = None,
    ) -> None:
        self.vocabulary, self.settings, self.seed = vocabulary, settings, seed
        self.unified = budget is not None
        self.score_rows: Callable[[Rows], Rows] | None = None

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences] = ()) -> Self:
        """Fit on sets that count the same; what is held out is not looked at."""
        if not all(map(len, train)):
            raise SmartgenError(f"a training set of {self.settings.name} is empty; expected sequences")
        self.score_rows = self.fit_rows([self.rows(one) for one in train])
        return self

    def score(self, sequences: Sequences) -> Rows:
        """(n,) scores, higher is more anomalous; equal sequences score bit-equal."""
        if self.score_rows is None:
            raise RuntimeError("fit the detector before scoring")
        distinct, where = np.unique(self.rows(sequences), axis=0, return_inverse=True)
        return self.score_rows(distinct)[where.reshape(-1)]

    def fit_score(self, sequences: Sequences) -> Rows:
        """(n,) scores of the very sequences that it is fitted on (release, D26)."""
        return self.fit([sequences]).score(sequences)

    def rows(self, sequences: Sequences) -> Rows:
        """(n, features) of the protocol."""
        if self.unified:
            return frequencies(sequences, self.vocabulary)
        return flat_tokens(sequences, self.vocabulary.pad).astype(np.float64)

    def fit_rows(self, sets: Sequence[Rows]) -> Callable[[Rows], Rows]:
        """What scores rows, after fitting these."""
        raise NotImplementedError


def balanced(sets: Sequence[Rows]) -> Rows:
    """One set in which each counts the same: smaller ones are gone through again and again.

    Example:
        >>> balanced([np.array([[1.0]]), np.array([[2.0], [3.0], [4.0]])]).ravel().tolist()
        [1.0, 1.0, 1.0, 2.0, 3.0, 4.0]
    """
    most = max(map(len, sets))
    return np.concatenate([one[np.arange(most) % len(one)] for one in sets])


def weighted(sets: Sequence[Rows]) -> tuple[Rows, Rows]:
    """Each distinct row once, and its weight: sets count the same, weights are 1 in the mean.

    Example:
        >>> rows, weights = weighted([np.array([[1.0], [1.0], [2.0], [3.0]])])
        >>> rows.ravel().tolist(), weights.tolist()
        ([1.0, 2.0, 3.0], [1.5, 0.75, 0.75])
    """
    shares = np.concatenate([np.full(len(one), 1 / len(one)) for one in sets])
    distinct, where = np.unique(np.concatenate(sets), axis=0, return_inverse=True)
    weights = np.bincount(where.reshape(-1), shares, len(distinct))
    return distinct, weights / weights.mean()
