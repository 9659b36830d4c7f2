"""What LOF, isolation forest and OCSVM share: sequences as rows of numbers, fitted at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import Sequences
from smartgen.data.frequencies import frequencies
from smartgen.data.padding import flat_tokens
from smartgen.training.fitted import FittedDetector
from smartgen.training.learned import Arrays

Rows = NDArray[np.float64]


class RowDetector(FittedDetector):
    """A detector of rows: 40 raw ids under protocol released, frequencies under unified."""

    train: Sequence[Sequences]
    score_rows: Callable[[Rows], Rows]

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        self.train = train
        self.score_rows = self.fit_rows([self.rows(one) for one in train])

    def _score(self, sequences: Sequences) -> Rows:
        distinct, where = np.unique(self.rows(sequences), axis=0, return_inverse=True)
        return self.score_rows(distinct)[where.reshape(-1)]

    def fit_score(self, sequences: Sequences) -> Rows:
        """(n,) scores of the very sequences that it is fitted on (release, D26)."""
        return self.fit([sequences]).score(sequences)

    def state(self) -> dict[str, NDArray[Any]]:
        """The training sequences: scikit-learn keeps models as pickles alone, and fitting again is exact."""
        found = super().state()
        for number, one in enumerate(self.train):
            found |= {f"values_{number}": one.values, f"offsets_{number}": one.offsets}
        return found

    def restore(self, state: Arrays) -> Self:
        """Fit again, with what an equal detector was fitted on."""
        numbers = range(len(state) // 2)
        sets = [Sequences(state[f"values_{i}"], state[f"offsets_{i}"]) for i in numbers]
        self._fit(sets, [])
        return super().restore(state)

    def rows(self, sequences: Sequences) -> Rows:
        """(n, features) of the protocol."""
        if self.unified:
            return frequencies(sequences, self.vocabulary)
        return flat_tokens(sequences, self.vocabulary.pad).astype(np.float64)

    @abstractmethod
    def fit_rows(self, sets: Sequence[Rows]) -> Callable[[Rows], Rows]:
        """What scores rows, after fitting these."""


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
