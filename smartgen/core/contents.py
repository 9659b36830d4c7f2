"""Which sequences are equal, over millions of them, and which pairs of ids they hold."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

# Odd numbers without a pattern, one a field and one for positions; products wrap at 64 bits.
_FIELDS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
_STIR, _STEP = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0xD6E8FEB86659FD93)


def first_of_each(values: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of the sequences that do not occur before, ascending (ours).

    Exact: sequences of one fingerprint are compared, and where two differ, all are told apart by their bytes.

    Args:
        values: (n_behaviors, 4) ids, the behaviors of all sequences one after another.
        offsets: (n_sequences + 1,) where each sequence begins, and the last one ends.
    """
    marks = fingerprints(values, offsets)
    _, first, group = np.unique(marks, return_index=True, return_inverse=True)
    if not _equal_to(values, offsets, first[group]):
        return _first_by_bytes(values, offsets)
    return np.sort(first)


def fingerprints(values: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(n_sequences,) 64 bits of each content, length and order included; equal contents have equal ones."""
    mixed = np.zeros(len(values), dtype=np.uint64)
    for column, factor in enumerate(_FIELDS):
        mixed += values[:, column].astype(np.uint64) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(29)
    mixed *= _STIR
    mixed ^= mixed >> np.uint64(32)
    lengths = np.diff(offsets)
    position = np.arange(len(values), dtype=np.int64) - np.repeat(offsets[:-1], lengths)
    mixed *= position.view(np.uint64) * _STEP | np.uint64(1)  # an odd factor loses nothing
    marks = lengths.astype(np.uint64)
    filled = lengths > 0
    if filled.any():
        marks[filled] += np.add.reduceat(mixed, offsets[:-1][filled])
    return marks


def pair_counts(left: NDArray[np.int32], right: NDArray[np.int32]) -> dict[tuple[int, int], int]:
    """How often each pair of ids occurs, ascending by the left one, then the right one."""
    codes, counts = np.unique((left.astype(np.int64) << 32) + right, return_counts=True)
    first = (codes + 2**31) >> 32
    pairs = zip(first.tolist(), (codes - (first << 32)).tolist(), strict=True)
    return dict(zip(pairs, counts.tolist(), strict=True))


def _equal_to(values: NDArray[np.int32], offsets: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether each sequence equals the one at its position in ``other``."""
    lengths = np.diff(offsets)
    if not np.array_equal(lengths, lengths[other]):
        return False
    moved = np.repeat(offsets[other] - offsets[:-1], lengths)
    moved += np.arange(len(values))
    return np.array_equal(values[moved], values)


def _first_by_bytes(values: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    raw, bounds = values.tobytes(), (offsets * 16).tolist()
    seen: dict[bytes, int] = {}
    for position, (start, end) in enumerate(itertools.pairwise(bounds)):
        seen.setdefault(raw[start:end], position)
    return np.fromiter(seen.values(), dtype=np.int64)
