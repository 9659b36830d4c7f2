"""From sequences to prediction cases: what was seen, and the action that came next."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, IntArray, Sequences

SHORTEST = 2  # behaviors of a sequence that has anything to predict


class Cases(NamedTuple):
    """Prediction cases, in the order of their sequences.

    Args:
        histories: what comes before each wanted behavior; nothing of that behavior itself.
        wanted: (n,) its action.
        owner: (n,) the sequence that the case is of.
        last: (n,) whether it is the sequence's last behavior.
    """

    histories: Sequences
    wanted: NDArray[np.int64]
    owner: NDArray[np.int64]
    last: NDArray[np.bool_]


def usable(sequences: Sequences) -> Sequences:
    """The sequences of two behaviors or more; others have nothing to predict.

    Example:
        >>> len(usable(Sequences.from_lists([[0, 2, 5, 9], [0, 2, 5, 9, 0, 3, 5, 8]])))
        1
    """
    return sequences.take(np.flatnonzero(sequences.lengths >= SHORTEST))


def cases(sequences: Sequences) -> Cases:
    """Every behavior from the second on as a case.

    Example:
        >>> found = cases(Sequences.from_lists([[0, 2, 5, 9, 0, 3, 5, 8, 0, 3, 5, 7]]))
        >>> found.wanted.tolist(), found.histories.lengths.tolist(), found.last.tolist()
        ([8, 7], [1, 2], [False, True])
    """
    lengths = sequences.lengths
    count = np.maximum(lengths - 1, 0)
    owner = np.repeat(np.arange(len(sequences)), count)
    starts = sequences.offsets[:-1]
    seen = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + 1
    histories = _pieces(sequences, starts[owner], seen)
    wanted = sequences.values[starts[owner] + seen, ACTION].astype(np.int64)
    return Cases(histories, wanted, owner, seen == lengths[owner] - 1)


def recent(sequences: Sequences, count: int) -> Sequences:
    """The last behaviors of each sequence, ``count`` at most.

    Example:
        >>> recent(Sequences.from_lists([[0, 2, 5, 9, 0, 3, 5, 8]]), 1).to_lists()
        [[0, 3, 5, 8]]
    """
    kept = np.minimum(sequences.lengths, count)
    return _pieces(sequences, sequences.offsets[1:] - kept, kept)


def action_windows(sequences: Sequences, length: int, pad: int) -> NDArray[np.int64]:
    """(n, length) ids of the last actions, filled up on the left.

    Example:
        >>> action_windows(Sequences.from_lists([[0, 2, 5, 9, 0, 3, 5, 8]]), length=3, pad=99).tolist()
        [[99, 9, 8]]
    """
    tail = recent(sequences, length)
    windows = np.full((len(tail), length), pad, dtype=np.int64)
    row = np.repeat(np.arange(len(tail)), tail.lengths)
    back = np.repeat(tail.offsets[1:], tail.lengths) - np.arange(len(tail.values))
    windows[row, length - back] = tail.values[:, ACTION]
    return windows


def content_hashes(sequences: Sequences) -> NDArray[np.uint64]:
    """(n,) 64 bits of each sequence's content; equal where it is, in any set."""
    digests = [hashlib.blake2b(content, digest_size=8).digest() for content in sequences.contents()]
    return np.frombuffer(b"".join(digests), dtype="<u8")


def _pieces(sequences: Sequences, starts: IntArray, lengths: IntArray) -> Sequences:
    """Pieces of the behaviors laid end to end; they may overlap."""
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - starts, lengths)
    return Sequences(sequences.values[rows], offsets)
