"""All cosines between the sequences of a group, computed once and then asked by any threshold (ours)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import squareform
from torch import Tensor

from smartgen.stages.ssc.leaders import doubled, norms

# Of all groups together: 40 MB kept, and while they are made thrice that beside the vectors. Beyond, vectors
# are compared as they come.
MAX_PAIRS = 5_000_000
ROWS = 512

Cosines = NDArray[np.float64]


def pairs(sizes: Iterable[int]) -> int:
    """Two by two inside each group."""
    return sum(size * (size - 1) // 2 for size in sizes)


def all_cosines(vectors: Sequence[Tensor]) -> Cosines:
    """(n (n - 1) / 2,) cosines of every two of n vectors, in double precision and in SciPy's condensed order.

    Args:
        vectors: (rows, width) blocks, one behind the other. A zero vector has cosine 0 to all.
    """
    wide = doubled(torch.cat(list(vectors)))
    length = norms(wide)
    found = np.empty((len(wide), len(wide)))
    for start in range(0, len(wide), ROWS):
        some = slice(start, start + ROWS)
        found[some] = ((wide[some] @ wide.T) / (length[some, None] * length)).clamp(max=1).cpu().numpy()
    condensed: Cosines = squareform(found, force="tovector", checks=False)
    return condensed


def select_among(cosines: Cosines, count: int, threshold: float) -> NDArray[np.int64]:
    """Positions of the vectors that ``leaders.select`` keeps, from the cosines of all ``count`` of them.

    Example:
        >>> select_among(all_cosines([torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])]), 3, 0.8).tolist()
        [0, 2]
    """
    if count < 2:  # the condensed form of one vector and of none is the same
        return np.arange(count)
    near = squareform(cosines > threshold)
    kept, dropped = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    for i in range(count):
        if not dropped[i]:
            kept[i] = True
            dropped |= near[i]
    return np.flatnonzero(kept)
