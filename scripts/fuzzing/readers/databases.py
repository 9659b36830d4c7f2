"""SQLite files: a recorder's database of Home Assistant, and the cache of an LLM's answers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from fuzzing.mutate import json_mutated, mutated
from fuzzing.readers.tables import check_log
from fuzzing.target import Reader
from smartgen.data.logs.log import _read, read_log
from smartgen.llm.cache import FILE, AnswerCache
from smartgen.llm.requests import Answer, Request
from smartgen.logs_settings import LogsSettings

PAGE = 512  # bytes; a small file has few of them
COLUMNS = {
    "states_meta": ("metadata_id", "entity_id"),
    "state_attributes": ("attributes_id", "shared_attrs"),
    "recorder_runs": ("run_id", "start", "end", "created"),
    "schema_changes": ("change_id", "schema_version", "changed"),
    "states": ("state_id", "state", "last_updated_ts", "attributes_id", "metadata_id"),
}
RAW = b"SQLite format 3\0"
MIDNIGHT = 1_711_670_400.0


def recorder(folder: Path) -> Reader:
    """A recorder's database: raw pages, or rows of any values in right tables; and the zone beside it."""
    path = folder / "home-assistant_v2.db"
    settings = LogsSettings(name="logs", path=str(path), zone="Europe/Berlin", format="home_assistant")

    def read(data: bytes) -> bool:
        path.write_bytes(data if data.startswith(RAW) else _database(data, COLUMNS))
        _read.cache_clear()
        log = read_log(settings)
        check_log(log)
        return len(log) > 0

    told = json.dumps(_recorder_rows()).encode()
    words = ("light.kitchen", "cover.door", "binary_sensor.window", "unavailable", "on", "open", "[" * 5000)

    def mutate(data: bytes, rng: Random) -> bytes:
        if data.startswith(RAW):
            return RAW + mutated(data[len(RAW) :], rng)
        return json_mutated(data, rng, words)

    return Reader("recorder", read, (told, _database(told, COLUMNS)), mutate, path.name)


def _recorder_rows() -> dict[str, list[list[Any]]]:
    names = ("light.kitchen", "binary_sensor.door", "climate.hall", "sensor.power", "cover.blind")
    attributes = (
        '{"device_class": "door"}',
        '{"temperature": 21.5, "hvac_mode": "heat"}',
        "{}",
        '{"brightness": 7}',
    )
    values = ("on", "off", "open", "unavailable", None, "heat", "21.5")
    states = [
        [i + 1, values[i % 7], MIDNIGHT + 97.5 * i, i % 4 + 1 if i % 3 else None, i % 5 + 1]
        for i in range(28)
    ]
    return {
        "states_meta": [[i + 1, name] for i, name in enumerate(names)],
        "state_attributes": [[i + 1, text] for i, text in enumerate(attributes)],
        "recorder_runs": [[1, "2024-03-28 20:00:00.000000", "2024-03-29 00:20:00", "2024-03-28 20:00:01"]],
        "schema_changes": [[1, 43, "2024-03-01 00:00:00"]],
        "states": states,
    }


def _database(content: bytes, columns: dict[str, tuple[str, ...]]) -> bytes:
    """A right database of the rows that a case tells, columns without types; the case itself without any."""
    try:
        tables = json.loads(content)
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute(f"PRAGMA page_size={PAGE}")
            for name, fields in columns.items():
                if name in tables:
                    _fill(database, name, fields, tables[name])
            database.commit()
            return database.serialize()
    except (sqlite3.Error, ValueError, TypeError, OverflowError, RecursionError, AttributeError):
        return content


def _fill(database: sqlite3.Connection, name: str, fields: Sequence[str], rows: list[Any]) -> None:
    quoted = ", ".join(f'"{field}"' for field in fields)
    database.execute(f"CREATE TABLE {name} ({quoted.replace(',', ' PRIMARY KEY,', 1)})")
    for row in rows:
        cells = [one.encode("utf-8", "surrogatepass") if _odd(one) else one for one in row]
        cells = [json.dumps(one) if isinstance(one, list | dict) else one for one in cells][: len(fields)]
        database.execute(f"INSERT OR IGNORE INTO {name} VALUES ({', '.join('?' * len(fields))})", cells)


def _odd(text: Any) -> bool:
    """Whether a text is kept as bytes: half a character, which SQLite takes in no other way."""
    return isinstance(text, str) and not text.isprintable() and "\ud800" <= max(text) <= "\udfff"


ASKED = Request("http://127.0.0.1/v1", "m", ({"role": "user", "content": "x"},), {"seed": 1, "max_tokens": 9})
OTHER = Request("http://127.0.0.1/v1", "m", ({"role": "user", "content": "y"},), {"seed": 1, "max_tokens": 9})
ANSWER = Answer("[[]]", "stop", 10, None, 0.5)
ENDINGS = ("", "-wal", "-shm")


def answer_cache(folder: Path) -> Reader:
    """The cache of answers on a damaged file: an answer of the right types, none, or one line."""
    path = folder / FILE

    def read(data: bytes) -> bool:
        for ending in ENDINGS:
            path.with_name(path.name + ending).unlink(missing_ok=True)
        path.write_bytes(data)
        cache = AnswerCache(path)
        found = cache.get([ASKED, OTHER])
        for answer in found.values():
            _check_answer(answer)
        assert cache.refusal(ASKED.provider, ASKED.model, "{}") is not None
        for requests in cache.batches(ASKED.provider).values():
            assert all(isinstance(one, Request) for one in requests.values())
        if len(data) % 8 == 0:  # which syncs a disk, and so is not done each time
            assert isinstance(cache.put(OTHER, ANSWER), Answer)
        return ASKED.key in found

    cache = AnswerCache(folder / "made" / FILE)
    cache.put(ASKED, ANSWER)
    cache.refuse(ASKED.provider, ASKED.model, "{}", "no schemas")
    cache.add_batch("batch-1", ASKED.provider, [ASKED])
    with closing(sqlite3.connect(folder / "made" / FILE)) as database:
        whole = database.serialize()
        rows = {
            table: [list(row) for row in database.execute(f"SELECT * FROM {table}")]
            for table in ("answers", "batches", "refusals")
        }
        schema = [row[0] for row in database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    small = _small(schema, rows)

    def mutate(data: bytes, rng: Random) -> bytes:
        if rng.random() < 0.4:
            return _small(schema, json.loads(json_mutated(json.dumps(rows).encode(), rng)), small)
        return RAW + mutated(data[len(RAW) :], rng) if rng.random() < 0.9 else mutated(data, rng)

    def careful(data: bytes, rng: Random) -> bytes:
        try:
            return mutate(data, rng)
        except (ValueError, RecursionError, UnicodeError):
            return mutated(data, rng)

    return Reader("cache", read, (small, whole), careful, path.name)


def _small(schema: list[str], rows: Any, other: bytes = b"") -> bytes:
    """A database of these rows with small pages; the other one where they are no rows."""
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute(f"PRAGMA page_size={PAGE}")
            for statement in schema:
                database.execute(statement)
            for table, content in rows.items():
                for row in content:
                    cells = [json.dumps(one) if isinstance(one, list | dict) else one for one in row]
                    database.execute(
                        f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(row))})", cells
                    )
            database.commit()
            return database.serialize()
    except (sqlite3.Error, ValueError, TypeError, OverflowError, RecursionError, AttributeError):
        return other


def _check_answer(answer: Answer) -> None:
    assert isinstance(answer.text, str), answer
    assert isinstance(answer.finish_reason, str), answer
    for count in (answer.prompt_tokens, answer.completion_tokens):
        assert count is None or isinstance(count, int), answer
    assert isinstance(answer.seconds, float | int), answer
