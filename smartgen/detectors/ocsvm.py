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

        gamma = self.settings.unified_gamma if self.unified else self.settings.gamma
        machine = OneClassSVM(nu=self.settings.nu, gamma="scale" if gamma is None else gamma)
        if self.unified:
            rows, weights = weighted(sets)
            machine.fit(rows, sample_weight=weights)
        else:
            machine.fit(np.concatenate(sets))
        return lambda others: -machine.decision_function(others)
