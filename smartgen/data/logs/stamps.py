"""Time stamps as they stand in a table: ISO 8601 with or without an offset, or numbers since 1970 (ours)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from operator import itemgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

WALL: Final = int(np.iinfo(np.int32).min)  # in place of an offset: the stamp names no time zone
EXPECTED: Final = "ISO 8601, or seconds or milliseconds since 1970"
_FIRST: Final = int(np.datetime64("1990-01-01", "ms").astype(np.int64))
_END: Final = int(np.datetime64("2101-01-01", "ms").astype(np.int64))
_TO_MILLISECONDS: Final = ((1e11, 1e3), (1e14, 1.0), (1e17, 1e-3), (1e20, 1e-6))  # s, ms, us, ns


@dataclass(frozen=True)
class Stamps:
    """The time stamps of a block of rows.

    Args:
        times: (n,) int64 milliseconds since 1970: UTC, or on the wall clock where the stamp names no zone.
        offsets: (n,) int32 seconds that the stamp is ahead of UTC, 0 of numbers; ``WALL``: it names no zone.
        readable: (n,) whether it is a time of the years 1990 to 2100; the rest of a row means nothing else.
    """

    times: NDArray[np.int64]
    offsets: NDArray[np.int32]
    readable: NDArray[np.bool_]

    @classmethod
    def of(cls, times: NDArray[np.int64], offsets: NDArray[np.int32]) -> Stamps:
        """Readable are the times that are in range."""
        return cls(times, offsets, (times >= _FIRST) & (times < _END))


def number_stamps(values: NDArray[np.float64]) -> Stamps:
    """Numbers since 1970, UTC; their size tells seconds from milli-, micro- and nanoseconds.

    Example:
        >>> number_stamps(np.array([1709276400.5, 1709276400500, np.nan])).times.tolist()[:2]
        [1709276400500, 1709276400500]
    """
    size, scaled = np.abs(values), np.full(len(values), -1.0)
    lower = 0.0
    for upper, factor in _TO_MILLISECONDS:
        here = (size >= lower) & (size < upper)
        scaled[here] = values[here] * factor
        lower = upper
    return Stamps.of(np.rint(scaled * 1e3).astype(np.int64) // 1000, np.zeros(len(values), np.int32))


def text_stamps(texts: Sequence[str]) -> Stamps:
    """Texts of any of the forms that there are, mixed or not.

    Example:
        >>> stamps = text_stamps(["2024-03-01T07:00:00+01:00", "2024-03-01 07:00", "1709276400", "soon"])
        >>> stamps.times.tolist()[:3], stamps.offsets.tolist()[:1], stamps.readable.tolist()
        ([1709272800000, 1709276400000, 1709276400000], [3600], [True, True, True, False])
    """
    quick = _all_numbers(texts) or _all_iso(texts)
    return quick or _mixed([moment_in(text) for text in texts])


def _all_numbers(texts: Sequence[str]) -> Stamps | None:
    try:
        return number_stamps(np.fromiter(map(float, texts), np.float64, len(texts)))
    except ValueError:
        return None


def _all_iso(texts: Sequence[str]) -> Stamps | None:
    """Stamps with a dash after the year and a time after the day; None if there is any other."""
    try:
        heads = set(map(itemgetter(4, 10), texts))
        if any(dash != "-" for dash, _ in heads):
            return None
        return _moments(list(map(datetime.fromisoformat, texts)))
    except (ValueError, IndexError):
        return None


def _moments(found: Sequence[datetime]) -> Stamps:
    """Moments that all have an offset, or all have none."""
    clocks = [moment.tzinfo for moment in found]
    kinds = dict.fromkeys(clocks)
    if None not in kinds:
        micros = np.fromiter((moment.timestamp() for moment in found), np.float64, len(found)) * 1e6
        times = np.rint(micros).astype(np.int64) // 1000
        ahead = {clock: _seconds(clock) for clock in kinds}
        return Stamps.of(times, np.fromiter(map(ahead.__getitem__, clocks), np.int32, len(clocks)))
    if len(kinds) == 1:
        walls = np.array(found, dtype="datetime64[us]").astype(np.int64) // 1000
        return Stamps.of(walls, np.full(len(found), WALL, np.int32))
    return _mixed(found)


def _seconds(clock: tzinfo | None) -> int:
    """The offset of a clock that ``fromisoformat`` has made, which is a fixed one."""
    ahead = None if clock is None else clock.utcoffset(None)
    return int((ahead or timedelta()).total_seconds())


def moment_in(text: str) -> datetime | float | None:
    """One stamp; None: cannot be read."""
    text = text.strip()
    try:
        return float(text)
    except ValueError:
        pass
    for name in (" UTC", " Z", " GMT"):
        text = f"{text.removesuffix(name)}Z" if text.endswith(name) else text
    if len(text) > 17 and text[-6] in "+-" and text[-7] == " ":  # "07:00:00 +01:00"
        text = text[:-7] + text[-6:]
    try:
        return datetime.fromisoformat(text) if len(text) > 10 else None  # a day alone has no hour
    except ValueError:
        return None


def _mixed(found: Sequence[datetime | float | None]) -> Stamps:
    """Moments of any kind, each kind on its own."""
    times, offsets = np.full(len(found), -1, np.int64), np.zeros(len(found), np.int32)
    kinds = [_kind(moment) for moment in found]
    for kind in set(kinds) - {"none"}:
        rows = np.flatnonzero(np.array(kinds) == kind)
        same = [found[row] for row in rows.tolist()]
        if kind == "number":
            stamps = number_stamps(np.array(same, dtype=np.float64))
        else:
            stamps = _moments([moment for moment in same if isinstance(moment, datetime)])
        times[rows], offsets[rows] = stamps.times, stamps.offsets
    return Stamps.of(times, offsets)


def _kind(moment: datetime | float | None) -> str:
    if moment is None:
        return "none"
    if isinstance(moment, float):
        return "number"
    return "wall" if moment.tzinfo is None else "aware"
