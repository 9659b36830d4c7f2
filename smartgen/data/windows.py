"""From a time-stamped log to raw sequences: weekdays and hour buckets, and windows of a few behaviors."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import IntArray, Sequences

LONGEST = 10  # behaviors of a raw sequence at most (release)
HOUR = 3600
DAY = 24 * HOUR
BUCKET = 3 * HOUR
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday


def day_and_hour(times: IntArray) -> NDArray[np.int64]:
    """(n, 2) weekday 0-6 (Monday 0) and 3-hour bucket 0-7 of time stamps in seconds since 1970.

    The time stamps are read on their own clock: for local days and hours, pass local seconds.

    Example:
        >>> day_and_hour(np.array([0, 4 * 86400 + 7 * 3600])).tolist()  # Thursday 00:00, Monday 07:00
        [[3, 0], [0, 2]]
    """
    seconds = np.asarray(times, dtype=np.int64)
    return np.stack([(seconds // DAY + _EPOCH_WEEKDAY) % 7, seconds % DAY // BUCKET], axis=1)


def windows(
    values: IntArray,
    times: IntArray,
    length: int = LONGEST,
    daily: bool = True,
    clock: IntArray | None = None,
    seams: NDArray[np.bool_] | None = None,
) -> Sequences:
    """Cut a log into consecutive raw sequences of at most `length` behaviors, in time order.

    The release's raw sequences hold at most 10 behaviors; how they were cut is not released. With `daily`
    every calendar day begins a window of its own, so that the same morning is cut at the same places week
    after week; windows that run on fall anywhere into a routine and hardly ever repeat (ours).

    Args:
        values: (n, 4) behaviors in time order.
        times: (n,) seconds since 1970, none earlier than the one before.
        length: behaviors of a window, at least 1.
        daily: whether a new calendar day begins a new window.
        clock: (n,) seconds on the clock that days are counted by; None: that of the time stamps.
        seams: (n,) behaviors that begin a window of their own, since others lay before them; None: none.

    Raises:
        ValueError: no positive length, another shape, or times that go back.

    Example:
        >>> log = np.array([[0, 2, 5, 9], [0, 2, 5, 8], [0, 7, 1, 1], [1, 2, 5, 9]])
        >>> stamps = np.array([370800, 370860, 426000, 457200])
        >>> windows(log, stamps, length=2).lengths.tolist()
        [2, 1, 1]
        >>> windows(log, stamps, length=2, daily=False).lengths.tolist()
        [2, 2]
    """
    stamps = np.asarray(times, dtype=np.int64).reshape(-1)
    if length < 1:
        raise ValueError(f"a window needs a length of at least 1, not {length}")
    if np.shape(values) != (len(stamps), 4):
        raise ValueError(f"expected {len(stamps)} behaviors of 4 fields, got an array of {np.shape(values)}")
    if (np.diff(stamps) < 0).any():
        raise ValueError("windows need behaviors in time order; sort them by time first")
    days = np.asarray(stamps if clock is None else clock, dtype=np.int64) // DAY
    new = days[1:] != days[:-1] if daily else np.zeros(max(len(days) - 1, 0), dtype=bool)
    begins = np.flatnonzero(new if seams is None else new | seams[1:]) + 1
    bounds = np.concatenate([[0], begins, [len(stamps)]])
    # Each stretch's first behaviors, then every `length` behaviors; days are few where behaviors are many.
    starts = [np.arange(a, b, length) for a, b in itertools.pairwise(bounds.tolist())]
    return Sequences(values, np.concatenate([*starts, [len(stamps)]]).astype(np.int64), stamps)
