"""Logs that a stranger may have made: databases, Parquet and CSV without end or bounds are one line each."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smartgen.data.logs import home_assistant_file
from smartgen.data.logs.home_assistant_file import opened
from tests.data.logs.recorder import build, read, states
from tests.reliability.hostile import limited

# A recorder's database


def recorder(path: Path, *statements: str) -> Path:
    build(path, states("switch.lamp", "off", "on", "off"))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
BAD_RECORDERS: dict[str, tuple[str, ...]] = {
    "states is an endless view": (
        "ALTER TABLE states RENAME TO kept",
        f"CREATE VIEW states AS {ENDLESS} SELECT i AS state_id, 'on' AS state, i AS last_updated_ts, "
        "1 AS metadata_id, 1 AS attributes_id FROM n",
    ),
    "states_meta is an endless view": (
        "DROP TABLE states_meta",
        f"CREATE VIEW states_meta AS {ENDLESS} SELECT i AS metadata_id, 'switch.' || i AS entity_id FROM n",
    ),
    "state_attributes is an endless view": (
        "DROP TABLE state_attributes",
        f"CREATE VIEW state_attributes AS {ENDLESS} SELECT i AS attributes_id, '{{}}' AS shared_attrs FROM n",
    ),
    "states is a virtual table": (
        "DROP TABLE states",
        "CREATE VIRTUAL TABLE states USING fts5(state, last_updated_ts, metadata_id, attributes_id)",
    ),
    "a state of half a gigabyte, by a generated column": (
        "ALTER TABLE states RENAME COLUMN state TO kept",
        "ALTER TABLE states ADD COLUMN state AS (hex(zeroblob(250000000)))",
    ),
    "a state of 40 MB": ("UPDATE states SET state = hex(zeroblob(20000000))",),
    "a schema that is none": (
        "UPDATE sqlite_master SET sql = 'CREATE TABLE states (' WHERE name = 'states'",
    ),
}


@pytest.mark.slow
def test_recorders_without_end_or_bounds_are_one_line(tmp_path: Path) -> None:
    names = []
    for name, statements in BAD_RECORDERS.items():
        recorder(tmp_path / f"{name}.db", *statements)
        names.append(f"{name}.db")
    pages(tmp_path / "pages that name each other.db")
    names.append("pages that name each other.db")
    imports = (
        "from smartgen.data.logs.home_assistant import read_home_assistant\n"
        "from smartgen.data.logs.tally import Tally\nfrom smartgen.logs_settings import LogsSettings"
    )
    work = "read_home_assistant(LogsSettings(path=str(folder / name), zone='UTC'), folder / name, Tally())"
    found = limited(tmp_path, names, work, imports, megabytes=300, seconds=60)
    assert {name: told for name, (told, *_) in found.items() if told != "refused"} == {}
    assert max(seconds for *_, seconds in found.values()) < 30
    assert "of over 16,777,216 bytes" in found["a state of 40 MB.db"][1]
    assert "go on for ever" in found["pages that name each other.db"][1]


def pages(path: Path) -> None:
    """A table of two kinds of pages, where each inner one names one page 200 times: 200 ** 8 leaves."""
    build(path, states("switch.lamp", *("off", "on") * 20_000))
    with sqlite3.connect(path) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'states'").fetchone()[0]
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name LIKE 'ix_%'")  # so that rows are counted
    connection.close()
    raw = bytearray(path.read_bytes())

    def inner(page: int, child: int) -> None:
        start = (page - 1) * size
        cells = 200
        place, body = size - 6 * cells, b"".join(child.to_bytes(4, "big") + b"\x81\x00" for _ in range(cells))
        head = (
            b"\x05\0\0"
            + cells.to_bytes(2, "big")
            + place.to_bytes(2, "big")
            + b"\0"
            + child.to_bytes(4, "big")
        )
        pointers = b"".join((place + 6 * i).to_bytes(2, "big") for i in range(cells))
        raw[start : start + size] = (head + pointers).ljust(place, b"\0") + body

    spare = list(range(root + 20, root + 27))
    leaf = next(p for p in range(root + 28, len(raw) // size) if raw[(p - 1) * size] == 0x0D)
    for page, child in zip([root, *spare], [*spare, leaf], strict=True):
        inner(page, child)
    path.write_bytes(raw)


def test_triggers_and_views_of_a_recorder_never_run(tmp_path: Path) -> None:
    path = recorder(
        tmp_path / "ha.db",
        "CREATE TABLE canary (a)",
        "CREATE TRIGGER t AFTER UPDATE ON states BEGIN INSERT INTO canary VALUES (1); END",
        "DROP TABLE recorder_runs",
        f"CREATE VIEW recorder_runs AS {ENDLESS} SELECT i AS run_id, '2024-01-01' AS start FROM n",
    )
    before = path.read_bytes()
    events, _ = read(path)
    assert len(events.times) == 2
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["ha.db"]


def test_a_recorder_s_connection_can_load_no_extension_and_not_write(tmp_path: Path) -> None:
    path = recorder(tmp_path / "ha.db")
    with opened(path) as database:
        for statement in ("SELECT load_extension('x.so')", "INSERT INTO states (state) VALUES ('x')"):
            with pytest.raises(sqlite3.OperationalError, match=r"not authorized|readonly"):
                database.execute(statement).fetchone()
        assert database.execute("PRAGMA trusted_schema").fetchone() == (0,)


def test_a_large_recorder_is_within_its_bounds(tmp_path: Path) -> None:
    """What may be done with a file grows with it; honest ones take a hundredth."""
    path = build(tmp_path / "ha.db", states("switch.lamp", *("off", "on") * 30_000, every=60.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(home_assistant_file, "STEPS", 1000)
        patch.setattr(home_assistant_file, "STEPS_OF_ANY", 0)
        patch.setattr(home_assistant_file, "STEPS_A_BYTE", 2)
        assert len(read(path)[0].times) == 59_999


# Parquet


def table(rows: int, **columns: Any) -> pa.Table:
    def repeated(text: str) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))

    found = {"time": pa.array(range(1_700_000_000, 1_700_000_000 + rows)), "device": repeated("lamp")}
    return pa.table(found | {"action": repeated("on")} | {k: repeated(v) for k, v in columns.items()})


@pytest.mark.slow
def test_long_texts_of_parquet_take_no_memory(tmp_path: Path) -> None:
    pq.write_table(table(200_000, device="x" * 50_000), tmp_path / "named again.parquet", store_schema=False)
    pq.write_table(table(200_000, action="x" * 50_000), tmp_path / "action.parquet")
    times = table(100_000).set_column(0, "time", table(100_000, time="9" * 50_000).column("time"))
    pq.write_table(times, tmp_path / "time.parquet", store_schema=False)
    wide = pa.table({"time": list(range(9000)), "device": ["x" * 30_000] * 9000, "action": ["on"] * 9000})
    pq.write_table(wide, tmp_path / "packed.parquet", use_dictionary=False, compression="zstd")
    raw = (tmp_path / "packed.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(raw[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1")
    names = [f"{name}.parquet" for name in ("named again", "action", "time", "packed", "cut")]
    imports = (
        "from smartgen.data.logs.tables import read_parquet\nfrom smartgen.data.logs.tally import Tally\n"
        "import pyarrow.parquet, pyarrow.compute\nfrom smartgen.logs_settings import LogsSettings"
    )
    work = "read_parquet(LogsSettings(path=str(folder / name), zone='UTC'), folder / name, Tally())"
    found = limited(tmp_path, names, work, imports, megabytes=700)
    assert {name: told for name, (told, *_) in found.items() if told != "refused"} == {}
    assert "'device' holds texts of over 4,096 bytes" in found["named again.parquet"][1]


@pytest.mark.slow
def test_csv_lines_without_end_take_no_memory(tmp_path: Path) -> None:
    header = b"time,device,action\n"
    with (tmp_path / "line.csv").open("wb") as out:
        out.write(header)
        for _ in range(300):
            out.write(b"x" * (1 << 20))
    with (tmp_path / "quoted.csv").open("wb") as out:
        out.write(header + b'2024-01-01 00:00:00,"')
        for _ in range(100):
            out.write(b"x\n" * (1 << 19))
    (tmp_path / "fields.csv").write_bytes(header + b"," * 1_000_000 + b"\n")
    (tmp_path / "columns.csv").write_bytes(b"a," * 500_000 + b"\n")
    imports = (
        "from smartgen.data.logs.tables import read_csv\nfrom smartgen.data.logs.tally import Tally\n"
        "from smartgen.logs_settings import LogsSettings"
    )
    work = "read_csv(LogsSettings(path=str(folder / name), zone='UTC'), folder / name, Tally())"
    names = ["line.csv", "quoted.csv", "fields.csv", "columns.csv"]
    found = limited(tmp_path, names, work, imports, megabytes=400)
    assert {name for name, (told, *_) in found.items() if told != "refused"} == {
        "fields.csv"
    }  # counted there
    assert "does not end within 1,048,576 bytes" in found["line.csv"][1]
