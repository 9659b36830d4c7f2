"""How far each sequence lies from its nearest neighbor in a log: a normalised edit distance (ours)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences

Codes = NDArray[np.int32]
# A habit that is followed on another weekday is no new one, so the day does not tell behaviors apart.
HABIT = (HOUR, DEVICE, ACTION)
PAD = -1  # behind the last behavior of a row; equals no code


def nearest_distances(
    sequences: Sequences, log: Sequences, fields: Sequence[int] = HABIT
) -> NDArray[np.float64]:
    """(n,) the smallest normalised edit distance of each sequence to any sequence of a log.

    Insertions, deletions and substitutions of behaviors (Levenshtein), divided by the longer sequence's
    number of behaviors: 0 is the same, 1 needs every behavior changed.

    Args:
        log: what is searched, one sequence at least.
        fields: what must be equal for two behaviors to be; by default all but the day.

    Raises:
        ValueError: an empty log.

    Example:
        >>> log = Sequences.from_lists([[0, 2, 5, 9, 0, 3, 5, 8], [6, 7, 1, 1]])
        >>> written = Sequences.from_lists([[4, 2, 5, 9, 4, 3, 5, 8], [0, 2, 5, 9, 0, 3, 1, 1], [6, 0, 1, 1]])
        >>> nearest_distances(written, log).tolist()
        [0.0, 0.5, 1.0]
    """
    if not len(log):
        raise ValueError("there is no nearest sequence in an empty log")
    rows, known = _coded(sequences, log, fields)
    distinct, which = np.unique(rows, axis=0, return_inverse=True)
    columns = np.ascontiguousarray(np.unique(known, axis=0).T)
    lengths = (columns != PAD).sum(axis=0)
    found = np.array([_nearest(row[row != PAD], columns, lengths) for row in distinct])
    return found[which.reshape(-1)] if len(rows) else np.zeros(0)


def edit_distances(row: Codes, columns: Codes, lengths: NDArray[np.integer]) -> NDArray[np.int16]:
    """(k,) Levenshtein distances of one row of codes to k others at once.

    Args:
        row: (m,) codes, none of them the pad.
        columns: (width, k) the others, one a column, padded at the end.
        lengths: (k,) codes in each column.

    Example:
        >>> edit_distances(np.array([1, 2, 3]), np.array([[1, 2], [3, -1]]), np.array([2, 1])).tolist()
        [1, 2]
    """
    steps = np.arange(len(columns) + 1, dtype=np.int16)[:, None]
    costs = np.repeat(steps, columns.shape[1], axis=1)
    for code in row:
        kept_or_swapped = costs[:-1] + (columns != code)
        first = costs[:1] + np.int16(1)
        cheapest = np.concatenate([first, np.minimum(kept_or_swapped, costs[1:] + np.int16(1))])
        # An insertion costs 1 a step, so the running minimum of cost less steps tries all of them.
        costs = np.minimum.accumulate(cheapest - steps, axis=0) + steps
    ends: NDArray[np.int16] = costs[lengths, np.arange(columns.shape[1])]
    return ends


def _nearest(row: Codes, columns: Codes, lengths: NDArray[np.integer]) -> float:
    """The smallest distance; only columns that could still be nearer are compared."""
    longer = np.maximum(np.maximum(lengths, len(row)), 1)
    shared = np.minimum(np.isin(columns, row).sum(axis=0), len(row))
    bounds = 1 - shared / longer  # what is not shared has to be changed
    best = 1.0
    for bound in np.unique(bounds):
        if bound >= best:
            break
        near = np.flatnonzero(bounds == bound)
        found = edit_distances(row, columns[:, near], lengths[near]) / longer[near]
        best = min(best, float(found.min()))
    return best


def _coded(sequences: Sequences, log: Sequences, fields: Sequence[int]) -> tuple[Codes, Codes]:
    """Both as padded rows of one code a behavior, equal where these fields are."""
    habits = [part.values[:, list(fields)] for part in (sequences, log)]
    codes = np.unique(np.concatenate(habits), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int32)
    cut = len(habits[0])
    return _padded(codes[:cut], sequences.lengths), _padded(codes[cut:], log.lengths)


def _padded(codes: Codes, lengths: NDArray[np.integer]) -> Codes:
    rows = np.full((len(lengths), int(lengths.max(initial=0))), PAD, dtype=np.int32)
    rows[np.arange(rows.shape[1]) < lengths[:, None]] = codes
    return rows
