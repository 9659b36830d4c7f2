"""The clock of a home: how far it is ahead of UTC at any instant, and back from wall clock to UTC (ours)."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError

MILLISECONDS: Final = 1000
JITTER_MILLISECONDS: Final = 5000  # rows of one log may trade places by so much without a clock set back
_FIRST: Final = int(datetime(1969, 12, 30, tzinfo=UTC).timestamp())
_LAST: Final = int(datetime(2101, 1, 3, tzinfo=UTC).timestamp())
_STEP: Final = 12 * 3600  # no zone sets its clock twice within so short a time

Times = NDArray[np.int64]
Mask = NDArray[np.bool_]


def known_zone(name: str) -> ZoneInfo:
    """The time zone of a name.

    Raises:
        SmartgenError: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: "Europe" is a folder
        meant = _alike(name) or "Europe/Berlin"
        raise SmartgenError(
            f"dataset.zone is {name!r}, which is no known time zone; write it as dataset.zone={meant}"
        ) from error


def _alike(name: str) -> str | None:
    """The zone that was probably meant: its city alone, other case, a letter wrong."""
    # No abbreviations: CEST is near EST in letters alone, and Etc/GMT+1 is behind UTC.
    named = (zone for zone in sorted(available_timezones()) if "/" in zone and not zone.startswith("Etc/"))
    zones = {zone.lower(): zone for zone in named}
    cities = {zone.rpartition("/")[2].lower(): zone for zone in zones.values()}
    wanted = name.strip().lower().replace(" ", "_")
    for table in (zones, cities):
        if close := difflib.get_close_matches(wanted, table, 1, 0.8):
            return table[close[0]]
    return None


def local_offsets(seconds: Times, zone: ZoneInfo) -> NDArray[np.int32]:
    """Seconds by which the zone's clock is ahead of UTC.

    Args:
        seconds: (n,) int64 seconds since 1970, UTC, of 1970 to 2100; others have the nearest offset.

    Returns:
        (n,) int32.

    Example:
        >>> local_offsets(np.array([1711846799, 1711846800]), ZoneInfo("Europe/Berlin")).tolist()
        [3600, 7200]
    """
    at, offsets = _transitions(zone)
    return offsets[np.searchsorted(at, seconds, side="right")]


@lru_cache(maxsize=64)
def _transitions(zone: ZoneInfo) -> tuple[Times, NDArray[np.int32]]:
    """When the clock is set, (k,) UTC seconds, and the offsets before, between and after, (k + 1,)."""
    at, offsets = [], [_offset(_FIRST, zone)]
    for end in range(_FIRST + _STEP, _LAST, _STEP):
        offset = _offset(end, zone)
        if offset != offsets[-1]:
            at.append(_first_with(offset, end - _STEP, end, zone))
            offsets.append(offset)
    return np.array(at, dtype=np.int64), np.array(offsets, dtype=np.int32)


def _first_with(offset: int, before: int, end: int, zone: ZoneInfo) -> int:
    """The first second of (before, end] that has the offset of ``end``, by halving."""
    while end - before > 1:
        middle = (before + end) // 2
        before, end = (before, middle) if _offset(middle, zone) == offset else (middle, end)
    return end


def _offset(second: int, zone: ZoneInfo) -> int:
    ahead = datetime.fromtimestamp(second, zone).utcoffset()
    assert ahead is not None  # a ZoneInfo knows it of every instant
    return int(ahead.total_seconds())


class WallClock:
    """Wall-clock times of a log, block by block, as UTC.

    Where the clock is set back, an hour comes twice, and a time in it does not say which is meant. The order
    of the rows may: where they go back by more than ``JITTER_MILLISECONDS`` inside the hour, its second turn
    has begun (in a log with the newest row first: where they go forward). Without such a sign all
    are of the first turn. Where the clock is set forward, an hour is missing; times in it move forward by
    what is missing.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        at, offsets = _transitions(zone)
        before, after = offsets[:-1].astype(np.int64), offsets[1:].astype(np.int64)
        self._ends = (at + np.maximum(before, after)) * MILLISECONDS  # of repeated and missing hours
        self._offsets = offsets.astype(np.int64) * MILLISECONDS
        back = np.append(self._offsets[:-1] - self._offsets[1:], 0)
        self._back = back  # by how much the clock is set back next; below 0: forward
        self._starts = np.append(self._ends, np.iinfo(np.int64).max) - np.abs(back)
        self._rows = 0
        self._rising = 0
        self._last: Times = np.empty(0, dtype=np.int64)
        self._twice = [np.empty((3, 0), dtype=np.int64)]  # row, time, next set of the clock

    def to_utc(self, local: Times) -> tuple[Times, Mask, Mask]:
        """The next block of rows; those of a repeated hour are taken for its first turn, see ``later``.

        Args:
            local: (n,) int64 milliseconds since 1970 on the wall clock, in the order of the log.

        Returns:
            (n,) int64 milliseconds UTC; (n,) which times come twice; (n,) which do not exist.
        """
        place = np.searchsorted(self._ends, local, side="right")
        near = local >= self._starts[place]
        back = self._back[place]
        twice, missing = near & (back > 0), near & (back < 0)
        rows = np.flatnonzero(twice)
        self._twice.append(np.stack([rows + self._rows, local[rows], place[rows]]))
        steps = np.diff(local, prepend=self._last if len(local) else local)
        self._rising += int((steps > 0).sum()) - int((steps < 0).sum())
        self._rows += len(local)
        self._last = local[-1:].copy() if len(local) else self._last
        return local - self._offsets[place], twice, missing

    def later(self) -> Times:
        """What the order of all rows so far says of those whose times come twice.

        Returns:
            (k,) int64 milliseconds to add to each of them, in their order; 0 for those of the first turn.
        """
        rows, local, place = np.concatenate(self._twice, axis=1)
        order = slice(None, None, 1 if self._rising >= 0 else -1)
        second = _second_turn(rows[order], local[order], place[order])[order]
        return np.where(second, self._back[place], 0)


def _second_turn(rows: Times, local: Times, place: Times) -> Mask:
    """Which rows follow a step back in time, within a run of neighboring rows of one repeated hour."""
    second = np.zeros(len(rows), dtype=np.bool_)
    breaks = np.flatnonzero((np.abs(np.diff(rows)) > 1) | (np.diff(place) != 0)) + 1
    for run in np.split(np.arange(len(rows)), breaks):
        fallen = np.maximum.accumulate(local[run]) - local[run] > JITTER_MILLISECONDS
        second[run] = np.logical_or.accumulate(fallen)
    return second


def to_utc(local: Times, zone: ZoneInfo) -> tuple[Times, Mask, Mask]:
    """A whole log's wall-clock times as UTC; `WallClock` says how.

    Args:
        local: (n,) int64 milliseconds since 1970 on the wall clock, in the order of the log.

    Returns:
        (n,) int64 milliseconds UTC; (n,) which times come twice; (n,) which do not exist.

    Example:
        >>> half_past_two = np.array([1729996200000])  # 2024-10-27 02:30, and 60 minutes later again
        >>> [column.tolist() for column in to_utc(half_past_two, ZoneInfo("Europe/Berlin"))]
        [[1729989000000], [True], [False]]
    """
    clock = WallClock(zone)
    utc, twice, missing = clock.to_utc(local)
    utc[twice] += clock.later()
    return utc, twice, missing
