import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartgen.core.errors import SmartgenError
from smartgen.data.logs import home_assistant_file, home_assistant_states
from smartgen.data.logs.home_assistant import NO_START, is_sqlite
from smartgen.data.logs.home_assistant import NO_TEXT as NO_TEXT_STATE
from smartgen.data.logs.home_assistant_entities import NO_TEXT
from smartgen.data.logs.home_assistant_states import (
    BACK_OTHERWISE,
)
from tests.data.logs.recorder import MIDNIGHT, actions, build, read, states, write
from tests.scripts import FOLDER, load

HERE = Path(__file__).parent
FIXTURE = HERE / "home_assistant_2024_3.db.gz"
LIGHT = "light.kitchen"


def fails(path: Path, **given: Any) -> str:
    with pytest.raises(SmartgenError) as error:
        read(path, **given)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def lamp(tmp_path: Path) -> Path:
    return build(tmp_path / "home.db", states(LIGHT, "off", "on", "off"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "home-assistant_v2.db"
    path.write_bytes(gzip.decompress(FIXTURE.read_bytes()))
    return path


def test_every_published_schema_since_2023_4_is_read(tmp_path: Path) -> None:
    for schema in (38, 41, 42, 43, 48):
        path = build(tmp_path / f"{schema}.db", states(LIGHT, "off", "on"), schema=schema)
        assert actions(read(path)[0]) == ["light.kitchen:turn_on"]


def test_an_older_schema_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE states (state_id INTEGER PRIMARY KEY, entity_id, state, last_updated)"
        )
        connection.execute("CREATE TABLE schema_changes (change_id INTEGER PRIMARY KEY, schema_version)")
        connection.execute("INSERT INTO schema_changes (schema_version) VALUES (28), (30)")
    message = fails(path)
    assert "recorder schema 30 is older than 38" in message
    assert "start a newer Home Assistant on it once" in message


@pytest.mark.parametrize("row", [None, "NULL"])
def test_an_older_schema_that_no_row_tells_is_refused_too(tmp_path: Path, row: str | None) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE states (state_id INTEGER PRIMARY KEY, entity_id, state)")
        connection.execute("CREATE TABLE schema_changes (change_id INTEGER PRIMARY KEY, schema_version)")
        if row:
            connection.execute(f"INSERT INTO schema_changes (schema_version) VALUES ({row})")
    message = fails(path)
    assert message.startswith(f"{path}: recorder schema of an unknown version is older than 38")
    assert "start a newer Home Assistant on it once" in message


def test_other_databases_and_files_are_told(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE songs (name)")
    assert "has no table states (tables: songs)" in fails(other)
    text = tmp_path / "log.csv"
    text.write_text("time,device\n")
    assert "no SQLite database" in fails(text)
    assert (is_sqlite(other), is_sqlite(text)) == (True, False)
    with pytest.raises(SmartgenError, match="cannot be read"):
        is_sqlite(tmp_path / "none.db")


def test_entities_that_are_no_text_are_dropped_and_told(lamp: Path) -> None:
    with sqlite3.connect(lamp) as connection:
        connection.execute("INSERT INTO states_meta VALUES (7, ?)", (b"light.hall",))
        for _ in range(2):
            connection.execute(
                "INSERT INTO states (state, last_updated_ts, metadata_id) VALUES ('on', 1e9, 7)"
            )
    events, tally = read(lamp, exclude=["light.hall"])
    assert len(events.times) == 2
    assert (tally.dropped[NO_TEXT].count, tally.dropped[NO_TEXT].first) == (
        2,
        "row 4, metadata_id 7: b'light.hall'",
    )
    assert tally.notes == ["dataset.exclude has 'light.hall', which fits no entity of the database"]


RUNS = ["2024-03-28 20:00:00.000000", "2024-03-29 00:02:30.000000"]


@pytest.mark.parametrize("start", ["garbage", "", 12, b"\xff", "0001-01-01 00:00:00", "9999-12-31 00:00:00"])
@pytest.mark.parametrize(
    ("end", "created"), [(RUNS[1], "?"), ("2024-03-29 00:02:10", RUNS[1]), (None, RUNS[1]), ("soon", RUNS[1])]
)
def test_a_start_that_is_no_time_is_taken_from_beside_it(
    tmp_path: Path, start: Any, end: str | None, created: str
) -> None:
    rows = [*states("switch.a", "off", "on", "off"), (300, "switch.a", "on"), (1, LIGHT, "off")]
    path = build(tmp_path / "home.db", rows, starts=RUNS)
    with sqlite3.connect(path) as connection:
        connection.execute('UPDATE recorder_runs SET "end" = ? WHERE run_id = 1', (end,))
        connection.execute(
            "UPDATE recorder_runs SET start = ?, created = ? WHERE run_id = 2", (start, created)
        )
    events, tally = read(path)
    assert actions(events) == ["switch.a:turn_on", "switch.a:turn_on"]
    assert tally.dropped[BACK_OTHERWISE].first == "row 3 (switch.a 'off')"
    assert {what: (one.count, one.first) for what, one in tally.repaired.items()} == {
        NO_START: (1, f"run_id 2: {start!r}")
    }


def test_without_a_start_it_is_noted_that_what_one_found_counts(tmp_path: Path) -> None:
    _, tally = read(build(tmp_path / "home.db", states(LIGHT, "off", "on"), starts=()))
    (note,) = tally.notes
    assert note.startswith("recorder_runs has no row, so that no start of Home Assistant is known")


def test_states_that_are_no_text_are_no_actions(tmp_path: Path) -> None:
    path = build(tmp_path / "home.db", states(LIGHT, "off", "on", b"\xff", "on", b"\xfe", "off"))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE states SET state = CAST(x'ff' AS TEXT) WHERE state_id = 5")
    events, tally = read(path)
    assert actions(events) == ["light.kitchen:turn_on", "light.kitchen:turn_off"]
    assert tally.dropped[NO_TEXT_STATE].count == 2
    assert tally.dropped[NO_TEXT_STATE].first.startswith("row 3 (light.kitchen b'\\xff'")


def test_a_start_that_nothing_tells_is_refused(lamp: Path) -> None:
    with sqlite3.connect(lamp) as connection:
        connection.execute(
            "INSERT INTO recorder_runs (start, closed_incorrect, created) VALUES ('garbage', 0, 'soon')"
        )
    message = fails(lamp)
    assert message.startswith(f"{lamp}: recorder_runs has no time as start of run_id 2: 'garbage', expected")
    assert "set it in a copy of the file" in message


def test_nothing_to_read_is_told(tmp_path: Path) -> None:
    assert "holds no row" in fails(build(tmp_path / "empty.db", []))
    path = build(tmp_path / "sensors.db", [*states("sensor.a", "1"), *states("sun.sun", "up")])
    assert "domains: sensor, sun" in fails(path)


@pytest.mark.parametrize("part", [0.5, 0.9])
def test_a_truncated_file_is_to_be_copied_again(tmp_path: Path, part: float) -> None:
    path = build(tmp_path / "home.db", states(LIGHT, *["off", "on"] * 2000))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    assert "copy it again, with its -wal file, while Home Assistant is stopped" in fails(path)


def test_damage_inside_is_to_be_copied_again(tmp_path: Path) -> None:
    path = build(tmp_path / "home.db", states(LIGHT, *["off", "on"] * 2000))
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    assert "cut off or damaged" in fails(path)


def test_a_locked_file_is_told(lamp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_assistant_file, "WAIT_SECONDS", 0.1)
    holder = sqlite3.connect(lamp, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert "another program has locked it" in fails(lamp)
    holder.execute("ROLLBACK")
    holder.close()
    assert len(read(lamp)[0].times) == 2


WRITER = """
import sqlite3
connection = sqlite3.connect({path!r}, isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA wal_autocheckpoint=2")
number = 0
while True:
    number += 1
    connection.execute(
        "INSERT INTO states (state, last_updated_ts, metadata_id) VALUES (?, ?, 1)",
        (("off", "on")[number % 2], {start} + number),
    )
    if number == 50:
        print("ready", flush=True)
"""


@pytest.fixture
def busy(lamp: Path) -> Iterator[Path]:
    code = WRITER.format(path=str(lamp), start=MIDNIGHT + 1000)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        yield lamp
        assert writer.poll() is None
        writer.kill()


def test_a_database_in_use_is_read_while_it_is_written(busy: Path) -> None:
    counts = [0]
    give_up = time.monotonic() + 30
    while len(counts) < 4 and time.monotonic() < give_up:
        events, tally = read(busy)
        assert len(events.times) == tally.rows - 1
        assert (np.diff(events.times) > 0).all()
        if tally.rows > counts[-1]:
            counts.append(tally.rows)
    assert len(counts) == 4


def with_log(path: Path) -> sqlite3.Connection:
    """A connection that keeps what it wrote in the write-ahead log."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    write(connection, 5000, LIGHT, "on")
    return connection


def test_what_stands_in_the_log_alone_is_read(lamp: Path) -> None:
    connection = with_log(lamp)
    assert read(lamp)[1].rows == 4
    connection.close()


def test_a_copy_with_its_log_is_read_and_nothing_is_left_beside_it(lamp: Path, tmp_path: Path) -> None:
    connection, folder = with_log(lamp), tmp_path / "copy"
    folder.mkdir()
    for ending in ("", "-wal"):
        shutil.copyfile(f"{lamp}{ending}", folder / f"home.db{ending}")
    connection.close()
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert read(folder / "home.db")[1].rows == 4
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_file_at_rest_stays_as_it_is_alone(lamp: Path, mode: str) -> None:
    connection = sqlite3.connect(lamp)
    connection.execute(f"PRAGMA journal_mode={mode}")
    connection.close()
    before = lamp.read_bytes(), lamp.stat().st_mtime_ns
    assert read(lamp)[1].rows == 3
    assert (lamp.read_bytes(), lamp.stat().st_mtime_ns) == before
    assert [file.name for file in lamp.parent.iterdir()] == ["home.db"]


def test_a_log_and_its_index_stay_where_they_were(lamp: Path) -> None:
    connection = with_log(lamp)
    assert read(lamp)[1].rows == 4
    assert sorted(file.name for file in lamp.parent.iterdir()) == ["home.db", "home.db-shm", "home.db-wal"]
    connection.close()


def test_a_file_that_changes_meanwhile_is_to_be_read_again(
    lamp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = sqlite3.connect(lamp)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    real = home_assistant_states.Entity.read

    def change(*words: Any, **named: Any) -> tuple[str, str]:
        os.utime(lamp, ns=(1, 1))
        return real(*words, **named)

    monkeypatch.setattr(home_assistant_states.Entity, "read", change)
    assert "was changed while it was read" in fails(lamp)


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_folder_that_cannot_be_written_is_enough(lamp: Path, mode: str) -> None:
    connection = sqlite3.connect(lamp)
    connection.execute(f"PRAGMA journal_mode={mode}")
    connection.close()
    lamp.chmod(0o400)
    lamp.parent.chmod(0o500)
    try:
        assert read(lamp)[1].rows == 3
    finally:
        lamp.parent.chmod(0o700)


def test_a_path_may_hold_any_character(lamp: Path) -> None:
    strange = lamp.with_name("h%20ome #1?mode=rw&ü.db")
    lamp.rename(strange)
    assert read(strange)[1].rows == 3
    assert [file.name for file in strange.parent.iterdir()] == [strange.name]


def test_the_zone_is_found_beside_the_database(lamp: Path) -> None:
    assert "dataset.zone=Europe/Berlin" in fails(lamp, zone=None)
    config = lamp.parent / ".storage" / "core.config"
    config.parent.mkdir()
    config.write_text(json.dumps({"version": 1, "data": {"time_zone": "America/New_York"}}))
    events, tally = read(lamp, zone=None)
    assert events.offsets.tolist() == [-4 * 3600] * 2
    assert events.zone == "America/New_York"
    assert tally.notes == [f"the home's time zone is America/New_York, by {config}"]
    assert read(lamp)[1].notes == []
    for broken in (
        "{",
        '{"data": {}}',
        '{"data": {"time_zone": "Moon/Crater"}}',
        '{"data": {"time_zone": 1}}',
    ):
        config.write_text(broken)
        assert "has no known data.time_zone" in fails(lamp, zone=None)


@pytest.mark.parametrize("file", ["home_assistant_2024_3.db.gz", "home_assistant_2024_3.json"])
def test_the_recorded_home_is_small(file: str) -> None:
    assert (HERE / file).stat().st_size <= 250_000


def test_the_recorded_home_reconciles_to_the_row(recorded: Path) -> None:
    script = load(FOLDER / "check_home_assistant.py")
    truth = json.loads(FIXTURE.with_name("home_assistant_2024_3.json").read_text())
    events, tally = read(recorded)
    assert script.counted(events, tally) == script.expected(truth)
    assert tally.rows == len(events.times) + sum(one.count for one in tally.dropped.values())
    assert len(truth["kinds"]) == 12
    with sqlite3.connect(recorded) as connection:
        assert connection.execute("SELECT MAX(schema_version) FROM schema_changes").fetchone() == (42,)
        assert connection.execute("SELECT COUNT(*) FROM recorder_runs").fetchone() == (2,)
