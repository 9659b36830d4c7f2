"""Greedy selection: a sequence stays unless one kept before it is too similar (paper equations 9 to 11)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Single precision computes a cosine to about 1e-6; comparisons closer than this are made in double.
DOUBTFUL = 1e-5
BLOCK = 512


class Leaders:
    """Keeps vectors in order: each one whose cosine to all kept before it is at most ``threshold``.

    Vectors come in blocks; only the kept ones stay in memory, never a matrix of all pairs. The choice is that
    of the plain loop over pairs in double precision, whatever the blocks.

    Args:
        threshold: cosine above which a vector is dropped.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._kept = torch.empty(0, 0)
        self.count = 0

    def add(self, vectors: Tensor) -> NDArray[np.bool_]:
        """(n, width) further vectors -> (n,) true where one is kept."""
        vectors = vectors.float()
        chosen = torch.zeros(len(vectors), dtype=torch.bool)
        free = (~self._near(vectors)).nonzero()[:, 0]
        near = _above(vectors[free], vectors[free], self.threshold).cpu().numpy()
        dropped = np.zeros(len(free), dtype=bool)
        for i in range(len(free)):
            if not dropped[i]:
                dropped |= near[i]
                chosen[free[i]] = True
        self._keep(vectors[chosen.to(vectors.device)])
        return chosen.numpy()

    def _near(self, vectors: Tensor) -> Tensor:
        """(n,) true where some kept vector is too similar."""
        found = torch.zeros(len(vectors), dtype=torch.bool, device=vectors.device)
        for some in self._kept[: self.count].split(4 * BLOCK) if self.count else ():
            open_ = (~found).nonzero()[:, 0]
            found[open_] = _above(vectors[open_], some, self.threshold).any(1)
        return found

    def _keep(self, vectors: Tensor) -> None:
        needed = self.count + len(vectors)
        if needed > len(self._kept):
            grown = vectors.new_empty(max(needed, 2 * len(self._kept)), vectors.shape[1])
            if self.count:
                grown[: self.count] = self._kept[: self.count]
            self._kept = grown
        self._kept[self.count : needed] = vectors
        self.count = needed


def select(blocks: Iterable[Tensor], threshold: float) -> NDArray[np.int64]:
    """Positions of the kept vectors over all blocks.

    Example:
        >>> select([torch.tensor([[1.0, 0.0], [0.9, 0.1]]), torch.tensor([[0.0, 1.0]])], 0.8).tolist()
        [0, 2]
    """
    leaders = Leaders(threshold)
    kept = [leaders.add(part) for block in blocks for part in block.split(BLOCK)]
    return np.flatnonzero(np.concatenate(kept)) if kept else np.zeros(0, dtype=np.int64)


def _above(rows: Tensor, others: Tensor, threshold: float) -> Tensor:
    """(rows, others) whether the cosine of two vectors is above the threshold; that of a zero vector is 0."""
    cosines = (rows @ others.T) / norms(rows)[:, None] / norms(others)
    above = cosines > threshold
    row, other = ((cosines - threshold).abs() < DOUBTFUL).nonzero(as_tuple=True)
    for some_rows, some_others in zip(row.split(BLOCK), other.split(BLOCK), strict=True):
        exact = exact_cosines(rows[some_rows], others[some_others])
        above[some_rows, some_others] = (exact > threshold).to(above.device)
    return above


def exact_cosines(a: Tensor, b: Tensor) -> Tensor:
    """(n,) cosines of the rows of two matrices, in double precision; rounding lifts none above 1."""
    a, b = doubled(a), doubled(b)
    return ((a * b).sum(1) / (norms(a) * norms(b))).clamp(max=1)


def doubled(vectors: Tensor) -> Tensor:
    """In double precision; on the processor where the accelerator, Apple's, has none."""
    return vectors.cpu().double() if vectors.device.type == "mps" else vectors.double()


def norms(vectors: Tensor) -> Tensor:
    """(n,) lengths of vectors, those of zero vectors next to nothing."""
    return vectors.norm(dim=1).clamp_min(torch.finfo(torch.float32).tiny)
