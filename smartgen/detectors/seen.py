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

    def _score(self, sequences: Sequences) -> NDArray[np.float64]:
        unseen = [~np.isin(sequences.values[:, field], known) for field, known in self.known.items()]
        owner = np.repeat(np.arange(len(sequences)), sequences.lengths)
        count = np.bincount(owner, np.sum(unseen, axis=0), len(sequences))
        shares: NDArray[np.float64] = count / (np.maximum(sequences.lengths, 1) * len(self.known))
        return shares
