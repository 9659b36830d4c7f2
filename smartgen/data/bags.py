"""Sequences as bags of tokens: what is equal stands once, with its number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Bags(NamedTuple):
    """Token rows without repeats.

    Args:
        tokens: (rows, width) ids, padded on the right.
        counts: (rows, width) how often each occurs in its row; 0 at pads.
        weights: (rows, width) each token's share of a loss; they sum to 1.
    """

    tokens: NDArray[np.int64]
    counts: NDArray[np.float32]
    weights: NDArray[np.float32]

    def widened(self, width: int, pad: int) -> Bags:
        """The same with pads on the right up to this width; wider ones stay as they are."""
        more = ((0, 0), (0, max(0, width - self.tokens.shape[1])))
        tokens = np.pad(self.tokens, more, constant_values=pad)
        return Bags(tokens, np.pad(self.counts, more), np.pad(self.weights, more))


def bags(tokens: NDArray[np.int64], pad: int, *, ordered: bool = False, by_row: bool = False) -> Bags:
    """Merge equal rows, and equal tokens of a row.

    A network without positions cannot tell a row from its tokens' number, so its loss on the bags is that on
    the rows; only dropout, drawn once for what was merged, can tell them apart.

    Args:
        tokens: (n, length) ids, padded on the right; every row has one at least.
        ordered: positions count: tokens of a row stay apart, and rows are equal only in the same order.
        by_row: every row weighs the same; else every token does.

    Example:
        >>> found = bags(np.array([[3, 1, 3], [2, 9, 9], [1, 3, 3]]), pad=9)
        >>> found.tokens.tolist(), found.counts.tolist()
        ([[1, 3], [2, 9]], [[1.0, 2.0], [1.0, 0.0]])
    """
    rows = tokens if ordered else np.sort(tokens, axis=1)  # the pad is the largest id
    distinct, first, copies = np.unique(rows, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)  # as they come, so that a row more at the end leaves the others where they are
    distinct, copies = distinct[order], copies[order]
    sizes = (distinct != pad).sum(axis=1)
    merged, counts = (distinct, (distinct != pad).astype(np.float32)) if ordered else _merged(distinct, pad)
    weights = counts * copies[:, None].astype(np.float32)
    if by_row:
        weights /= sizes[:, None]
    return Bags(merged, counts, weights / weights.sum())


def _merged(rows: NDArray[np.int64], pad: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Equal tokens of each sorted row once, with their numbers."""
    count, length = rows.shape
    new = np.ones(rows.shape, dtype=bool)
    new[:, 1:] = rows[:, 1:] != rows[:, :-1]
    new &= rows != pad
    row, _ = new.nonzero()
    place = (np.cumsum(new, axis=1) - 1)[new]
    merged = np.full((count, int(new.sum(axis=1).max())), pad, dtype=np.int64)
    counts = np.zeros(merged.shape, dtype=np.float32)
    merged[row, place] = rows[new]
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], rows.size)
    last = (row + 1) * length - (rows == pad).sum(axis=1)[row]  # behind the row's last real token
    counts[row, place] = np.minimum(ends, last) - starts
    return merged, counts
