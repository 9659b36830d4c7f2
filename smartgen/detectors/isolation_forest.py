"""Isolation forest: how few random cuts part a sequence from the others (Table 2).

Paper: F. T. Liu et al., Isolation forest, ICDM 2008.
Reference: the release's use of scikit-learn.
Departures: none under protocol released. Under unified (ours) the rows are frequencies and the seed
is the cell's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smartgen.settings import IsolationForestSettings
from smartgen.training.rows import RowDetector, Rows, balanced


class IsolationForestDetector(RowDetector):
    """scikit-learn's IsolationForest; scores are in (0, 1), the paper's s(x, n)."""

    settings: IsolationForestSettings

    def fit_rows(self, sets: Sequence[Rows]) -> Callable[[Rows], Rows]:
        """Grow the forest."""
        from sklearn.ensemble import IsolationForest

        fixed = self.settings.random_state
        seed = self.seed if self.unified or fixed is None else fixed
        forest = IsolationForest(n_estimators=self.settings.trees, random_state=seed).fit(balanced(sets))
        return lambda rows: -forest.score_samples(rows)
