"""A home's log, whatever it was read from: behaviors in time order, and what happened to its rows."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.keys import canonical_json
from smartgen.core.paths import typed_path
from smartgen.core.types import Sequences
from smartgen.data.logs.events import MILLISECONDS, Events
from smartgen.data.logs.learned import learned_vocabulary
from smartgen.data.logs.tally import Tally
from smartgen.data.vocabulary import Vocabulary
from smartgen.data.windows import day_and_hour, windows
from smartgen.logs_settings import LogsSettings

FORMATS = ("auto", "csv", "parquet", "home_assistant")
BLOCK = 1 << 20  # behaviors whose days and hours are worked out at once
SAMPLE = 16  # bytes that tell a file's format

Reader = Callable[[LogsSettings, Path, Tally], Events]


@dataclass(frozen=True)
class Log:
    """The behaviors of one home in time order.

    Args:
        path: of the file.
        format: what it was read as.
        vocabulary: learned from it.
        times: (n,) int64 seconds since 1970, UTC, ascending.
        offsets: (n,) int32 seconds by which the home's clock is ahead of UTC then.
        actions: (n,) int32 ids.
        tally: what happened to the rows.
        zone: time zone of the home, as the settings or the log itself name it; None: each stamp on its own.
    """

    path: Path
    format: str
    vocabulary: Vocabulary
    times: NDArray[np.int64]
    offsets: NDArray[np.int32]
    actions: NDArray[np.int32]
    tally: Tally
    zone: str | None = None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def clock(self) -> NDArray[np.int64]:
        """(n,) seconds on the home's own clock; where it is set back they go back."""
        return self.times + self.offsets

    @property
    def devices(self) -> NDArray[np.int32]:
        """(n,) ids."""
        return self._device_of[self.actions]

    @cached_property
    def _device_of(self) -> NDArray[np.int32]:
        """Each action's device: the one that its name begins with."""
        ids = self.vocabulary.ids[2]
        names = (action.partition(":")[0] for action in self.vocabulary.actions)
        return np.array([ids[name] for name in names], dtype=np.int32)

    def sequences(self, chosen: NDArray[np.bool_] | None = None) -> Sequences:
        """Raw sequences: at most ten behaviors of one calendar day on the home's clock.

        Args:
            chosen: (n,) which behaviors; None: all. Where others lay between two of them a sequence ends:
                they never followed each other.
        """
        rows = slice(None) if chosen is None else chosen
        seams: NDArray[np.bool_] | None = None
        if chosen is not None:
            left_out = np.zeros(len(chosen), dtype=bool)  # the behavior before
            left_out[1:] = ~chosen[:-1]
            seams = left_out[chosen]
        times, offsets, actions = self.times[rows], self.offsets[rows], self.actions[rows]
        values = np.empty((len(times), 4), dtype=np.int32)
        for start in range(0, len(times), BLOCK):
            part = slice(start, start + BLOCK)
            values[part, :2] = day_and_hour(times[part] + offsets[part])
        values[:, 2], values[:, 3] = self._device_of[actions], actions
        for array in (values, times):
            array.setflags(write=False)
        return windows(values, times, clock=times + offsets, seams=seams)


def read_log(settings: LogsSettings) -> Log:
    """Read, sort and check a log.

    A log that this process has read before, and whose file is as it was, is not read again.

    Raises:
        SmartgenError: names what is wrong with the file or a setting.
    """
    if settings.path is None:
        raise SmartgenError("dataset.path is missing, expected the file of a home's log; see docs/home.md")
    path = typed_path(settings.path)
    if path.is_dir():
        raise SmartgenError(f"{path}: is a folder, expected the file of a home's log")
    try:
        path.stat()
    except OSError as error:
        raise SmartgenError(
            f"{path}: cannot be read ({error.strerror}); dataset.path names a log's file"
        ) from error
    except ValueError as error:  # a NUL, or half a character, of which no file system makes a name
        raise SmartgenError(f"dataset.path is {str(path)!r}, expected a name that a file can have") from error
    return _read(canonical_json(settings), tuple(_state(file) for file in settings.files))


def _state(file: Path) -> tuple[int, int] | None:
    """What tells a file from what it was before; None where there is none."""
    try:
        found = file.stat()
    except (OSError, ValueError):  # also a name that no file can have; who reads it says so
        return None
    return (found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else None


@lru_cache(maxsize=2)
def _read(settings_text: str, _states: tuple[tuple[int, int] | None, ...]) -> Log:
    settings, tally = LogsSettings(**json.loads(settings_text)), Tally()
    path = settings.files[0]
    kind = file_format(path) if settings.format == "auto" else settings.format
    events = _reader(kind)(settings, path, tally)
    return assemble(events, settings, path, kind, tally)


def file_format(path: Path) -> str:
    """What a file is, by its first bytes.

    Raises:
        SmartgenError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            first = stream.read(SAMPLE)
    except OSError as error:
        raise SmartgenError(f"{path}: cannot be read ({error.strerror})") from error
    if first.startswith(b"SQLite format 3\0"):
        return "home_assistant"
    return "parquet" if first.startswith(b"PAR1") else "csv"


def _reader(kind: str) -> Reader:
    if kind == "home_assistant":
        from smartgen.data.logs.home_assistant import read_home_assistant

        return read_home_assistant
    from smartgen.data.logs.tables import read_csv, read_parquet

    return read_parquet if kind == "parquet" else read_csv


def assemble(events: Events, settings: LogsSettings, path: Path, kind: str, tally: Tally) -> Log:
    """A log from a reader's rows: in time order, each row once, with the vocabulary that it shows.

    The columns of ``events`` are sorted where they are: twenty million rows are there once.

    Raises:
        SmartgenError: nothing is left, or ``dataset.actions`` and ``dataset.off_actions`` name no actions.
    """
    if not len(events.times):
        raise SmartgenError(f"{path}: {reasons(tally)}")
    _sort(events, tally)
    times, offsets, actions = _without_repeats(events, tally)
    used = np.unique(actions)
    vocabulary = learned_vocabulary([events.names[i] for i in used.tolist()], events.idle, settings)
    ids = np.full(len(events.names), -1, dtype=np.int32)
    ids[used] = [vocabulary.ids[3][events.names[i]] for i in used.tolist()]
    zone = events.zone or settings.zone
    return Log(path, kind, vocabulary, times // MILLISECONDS, offsets, ids[actions], tally, zone)


def reasons(tally: Tally) -> str:
    """Why a log holds no behavior, in one line."""
    if not tally.rows:
        return "holds no row, expected a log"
    told = sorted(tally.dropped.items(), key=lambda one: -one[1].count)[:3]
    parts = "; ".join(f"{reason} ({one.count:,}, first {one.first})" for reason, one in told)
    return f"not one of {tally.rows:,} rows is a behavior: {parts}"


def _sort(events: Events, tally: Tally) -> None:
    """Bring the rows in time order; rows of one instant stay as they were."""
    steps_back = np.flatnonzero(events.times[1:] < events.times[:-1])
    if not len(steps_back):
        return
    first = f"behavior {int(steps_back[0]) + 2:,} is earlier than the one before"
    tally.repair("rows that go back in time, sorted", len(steps_back), first)
    order = np.argsort(events.times, kind="stable")
    for column in (events.times, events.offsets, events.actions):
        column[:] = column[order]


def _without_repeats(
    events: Events, tally: Tally
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    times, offsets, actions = events.times, events.offsets, events.actions
    repeats = _repeats(times, actions)
    if not len(repeats):
        return times, offsets, actions
    first = stamp(int(times[repeats[0]]) // MILLISECONDS)
    tally.drop("repeats a row, same time and action", len(repeats), f"{first} UTC")
    once = np.ones(len(times), dtype=bool)
    once[repeats] = False
    return times[once], offsets[once], actions[once]


def _repeats(times: NDArray[np.int64], actions: NDArray[np.int32]) -> NDArray[np.int64]:
    """Positions of rows that have the time and action of an earlier one; times are in order."""
    same = np.zeros(len(times), dtype=bool)
    same[1:] = times[1:] == times[:-1]
    same[:-1] |= same[1:]
    places = np.flatnonzero(same)
    if not len(places):
        return places
    order = np.lexsort((places, actions[places], times[places]))
    rows = places[order]
    again = (times[rows][1:] == times[rows][:-1]) & (actions[rows][1:] == actions[rows][:-1])
    return np.sort(rows[1:][again])


def stamp(seconds: int) -> str:
    """Seconds since 1970 on their own clock, as a person writes them.

    Example:
        >>> stamp(86_400 + 3_660)
        '1970-01-02 01:01:00'
    """
    return str(np.datetime64(seconds, "s")).replace("T", " ")
