"""LOF: how much thinner a sequence's neighborhood is than its neighbors' (Table 2).

Paper: M. M. Breunig et al., LOF: identifying density-based local outliers, SIGMOD 2000.
Reference: the release's use of scikit-learn.
Departures: neighbors come from a k-d tree, which settles ties of distance alike on every machine. Of 40
columns scikit-learn by itself compares all with all, and which of equally near neighbors it then takes hangs
on the processor (two of the nine cells move, by up to 0.0025 in precision and 0.0022 in F1). Under unified
(ours) only distinct training rows count, since twenty copies would make a neighborhood without extent; unlike
sets are laid together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.settings import LofSettings
from smartgen.training.rows import RowDetector, Rows


class LofDetector(RowDetector):
    """scikit-learn's LocalOutlierFactor; the score is the factor, about 1 for what is usual."""

    settings: LofSettings

    def fit_score(self, sequences: Sequences) -> Rows:
        """(n,) factors of the fitted sequences, none its own neighbor."""
        from sklearn.neighbors import LocalOutlierFactor

        rows = self.rows(sequences)
        fitted = LocalOutlierFactor(n_neighbors=self._neighbors(rows), algorithm="kd_tree").fit(rows)
        factors: Rows = -fitted.negative_outlier_factor_
        return factors

    def fit_rows(self, sets: Sequence[Rows]) -> Callable[[Rows], Rows]:
        """Fit for scoring others."""
        from sklearn.neighbors import LocalOutlierFactor

        rows = np.concatenate(sets)
        # Of unified's many columns a tree is slower than comparing all with all, whose ties may hang on the
        # processor and on the threads; the threads are fixed, and unified has no published number to meet.
        rows, how = (np.unique(rows, axis=0), "brute") if self.unified else (rows, "kd_tree")
        fitted = LocalOutlierFactor(n_neighbors=self._neighbors(rows), novelty=True, algorithm=how).fit(rows)
        return lambda others: -fitted.score_samples(others)

    def _neighbors(self, rows: Rows) -> int:
        if len(rows) < 2:
            raise SmartgenError("lof has one training row, expected at least two distinct ones")
        return min(self.settings.neighbors, len(rows) - 1)
