"""When a behavior happened: a time stamp, or weekday and hours in the vocabulary's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.stamps import moment_in, number_stamps
from smartgen.data.vocabulary import DAYS, HOURS
from smartgen.scoring.words import shown

BUCKET = 3  # hours
STAMP = "2024-05-01T07:03:00+02:00"
SINCE = "seconds or milliseconds since 1970"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """A time as models read it.

    Args:
        day: 0-6, Monday 0.
        hour: bucket 0-7 of three hours.
        stamp: on the clock that day and hour were read from; None where only these were told.
        utc: whether that clock is UTC because nobody named another.
    """

    day: int
    hour: int
    stamp: datetime | None = None
    utc: bool = False


def moment_of(told: Mapping[str, Any], zone: tzinfo | None = None) -> Moment:
    """The moment of ``time``, or else of ``day`` and ``hour``.

    Args:
        told: a behavior as JSON has it.
        zone: the home's; a stamp that says how far it is from UTC is read on this clock. None: on its own.

    Example:
        >>> one = moment_of({"time": "2024-05-01T07:03:00+02:00"})
        >>> one.day, one.hour  # a Wednesday, 6 to 9
        (2, 2)
        >>> moment_of({"day": "Monday", "hour": 2}).hour
        2

    Raises:
        SmartgenError: no time, or none that can be read.
    """
    if told.get("time") is not None:
        return _stamped(told["time"], zone)
    day, hour = told.get("day"), told.get("hour")
    if day is None or hour is None:
        raise SmartgenError("has no time; expected time, or day and hour")
    return Moment(_number("day", day, DAYS), _number("hour", hour, HOURS))


def gap(before: Moment, after: Moment) -> timedelta:
    """From one behavior to the next: exact of time stamps, else of weekdays and buckets, as TSS has it.

    Example:
        >>> gap(Moment(6, 7), Moment(0, 1)).total_seconds() / 3600  # Sunday 21-24, Monday 3-6
        6.0
    """
    if before.stamp is None or after.stamp is None:
        hours = 24 * (after.day - before.day) + BUCKET * (after.hour - before.hour)
        return timedelta(hours=hours % (24 * len(DAYS)))
    if before.stamp.tzinfo is None or after.stamp.tzinfo is None:
        return after.stamp.replace(tzinfo=None) - before.stamp.replace(tzinfo=None)
    # Of two stamps in one zone Python takes the difference of the clocks, which jump twice a year.
    return timedelta(seconds=after.stamp.timestamp() - before.stamp.timestamp())


def same_day(before: Moment, after: Moment) -> bool:
    """Whether both are of one calendar day; without time stamps, of one weekday."""
    if before.stamp is None or after.stamp is None:
        return before.day == after.day
    return before.stamp.date() == after.stamp.date()


def _stamped(told: Any, zone: tzinfo | None) -> Moment:
    try:
        stamp = _read(told)
        if zone is not None and stamp.tzinfo is not None:
            stamp = stamp.astimezone(zone)
    except (TypeError, ValueError, OverflowError) as error:
        raise SmartgenError(f"has time {shown(told)}, expected one like {STAMP}, or {SINCE}") from error
    utc = zone is None and stamp.tzinfo is not None and not stamp.utcoffset()
    return Moment(stamp.weekday(), stamp.hour // BUCKET, stamp, utc)


def _read(told: Any) -> datetime:
    """As the log reader does."""
    if isinstance(told, bool):
        raise TypeError
    found = moment_in(told) if isinstance(told, str) else float(told)
    if found is None:
        raise ValueError
    return found if isinstance(found, datetime) else _instant(found)


def _instant(number: float) -> datetime:
    """Of seconds or milliseconds since 1970; their size tells which, as in a log."""
    stamps = number_stamps(np.array([number]))
    if not stamps.readable[0]:
        raise ValueError
    return EPOCH + timedelta(milliseconds=int(stamps.times[0]))


def _number(field: str, told: Any, words: tuple[str, ...]) -> int:
    if isinstance(told, str) and told in words:
        return words.index(told)
    if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < len(words):
        return told
    last = len(words) - 1
    raise SmartgenError(f"has {field} {shown(told)}, expected {words[0]} to {words[-1]}, or 0 to {last}")
