"""Recorder databases by Home Assistant's published definitions, for tests of one rule each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from smartgen.data.logs.events import Events
from smartgen.data.logs.home_assistant import read_home_assistant
from smartgen.data.logs.tally import Tally
from smartgen.logs_settings import LogsSettings

# home-assistant/core, components/recorder/db_schema.py; indices that the reader does not use are out.
META = "CREATE TABLE states_meta (metadata_id INTEGER NOT NULL PRIMARY KEY, entity_id VARCHAR(255))"
ATTRIBUTES = (
    "CREATE TABLE state_attributes (attributes_id INTEGER NOT NULL PRIMARY KEY, hash BIGINT, "
    "shared_attrs TEXT)"
)
RUNS = (
    "CREATE TABLE recorder_runs (run_id INTEGER NOT NULL PRIMARY KEY, start DATETIME NOT NULL, "
    '"end" DATETIME, closed_incorrect BOOLEAN NOT NULL, created DATETIME NOT NULL)'
)
CHANGES = (
    "CREATE TABLE schema_changes (change_id INTEGER NOT NULL PRIMARY KEY, schema_version INTEGER, "
    "changed DATETIME NOT NULL)"
)
REPORTED = "last_reported_ts FLOAT, "  # from schema 43 on
STATES = (
    "CREATE TABLE states (state_id INTEGER NOT NULL PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255), "
    "attributes CHAR(0), event_id SMALLINT, last_changed CHAR(0), last_changed_ts FLOAT, {reported}"
    "last_updated CHAR(0), last_updated_ts FLOAT, old_state_id INTEGER, attributes_id INTEGER, "
    "context_id CHAR(0), context_user_id CHAR(0), context_parent_id CHAR(0), origin_idx SMALLINT, "
    "context_id_bin BLOB, context_user_id_bin BLOB, context_parent_id_bin BLOB, metadata_id INTEGER, "
    "FOREIGN KEY(old_state_id) REFERENCES states (state_id), "
    "FOREIGN KEY(attributes_id) REFERENCES state_attributes (attributes_id), "
    "FOREIGN KEY(metadata_id) REFERENCES states_meta (metadata_id))"
)
INDEX = "CREATE INDEX ix_states_metadata_id_last_updated_ts ON states (metadata_id, last_updated_ts)"
STARTS = ("2024-03-28 20:00:00.000000",)
MIDNIGHT = 1_711_670_400.0  # 2024-03-29, UTC

Row = tuple[Any, ...]  # seconds after midnight, entity or None, state, attributes if any


def build(path: Path, rows: Iterable[Row], schema: int = 48, starts: Iterable[str] = STARTS) -> Path:
    """A database with these rows of ``states``."""
    connection = sqlite3.connect(path)
    reported = REPORTED if schema >= 43 else ""
    for statement in (META, ATTRIBUTES, RUNS, CHANGES, STATES.format(reported=reported), INDEX):
        connection.execute(statement)
    connection.execute("INSERT INTO schema_changes VALUES (1, ?, '2024-03-01 00:00:00')", (schema,))
    for start in starts:
        connection.execute(
            "INSERT INTO recorder_runs (start, closed_incorrect, created) VALUES (?, 0, ?)", (start, start)
        )
    for row in rows:
        write(connection, *row)
    connection.commit()
    connection.close()
    return path


def write(
    connection: sqlite3.Connection, second: Any, entity: str | None, state: Any, attributes: Any = None
) -> None:
    """A row; ``second`` None: without a time."""
    number = (
        None if entity is None else _number(connection, "states_meta", "metadata_id", "entity_id", entity)
    )
    text = attributes if attributes is None or isinstance(attributes, str) else json.dumps(attributes)
    known = (
        None
        if text is None
        else _number(connection, "state_attributes", "attributes_id", "shared_attrs", text)
    )
    time = second if second is None or isinstance(second, str) else MIDNIGHT + second
    connection.execute(
        "INSERT INTO states (state, last_updated_ts, attributes_id, metadata_id) VALUES (?, ?, ?, ?)",
        (state, time, known, number),
    )


def _number(connection: sqlite3.Connection, table: str, key: str, column: str, value: str) -> int:
    found = connection.execute(f"SELECT {key} FROM {table} WHERE {column} = ?", (value,)).fetchone()
    if found:
        return int(found[0])
    return int(connection.execute(f"INSERT INTO {table} ({column}) VALUES (?)", (value,)).lastrowid or 0)


def read(path: Path, **settings: Any) -> tuple[Events, Tally]:
    """What the reader makes of it."""
    tally = Tally()
    events = read_home_assistant(LogsSettings(**{"zone": "Europe/Berlin"} | settings), path, tally)
    assert tally.rows == len(events.times) + sum(one.count for one in tally.dropped.values())
    return events, tally


def actions(events: Events) -> list[str]:
    """Names in time order."""
    return [events.names[place] for place in events.actions.tolist()]


def states(entity: str, *names: Any, every: float = 100.0) -> list[Row]:
    """Rows of an entity, one state after the other."""
    return [(place * every, entity, name) for place, name in enumerate(names)]
