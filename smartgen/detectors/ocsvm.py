"""One-class support vector machine: how far outside a boundary around the training data (Table 2).

Paper: B. Schoelkopf et al., Estimating the support of a high-dimensional distribution, Neural Comput. 2001.
Reference: the release's use of scikit-learn.
Departures: none under protocol released. Under unified (ours) the rows are frequencies, equal ones enter once
with their weight, which has the same solution, and the kernel's width follows the data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from smartgen.settings import OcsvmSettings
from smartgen.training.rows import RowDetector, Rows, weighted


class OcsvmDetector(RowDetector):
    """scikit-learn's OneClassSVM; the score is minus its decision value, 0 on the boundary."""

    settings: OcsvmSettings

    def fit_rows(self, sets: Sequence[Rows]) -> Callable[[Rows], Rows]:
        """Find the boundary."""
        from sklearn.svm import OneClassSVM

        nu = self.settings.nu
        if self.unified:
            rows, weights = weighted(sets)
            gamma = self.settings.unified_gamma or scale(rows, weights)
            machine = OneClassSVM(nu=nu, gamma=gamma).fit(rows, sample_weight=weights)
        else:
            machine = OneClassSVM(nu=nu, gamma=self.settings.gamma).fit(np.concatenate(sets))
        return lambda others: -machine.decision_function(others)


def scale(rows: Rows, weights: Rows) -> float:
    """1 / (features x variance), scikit-learn's choice, of rows that count by their weights.

    Example:
        >>> scale(np.array([[0.0], [1.0]]), np.array([1.5, 0.5]))  # as of 0, 0, 0, 1
        5.333333333333333
    """
    shares = weights / weights.sum()
    mean = float(shares @ rows.mean(axis=1))
    variance = float(shares @ ((rows - mean) ** 2).mean(axis=1))
    return 1 / (rows.shape[1] * variance) if variance else 1.0
