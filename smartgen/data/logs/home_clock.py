"""On whose clock the rows of a log are: the rule of time zones (ours)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.clock import MILLISECONDS, WallClock, known_zone, local_offsets
from smartgen.data.logs.events import Events
from smartgen.data.logs.stamps import WALL
from smartgen.data.logs.tally import Tally

TWICE: Final = "time in an hour that came twice, as the clock was set back"
MISSING: Final = "time that was skipped, as the clock was set forward; moved forward"
_HINT: Final = "name the home's with dataset.zone=Europe/Berlin (dataset.zone=UTC if the home lives by it)"

Shown = Callable[[int], tuple[str, str]]  # of a row: where it is, and the time as it is written


class HomeClock:
    """Puts blocks of rows on the home's clock.

    With a zone, days and hours are on its clock, and stamps without a zone are read on it. Without one, each
    stamp is on the clock that it was written with; that clock has to be named, and not by UTC alone.

    Args:
        zone: ``dataset.zone``.
        path: of the log, for messages.
        tally: where mended rows are counted.
    """

    def __init__(self, zone: str | None, path: Path, tally: Tally) -> None:
        self._zone = None if zone is None else known_zone(zone)
        self._wall = None if self._zone is None else WallClock(self._zone)
        self._path, self._tally = path, tally
        self._rows = self._zoneless = 0
        self._twice = [np.empty(0, dtype=np.int64)]
        self._written: dict[int, tuple[str, str]] = {}

    def place(
        self, times: NDArray[np.int64], offsets: NDArray[np.int32], shown: Shown
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """UTC milliseconds and the offsets of the home's clock, of the next block of rows that are kept.

        Args:
            times, offsets: of readable ``Stamps``.
            shown: of a row of the block, for messages.

        Raises:
            SmartgenError: a stamp names no time zone, and ``dataset.zone`` neither.
        """
        walls = np.flatnonzero(offsets == WALL)
        if self._zone is None:
            if len(walls):
                where, text = shown(int(walls[0]))
                raise SmartgenError(f"{self._path}: {where} has {text!r}, which names no time zone; {_HINT}")
            self._remember(offsets, shown)
            return times, offsets
        self._zoneless += len(walls)
        if len(walls):
            times = times.copy()
            times[walls] = self._from_wall(times[walls], walls, shown)
        self._rows += len(times)
        return times, local_offsets(times // MILLISECONDS, self._zone)

    def _remember(self, offsets: NDArray[np.int32], shown: Shown) -> None:
        values, first = np.unique(offsets, return_index=True)
        for value, row in zip(values.tolist(), first.tolist(), strict=True):
            if value not in self._written:
                self._written[value] = shown(row)

    def _from_wall(
        self, local: NDArray[np.int64], rows: NDArray[np.int64], shown: Shown
    ) -> NDArray[np.int64]:
        assert self._wall is not None
        utc, twice, missing = self._wall.to_utc(local)
        self._twice.append(self._rows + rows[twice])
        for what, mask in ((TWICE, twice), (MISSING, missing)):
            if mask.any():
                where, text = shown(int(rows[mask][0]))
                self._tally.repair(what, int(mask.sum()), f"{where}: {text!r}")
        return utc

    def settle(self, events: Events) -> Events:
        """All rows, when the last has been placed: what their order says of hours that came twice.

        Raises:
            SmartgenError: every stamp is UTC, and ``dataset.zone`` is not given.
        """
        if self._zone is None:
            self._check_written()
        elif self._wall is not None:
            if 0 < self._zoneless < self._rows:
                self._tally.note(
                    f"{self._zoneless:,} time stamps name no time zone, {self._rows - self._zoneless:,} do; "
                    "the former are read as the home's own"
                )
            rows = np.concatenate(self._twice)
            events.times[rows] += self._wall.later()
            events.offsets[rows] = local_offsets(events.times[rows] // MILLISECONDS, self._zone)
        return events

    def _check_written(self) -> None:
        clocks = sorted(self._written)
        if clocks == [0]:
            where, text = self._written[0]
            raise SmartgenError(
                f"{self._path}: all time stamps are UTC, as that of {where}, {text!r}, which does not tell "
                f"the home's days and hours; {_HINT}"
            )
        if clocks and clocks[-1] - clocks[0] > 3600:
            told = ", ".join(_offset_text(clock) for clock in clocks[:4])
            self._tally.note(
                f"time stamps are on {len(clocks)} clocks ({told}{', ...' if len(clocks) > 4 else ''}), each "
                "is read on its own; dataset.zone= puts all on the home's"
            )


def _offset_text(seconds: int) -> str:
    """As ISO 8601 has it.

    Example:
        >>> _offset_text(-12600)
        '-03:30'
    """
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
