"""The control "seen": what share of a sequence's values training never had (ours).

Paper: none; what any detector has to beat, since the release's attacks bring values that are new (D06).
Reference: none.
Departures: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import FIELDS, Sequences
from smartgen.data.vocabulary import Vocabulary


class SeenDetector:
    """Remembers which values of each field occurred, and nothing else.

    Args:
        field: the one field that is looked at; None: all four.
    """

    best_step = 0

    def __init__(
        self, vocabulary: Vocabulary, settings: object, budget: object, field: int | None, *_: object
    ) -> None:
        self.fields = list(range(len(FIELDS))) if field is None else [field]
        self.known: dict[int, NDArray[np.int32]] = {}

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences] = ()) -> Self:
        """Note the values; what is held out is not looked at."""
        for field in self.fields:
            self.known[field] = np.unique(np.concatenate([one.values[:, field] for one in train]))
        return self

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n,) shares of unseen values, 0 to 1."""
        if not self.known:
            raise RuntimeError("fit the detector before scoring")
        unseen = [~np.isin(sequences.values[:, field], self.known[field]) for field in self.fields]
        owner = np.repeat(np.arange(len(sequences)), sequences.lengths)
        count = np.bincount(owner, np.sum(unseen, axis=0), len(sequences))
        shares: NDArray[np.float64] = count / (np.maximum(sequences.lengths, 1) * len(self.fields))
        return shares
