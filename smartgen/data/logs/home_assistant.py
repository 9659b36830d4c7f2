"""Home Assistant's recorder database: its rows of ``states`` as behaviors (ours).

What is an action of which entity is in ``home_assistant_rules``, which row of an entity is one in
``home_assistant_states``. Every row of ``states`` is counted: it is a behavior, or dropped with its reason.

Schemas from 38 on are read (Home Assistant 2023.4 and newer), where ``states`` names its entity by
``metadata_id`` and its time by ``last_updated_ts``. 42 is tested with a database that the recorder of Home
Assistant 2024.3 wrote. 43 adds ``states.last_reported_ts``, which is not read; 44 to 47 change nothing of
SQLite, and 48 sets times that are missing to 0 (by their published definitions, with which 43 and 48 are
tested). Newer ones are read as long as these tables and columns are there.
"""

from __future__ import annotations

import json
import math
import sqlite3
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.clock import local_offsets
from smartgen.data.logs.events import MILLISECONDS, Events, action_name
from smartgen.data.logs.home_assistant_entities import Kept, choose, home_zone
from smartgen.data.logs.home_assistant_file import is_sqlite, opened
from smartgen.data.logs.home_assistant_rules import never_done
from smartgen.data.logs.home_assistant_states import Entity
from smartgen.data.logs.tally import Tally
from smartgen.logs_settings import LogsSettings

__all__ = ["is_sqlite", "read_home_assistant"]

LATEST: Final = 4_102_444_800  # 2100; later times are no times
REMEMBERED: Final = 4096  # sets of attributes
NO_TIME: Final = "has no time"
NO_TEXT: Final = "a state that is no text"
UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"  # what bytes that are no text are read as
NO_JSON: Final = "attributes that are no JSON, read as none"
NO_START: Final = "a start of Home Assistant that is no time, taken from the end of the run before or created"

Attributes = dict[str, Any]


@dataclass
class Found:
    """Behaviors of all entities, entity by entity; 20 bytes each."""

    times: array[int] = field(default_factory=lambda: array("q"))
    rows: array[int] = field(default_factory=lambda: array("q"))
    actions: array[int] = field(default_factory=lambda: array("i"))
    places: dict[str, int] = field(default_factory=dict)

    def add(self, time: int, row: int, name: str) -> None:
        """A behavior: milliseconds UTC, its ``state_id``, ``"device:command"``."""
        self.times.append(time)
        self.rows.append(row)
        self.actions.append(self.places.setdefault(name, len(self.places)))

    def events(self, zone: ZoneInfo, idle: tuple[str, ...]) -> Events:
        """All in time order; of one instant in the order in which they were written."""
        times, rows = np.frombuffer(self.times, np.int64), np.frombuffer(self.rows, np.int64)
        order = np.lexsort((rows, times))
        stamps = times[order]
        offsets = local_offsets(stamps // MILLISECONDS, zone)
        actions = np.frombuffer(self.actions, np.int32)[order]
        return Events(stamps, offsets, actions, tuple(self.places), idle, zone.key)


def read_home_assistant(settings: LogsSettings, path: Path, tally: Tally) -> Events:
    """The behaviors of a recorder database, which is only read, and may be in use.

    Memory grows with the behaviors alone.

    Args:
        settings: ``zone``, ``include``, ``exclude``, ``settle_seconds`` are used.
        path: of the database.
        tally: where every row of ``states`` is counted.

    Raises:
        SmartgenError: no recorder database, an older schema, a locked or damaged file, no time zone, no
            entity that people act on, or a start of Home Assistant that is not told.
    """
    with opened(path) as database:
        zone = home_zone(settings, path, tally)
        kept = choose(database, settings, path, tally)
        starts = _starts(database, path, tally)
        attributes = _attributes(database, tally)
        found = Found()
        idle: list[str] = []
        for one in kept:
            entity = Entity(one.rule, settings.settle_seconds * MILLISECONDS)
            done = _read_entity(database, one, entity, _Reading(starts, attributes, tally, found))
            idle += [action_name(one.name, command) for command in never_done(one.rule, done)]
    return found.events(zone, tuple(idle))


@dataclass(frozen=True)
class _Reading:
    """What goes along from entity to entity."""

    starts: Sequence[float]
    attributes: Callable[[int | None], Attributes]
    tally: Tally
    found: Found


def _read_entity(database: sqlite3.Connection, one: Kept, entity: Entity, reading: _Reading) -> set[str]:
    """Go through an entity's rows; returns its commands."""
    done: set[str] = set()
    runs: int | None = None
    for row, seconds, state, attributes_id in _rows(database, one.number):
        if not _is_time(seconds):
            reading.tally.drop(NO_TIME, 1, f"row {row} ({one.name})")
            continue
        if state is not None and (not isinstance(state, str) or UNREADABLE in state):
            reading.tally.drop(NO_TEXT, 1, f"row {row} ({one.name} {state!r:.40})")
            continue
        attributes = reading.attributes(attributes_id) if one.rule.settings else {}
        run = bisect_right(reading.starts, seconds)
        restarted, runs = runs is not None and run != runs, run
        time = round(seconds * MILLISECONDS)
        command, reason = entity.read(time, state, attributes, restarted)
        if reason:
            reading.tally.drop(reason, 1, f"row {row} ({one.name} {state!r})")
        else:
            reading.found.add(time, row, action_name(one.name, command))
            done.add(command)
    return done


def _rows(database: sqlite3.Connection, number: int) -> Iterator[tuple[int, Any, Any, int | None]]:
    return database.execute(
        # Its state_id by another name, under which it is a whole number in a damaged schema, too.
        "SELECT rowid, last_updated_ts, state, attributes_id FROM states WHERE metadata_id = ? "
        "ORDER BY last_updated_ts, rowid",
        (number,),
    )


def _is_time(seconds: Any) -> bool:
    """A time of 1970 to 2100; what upgrades of Home Assistant could not make out they set to 0."""
    return isinstance(seconds, int | float) and math.isfinite(seconds) and 0 < seconds < LATEST


def _attributes(database: sqlite3.Connection, tally: Tally) -> Callable[[int | None], Attributes]:
    """How to look a row's attributes up."""

    @lru_cache(maxsize=REMEMBERED)
    def attributes(number: int | None) -> Attributes:
        query = "SELECT shared_attrs FROM state_attributes WHERE attributes_id = ?"
        row = database.execute(query, (number,)).fetchone()
        if row is None or row[0] is None:
            return {}
        try:
            parsed = json.loads(row[0])
        except (TypeError, ValueError, RecursionError):
            tally.repair(NO_JSON, 1, f"attributes_id {number}")
            return {}
        return parsed if isinstance(parsed, dict) else {}

    return attributes


def _starts(database: sqlite3.Connection, path: Path, tally: Tally) -> list[float]:
    """When Home Assistant was started, seconds since 1970, ascending.

    What a start finds changed is no action, but would be taken for one if the start were passed over. One
    that is no time lies between the end of the run before and the making of its own row (``created``), where
    no other run has written a state.

    Raises:
        SmartgenError: a start is no time, and those two are none either.
    """
    query = "SELECT 1 FROM sqlite_master WHERE name = 'recorder_runs' AND type = 'table' AND rootpage > 0"
    if not database.execute(query).fetchone():
        return []
    rows = database.execute("SELECT * FROM recorder_runs ORDER BY rowid")
    columns = [column[0] for column in rows.description]
    starts, end = [], None
    for row in rows:
        run = dict(zip(columns, row, strict=True))
        told = [_seconds(run.get("start")), end, _seconds(run.get("created"))]
        end = _seconds(run.get("end"))
        start = next((one for one in told if one is not None), None)
        where = f"run_id {run.get('run_id')}: {run.get('start')!r:.40}"
        if start is None:
            raise SmartgenError(
                f"{path}: recorder_runs has no time as start of {where}, expected when Home Assistant was "
                "started, as 2024-03-29 07:00:00 in UTC; set it in a copy of the file"
            )
        if told[0] is None:
            tally.repair(NO_START, 1, where)
        starts.append(start)
    if not starts:
        tally.note(
            "recorder_runs has no row, so that no start of Home Assistant is known: what one found changed "
            "counts as an action"
        )
    return sorted(starts)


def _seconds(text: Any) -> float | None:
    """Since 1970, of a time as the recorder writes it, in UTC; None where it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return seconds if _is_time(seconds) else None
