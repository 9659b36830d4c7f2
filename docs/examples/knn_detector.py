"""k nearest neighbors: how far a sequence is from those that it is most like.

Paper: S. Ramaswamy et al., Efficient algorithms for mining outliers from large data sets, SIGMOD 2000.
Reference: none; scikit-learn's NearestNeighbors.
Departures: only distinct training rows count, so that copies are no neighborhood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.settings import DetectorSettings
from smartgen.training.rows import RowDetector, Rows


@dataclass
class KnnSettings(DetectorSettings):
    """conf/detector/knn.yaml."""

    neighbors: int = 3

    def __post_init__(self) -> None:
        if self.neighbors < 1:
            raise SmartgenError(f"detector.neighbors is {self.neighbors}, expected 1 or more")


class KnnDetector(RowDetector):
    """The score is the mean distance to the nearest training rows."""

    def fit_rows(self, sets: Sequence[Rows]) -> Callable[[Rows], Rows]:
        """Keep the rows of all sets, and look for neighbors among them."""
        from sklearn.neighbors import NearestNeighbors

        rows = np.unique(np.concatenate(sets), axis=0)
        near = NearestNeighbors(n_neighbors=min(self.settings.neighbors, len(rows))).fit(rows)
        return lambda others: near.kneighbors(others)[0].mean(axis=1)
