"""A log counted by days: how often each device, hour and transition occurs on each of them (ours).

A day is 24 hours of the home's clock, counted back from the last full hour of the log: wherever the log ends,
every day has every hour once. (A day cut off at the last behavior would begin and end by that behavior.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartgen.core.types import IntArray
from smartgen.data.vocabulary import HOURS
from smartgen.data.windows import DAY, HOUR
from smartgen.metrics.divergence import Integers

FAMILIES = ("devices", "hours", "transitions")
MAX_GAP_HOURS = 9  # longer gaps part sequences (TSS)


@dataclass(frozen=True)
class Table:
    """One family of categories, counted by days.

    Args:
        categories: (c,) device ids or hour buckets, or (c, 2) ids of an action and the next one.
        counts: (days, c) how often each occurs; row 0 is the newest day that has a behavior.
    """

    categories: Integers
    counts: Integers

    def newest(self, rows: int) -> Table:
        """The newest rows alone, with what occurs on them."""
        counts = self.counts[:rows]
        occurs = counts.any(axis=0)
        return Table(self.categories[occurs], counts[:, occurs])


@dataclass(frozen=True)
class Daily:
    """A log by whole days, the newest first. Days without a behavior are no rows: a log may be full of holes.

    Args:
        end: seconds since 1970 on the home's clock; day k is the 24 h before ``end - k * 24 h``.
        days: whole days between the first behavior and the end.
        lived: (rows,) those with a behavior, ascending; day 0 is the newest.
        tables: by the names of ``FAMILIES``; hours are the eight buckets of 3 h that the models read.
    """

    end: int
    days: int
    lived: Integers
    tables: dict[str, Table]


def daily(times: IntArray, offsets: IntArray, devices: IntArray, actions: IntArray) -> Daily:
    """Count a log by days.

    What follows the last full hour and what precedes the first whole day is left out. A transition is an
    action and the next one on the same day, at most 9 h later.

    Args:
        times: (n,) seconds since 1970, UTC, none earlier than the one before; one behavior at least.
        offsets: (n,) seconds by which the home's clock is ahead of UTC then.
        devices, actions: (n,) ids.

    Example:
        >>> times = np.array([0, 7200, 86400 + 7200, 86400 + 10800])
        >>> found = daily(times, np.zeros(4, int), np.array([5, 6, 5, 5]), np.array([1, 2, 1, 3]))
        >>> found.days, found.lived.tolist(), found.end // 3600, found.tables["devices"].counts.tolist()
        (1, [0], 27, [[1]])
        >>> found.tables["hours"].counts.tolist()
        [[1, 0, 0, 0, 0, 0, 0, 0]]
    """
    seconds, clock = np.asarray(times, dtype=np.int64), np.asarray(times, dtype=np.int64) + offsets
    end = int(clock[-1] // HOUR * HOUR)
    days = max(int((end - clock.min()) // DAY), 0)
    day = (end - 1 - clock) // DAY
    kept = (day >= 0) & (day < days)
    lived, row = np.unique(day[kept], return_inverse=True)
    rows = np.zeros(len(day), dtype=np.int64)
    rows[kept] = row.reshape(-1)
    step = kept[:-1] & (day[:-1] == day[1:]) & (np.diff(seconds) <= MAX_GAP_HOURS * HOUR)
    buckets = clock[kept] % DAY // (3 * HOUR)
    pairs = np.stack([actions[:-1][step], actions[1:][step]], axis=1).astype(np.int64)
    tables = {
        "devices": _table(np.asarray(devices, dtype=np.int64)[kept], rows[kept], len(lived)),
        "hours": Table(np.arange(len(HOURS)), _counted(buckets, len(HOURS), rows[kept], len(lived))),
        "transitions": _pair_table(pairs, rows[:-1][step], len(lived)),
    }
    return Daily(end, days, lived, tables)


def _table(codes: Integers, row: Integers, rows: int) -> Table:
    categories, which = np.unique(codes, return_inverse=True)
    return Table(categories, _counted(which.reshape(-1), len(categories), row, rows))


def _pair_table(pairs: Integers, row: Integers, rows: int) -> Table:
    width = int(pairs.max(initial=0)) + 1
    coded = _table(pairs[:, 0] * width + pairs[:, 1], row, rows)
    return Table(np.stack(np.divmod(coded.categories, width), axis=1), coded.counts)


def _counted(which: Integers, width: int, row: Integers, rows: int) -> Integers:
    """(rows, width) occurrences."""
    flat = np.bincount(row * width + which, minlength=rows * width)
    return flat.reshape(rows, width).astype(np.int64)
