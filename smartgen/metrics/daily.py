"""A log counted by days: how often each device, hour and transition occurs on each of them (ours).

A day is 24 hours of the home's clock, counted back from the last full hour of the log: wherever the log ends,
every day has every hour once. (A day cut off at the last behavior would begin and end by that behavior.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartgen.core.types import IntArray
from smartgen.data.vocabulary import HOURS
from smartgen.data.windows import BUCKET, DAY, HOUR
from smartgen.metrics.divergence import Integers

FAMILIES = ("devices", "hours", "transitions")
BLOCK = 1 << 20  # behaviors that are worked on at once
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
    end = (int(times[-1]) + int(offsets[-1])) // HOUR * HOUR
    blocks = [slice(start, start + BLOCK + 1) for start in range(0, len(times), BLOCK)]
    first = min(int((times[part].astype(np.int64) + offsets[part]).min()) for part in blocks)
    days, width = max((end - first) // DAY, 0), int(np.max(actions)) + 1
    found = {name: _Occurrences(max(days, 1)) for name in FAMILIES}
    for part in blocks:  # each with the first behavior of the next one, for the step to it
        seconds = times[part].astype(np.int64)
        clock = seconds + offsets[part]
        day = (end - 1 - clock) // DAY
        kept = (day >= 0) & (day < days)
        step = kept[:-1] & (day[:-1] == day[1:]) & (np.diff(seconds) <= MAX_GAP_HOURS * HOUR)
        kept[BLOCK:] = False
        pairs = actions[part][:-1][step].astype(np.int64) * width + actions[part][1:][step]
        found["devices"].add(day[kept], devices[part][kept])
        found["hours"].add(day[kept], clock[kept] % DAY // BUCKET)
        found["transitions"].add(day[:-1][step], pairs)
    lived = found["hours"].days()
    transitions = found["transitions"].table(lived)
    tables = {
        "devices": found["devices"].table(lived),
        "hours": found["hours"].table(lived, np.arange(len(HOURS))),
        "transitions": Table(np.stack(np.divmod(transitions.categories, width), axis=1), transitions.counts),
    }
    return Daily(end, days, lived, tables)


class _Occurrences:
    """How often a code occurs on a day, added up block by block: a log of years need not lie there twice.

    Args:
        days: above all days.
    """

    def __init__(self, days: int) -> None:
        self._days = days
        self._keys, self._counts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]

    def add(self, day: Integers, codes: IntArray) -> None:
        """(n,) days and codes of a block's occurrences."""
        keys, counts = np.unique(codes.astype(np.int64) * self._days + day, return_counts=True)
        self._keys.append(keys)
        self._counts.append(counts)

    def days(self) -> Integers:
        """Those with an occurrence, ascending."""
        return np.unique(np.concatenate(self._keys) % self._days)

    def table(self, lived: Integers, categories: Integers | None = None) -> Table:
        """Of these days, and of the codes that occur unless others are given; both ascending."""
        codes, day = np.divmod(np.concatenate(self._keys), self._days)
        known = np.unique(codes) if categories is None else categories
        counts = np.zeros((len(lived), len(known)), dtype=np.int64)
        places = np.searchsorted(lived, day), np.searchsorted(known, codes)
        np.add.at(counts, places, np.concatenate(self._counts))
        return Table(known, counts)
