"""The control "seen": what share of a sequence's values training never had (ours).

Paper: none; what any detector has to beat, since the release's attacks bring values that are new (D06).
Reference: none.
Departures: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import FIELDS, Sequences
from smartgen.training.fitted import FittedDetector
from smartgen.training.learned import Arrays


class SeenDetector(FittedDetector):
    """Remembers which values of each field occurred, and nothing else; scores are shares of unseen values."""

    def _fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        self.known = {
            field: np.unique(np.concatenate([one.values[:, field] for one in train]))
            for field in (range(len(FIELDS)) if self.field is None else (self.field,))
        }

    def state(self) -> dict[str, NDArray[Any]]:
        """The known values of each field."""
        found = super().state()
        return found | {FIELDS[field]: values for field, values in self.known.items()}

    def restore(self, state: Arrays) -> Self:
        """Take the known values."""
        self.known = {field: state[name] for field, name in enumerate(FIELDS) if name in state}
        return super().restore(state)

    def behavior_scores(self, sequences: Sequences) -> NDArray[np.float64] | None:
        """(n_behaviors, 4) for each unseen value its share of what is read of a behavior, else 0."""
        self.require_fitted()
        parts = np.zeros(sequences.values.shape)
        for field, unseen in zip(self.known, self._unseen(sequences), strict=True):
            parts[:, field] = unseen / len(self.known)
        return parts

    def _unseen(self, sequences: Sequences) -> list[NDArray[np.bool_]]:
        """(n_behaviors,) whether a value is new, of each field that is read."""
        return [~np.isin(sequences.values[:, field], known) for field, known in self.known.items()]

    def _score(self, sequences: Sequences) -> NDArray[np.float64]:
        unseen = self._unseen(sequences)
        owner = np.repeat(np.arange(len(sequences)), sequences.lengths)
        count = np.bincount(owner, np.sum(unseen, axis=0), len(sequences))
        shares: NDArray[np.float64] = count / (np.maximum(sequences.lengths, 1) * len(self.known))
        return shares
