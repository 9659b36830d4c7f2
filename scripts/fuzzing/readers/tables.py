"""Logs as tables, CSV and Parquet, and the mapping files that say what their columns mean."""

from __future__ import annotations

import io
import json
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuzzing.mutate import json_mutated, mutated, with_tokens
from fuzzing.readers.home import check_sequences
from fuzzing.target import Reader
from smartgen.data.logs.log import Log, _read, read_log
from smartgen.data.logs.mapping import SHIPPED, load_mapping
from smartgen.logs_settings import LogsSettings

TEXTS = ("path", "format", "mapping", "time", "device", "action", "zone", "encoding")
YEAR_1990, YEAR_2101 = 631_152_000, 4_133_980_800
# What the import of a codec that a setting names looks like.
LATE = frozenset({"import", "exec", "compile", "marshal.loads", "code.__new__"})
CSV = (
    "time,device,action\n"
    "2024-03-01T07:00:00+01:00,Light,on\n"
    "2024-03-01 07:05:00,Light,off\n"
    "2024-03-31T02:30:00,Fan,on\n"
    "1709276400,Heater,set 21\n"
    "1709276400500,Heater,off\n"
)
OPENHAB = "time;item;value\n2024-10-27 02:30:00;Kitchen_Light;ON\n2024-10-27 02:31:00;Door;OPEN\n"
SMARTTHINGS = (
    "timestamp,device,attribute,value\n"
    "2024-05-01T07:00:00Z,Lamp,switch,on\n2024-05-01T08:00:00Z,Lamp,temperature,21.5\n"
)
TOKENS = (
    *(
        b'"',
        b'""',
        b"\r",
        b"\r\n",
        b"\n\n",
        b";",
        b"\t",
        b"|",
        b"\0",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xe9",
        b"nan",
    ),
    *(
        b"1e400",
        b"-1e18",
        b"1_7",
        b"0001-01-01T00:00:00+23:59",
        b"9999-12-31T23:59:59-23:59",
        b"2024-W10-1T07:00",
    ),
    *(
        b"2024-03-01T07:00:00.123456789",
        b"+00:00:00.5",
        b"24:00:00",
        b"2024-03-31 02:30:00",
        b"unavailable",
        b"NULL",
    ),
    *(
        b"\xe2\x80\xa8",
        b"\x1b[31m",
        b"a:b",
        b":",
        b"time",
        b"x" * 3000,
        b"\x1f\x8b",
        b"PAR1",
        b"SQLite format 3\0",
    ),
)
SETTINGS: tuple[dict[str, str], ...] = (
    {"zone": "Europe/Berlin"},
    {"zone": "UTC"},
    {},
    {"zone": "Nowhere"},
    {"zone": "../../etc"},
    {"zone": "Europe"},
    {"zone": "Europe/Berlin", "mapping": "openhab"},
    {"zone": "Europe/Berlin", "mapping": "smartthings"},
    {"zone": "Europe/Berlin", "encoding": "latin-1"},
    {"zone": "Europe/Berlin", "encoding": "utf-16"},
    {"zone": "Europe/Berlin", "encoding": "utf-7"},
    {"zone": "Europe/Berlin", "encoding": "punycode"},
    {"zone": "Europe/Berlin", "encoding": "unicode_escape"},
    {"zone": "Europe/Berlin", "time": "timestamp", "action": "value"},
    {"zone": "Europe/Berlin", "format": "csv"},
    {"zone": "Europe/Berlin", "format": "parquet"},
)


def with_settings(settings: dict[str, str], data: bytes) -> bytes:
    """A case: a line of settings, then the file."""
    return json.dumps(settings).encode() + b"\n" + data


def settings_of(line: bytes, path: Path) -> LogsSettings:
    """Those of the line that are texts, which is all that Hydra lets through."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = {}
    told = told if isinstance(told, dict) else {}
    known = {one.name for one in fields(LogsSettings)} & set(TEXTS) - {"path"}
    kept: dict[str, Any] = {
        key: one.replace("\0", "") for key, one in told.items() if key in known and isinstance(one, str)
    }
    return LogsSettings(name="logs", path=str(path), **kept)


def read_case(data: bytes, path: Path) -> bool:
    """A log of such a case, its invariants checked."""
    line, _, content = data.partition(b"\n")
    path.write_bytes(content)
    _read.cache_clear()  # it tells files apart by time and size, which two cases may share
    log = read_log(settings_of(line, path))
    check_log(log)
    return len(log) > 0


def check_log(log: Log) -> None:
    """Times ascend within 1990 to 2100, ids are the vocabulary's, every row is accounted for."""
    vocabulary = log.vocabulary
    assert len(log.times) == len(log.offsets) == len(log.actions)
    assert (np.diff(log.times) >= 0).all(), "times go back"
    if len(log):
        assert log.times[0] >= YEAR_1990 - 86_400 or log.format == "home_assistant"
        assert log.times[-1] < YEAR_2101 + 86_400
        assert log.actions.min() >= 0
        assert log.actions.max() < len(vocabulary.actions)
        assert log.devices.min() >= 0
        assert log.devices.max() < len(vocabulary.devices)
    assert log.tally.left == len(log), (log.tally, len(log))
    sizes = (7, 8, len(vocabulary.devices), len(vocabulary.actions))
    found = log.sequences()
    check_sequences(found, sizes)
    assert len(found.values) == len(log)
    assert not len(found) or found.lengths.max() <= 10


def csv_logs(folder: Path) -> Reader:
    """CSV: bytes, encodings, quotes, stamps, zones, mappings."""
    path = folder / "case.csv"
    of_file, of_settings = with_tokens(*TOKENS), SETTINGS

    def read(data: bytes) -> bool:
        return read_case(data, path)

    def mutate(data: bytes, rng: Random) -> bytes:
        line, _, content = data.partition(b"\n")
        draw = rng.random()
        if draw < 0.1:
            return with_settings(rng.choice(of_settings), content)
        if draw < 0.15:
            return json_mutated(line, rng).replace(b"\n", b"") + b"\n" + content
        return line + b"\n" + (_rows_mutated(content, rng) if draw < 0.4 else of_file(content, rng))

    starts: list[tuple[str, dict[str, str]]] = [
        (CSV, {"zone": "Europe/Berlin"}),
        (OPENHAB, SETTINGS[6]),
        (SMARTTHINGS, SETTINGS[7]),
        (CSV, {}),
    ]
    seeds = [with_settings(settings, text.encode()) for text, settings in starts]
    seeds.append(with_settings({"zone": "Europe/Berlin", "encoding": "utf-16"}, CSV.encode("utf-16")))
    return Reader("csv", read, tuple(seeds), mutate, "", LATE, TOKENS)


def _rows_mutated(content: bytes, rng: Random) -> bytes:
    """Rows and cells swapped, doubled, emptied."""
    rows = [row.split(b",") for row in content.split(b"\n")]
    for _ in range(rng.randrange(1, 5)):
        row = rng.choice(rows)
        place = rng.randrange(len(row))
        draw = rng.random()
        if draw < 0.4:
            row[place] = rng.choice((rng.choice(rng.choice(rows)), rng.choice(TOKENS), b""))
        elif draw < 0.6:
            rows.insert(rng.randrange(len(rows)), list(row))
        elif draw < 0.8 and len(rows) > 1:
            rows.remove(row)
        else:
            row[place] = mutated(row[place], rng)
    return b"\n".join(b",".join(row) for row in rows)


def parquet_logs(folder: Path) -> Reader:
    """Parquet: raw bytes of a file, or columns of any types, written as a right file."""
    path = folder / "case.parquet"

    def read(data: bytes) -> bool:
        line, _, content = data.partition(b"\n")
        return read_case(line + b"\n" + _parquet_of(content), path)

    times = [1709276400000 + 60_000 * i for i in range(5)]
    columns = {
        "time": ["int64", times],
        "device": ["string", ["Light", "Fan", None, "Light", "Heater"]],
        "action": ["string", ["on", "off", "on", None, "on"]],
    }
    kinds = (
        "timestamp[ms]",
        "timestamp[ns, Europe/Berlin]",
        "timestamp[us, +01:00]",
        "timestamp[s, Nowhere]",
    )
    words = (
        *kinds,
        "string",
        "large_string",
        "double",
        "bool",
        "date32",
        "int8",
        "binary",
        "decimal",
        "dictionary",
    )
    seeds = [with_settings(SETTINGS[0], json.dumps(columns).encode())]
    seeds += [
        with_settings({}, json.dumps(columns | {"time": [kind, times]}).encode()) for kind in kinds[1:3]
    ]
    seeds.append(with_settings(SETTINGS[0], _parquet_of(json.dumps(columns).encode())))

    def mutate(data: bytes, rng: Random) -> bytes:
        line, _, content = data.partition(b"\n")
        if rng.random() < 0.05:
            return with_settings(rng.choice(SETTINGS), content)
        if content[:1] == b"{":
            return line + b"\n" + json_mutated(content, rng, words)
        return line + b"\n" + mutated(content, rng)

    return Reader("parquet", read, tuple(seeds), mutate, "", LATE)


def _parquet_of(content: bytes) -> bytes:
    """A right file of the columns that the case tells; the case itself where it tells none."""
    if content[:1] != b"{":
        return content
    try:
        columns = {name: _column(*told) for name, told in json.loads(content).items()}
        out = io.BytesIO()
        pq.write_table(pa.table(columns), out)
        return out.getvalue()
    except (
        pa.ArrowException,
        ValueError,
        TypeError,
        OverflowError,
        RecursionError,
        AttributeError,
        KeyError,
    ):
        return content


def _column(kind: str, values: list[Any]) -> pa.Array:
    if kind.startswith("timestamp["):
        unit, _, zone = kind[10:-1].partition(", ")
        return pa.array(values, pa.int64()).cast(pa.timestamp(unit, zone or None))
    if kind == "dictionary":
        return pa.array(values).dictionary_encode()
    if kind == "decimal":
        return pa.array(values, pa.int64()).cast(pa.decimal128(25, 3))
    return pa.array(values, pa.type_for_alias(kind))


MAPPING_TOKENS = (
    *(
        b"&a",
        b"*a",
        b"- ",
        b": ",
        b"!!python/object/apply:os.system ['true']",
        b"!!python/name:os.system",
        b"!!set",
    ),
    *(
        b"!!timestamp x",
        b"!!int ''",
        b"!!float ''",
        b"!!bool x",
        b"!!binary x",
        b"!!omap",
        b"2024-13-99",
        b"<<: ",
    ),
    *(
        b"[[[[[[",
        b"{{{{",
        b"? ",
        b"|",
        b">",
        b"'",
        b'"',
        b"---\n",
        b"\t",
        b"%YAML 9.9\n",
        b"\xff",
        b"\0",
        b"yes",
        b"off",
    ),
    *(
        b"0b",
        b"1:2:3",
        b".inf",
        b"~",
        b"\x1b",
        b"\xe2\x80\xa8",
        b"columns:",
        b"skip:",
        b"numbers:",
        b"value",
        b"\\x1b",
    ),
)
BOMB = "\n".join([*(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]" for i in range(9))])


def mappings(folder: Path) -> Reader:
    """A mapping file: YAML in which nothing but plain values counts."""
    path = folder / "mapping.yaml"
    change = with_tokens(*MAPPING_TOKENS)

    def read(data: bytes) -> bool:
        path.write_bytes(data)
        found = load_mapping(str(path))
        assert {"time", "device", "action"} <= set(found.columns)
        texts = [*found.skip, *found.events, *(found.commands or {}).values(), *(found.attributes or {})]
        assert all(isinstance(one, str) for one in texts), texts
        for value in ("ON", "21.5 C", "", "x"):
            command, reason = found.command(value)
            assert (command is None) == bool(reason), (command, reason)
            assert isinstance(found.state(value), str)
        return True

    shipped = Path(load_mapping.__code__.co_filename).with_name("mappings")
    seeds = [(shipped / f"{name}.yaml").read_bytes() for name in SHIPPED]
    small = "columns: {time: time, device: item, value: [value, x]}\ncommands: {'on': turn on}\nskip: ['']\n"
    deep = "&a0 [x]"
    for _ in range(3):
        deep = f"[{deep}, *a0]"
    seeds = [
        small.encode(),
        *seeds,
        f"columns: {{time: &t time, device: *t, action: *t}}\nskip: {deep}".encode(),
    ]
    bomb = f"a0: &a0 [x, x]\n{BOMB}\ncolumns: *a9\n".encode()
    return Reader("mapping", read, (*seeds, bomb), change, "mapping.yaml", tokens=MAPPING_TOKENS)
