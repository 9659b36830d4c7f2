import csv
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.data.logs import blocks, csv_rows
from smartgen.data.logs.csv_rows import over_lines
from smartgen.data.logs.events import Events
from smartgen.data.logs.home_clock import MISSING, TWICE
from smartgen.data.logs.tables import read_csv, read_parquet
from smartgen.data.logs.tally import Tally
from smartgen.logs_settings import LogsSettings

HEAD = "time,device,action\n"
SEVEN = 1709276400000  # 2024-03-01 07:00 UTC


def read(folder: Path, content: str | bytes, **keys: Any) -> tuple[Events, Tally]:
    path, tally = folder / "home.csv", Tally()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_csv(LogsSettings(path=str(path), **keys), path, tally), tally


def read_columns(folder: Path, columns: dict[str, Any], **keys: Any) -> tuple[Events, Tally]:
    path, tally = folder / "home.parquet", Tally()
    pq.write_table(pa.table(columns), path)
    return read_parquet(LogsSettings(path=str(path), **keys), path, tally), tally


def told(events: Events) -> list[tuple[str, int, str]]:
    stamps = np.array(events.times, dtype="datetime64[ms]").astype(str).tolist()
    names = [events.names[action] for action in events.actions]
    return list(zip(stamps, (events.offsets // 3600).tolist(), names, strict=True))


@pytest.mark.parametrize(
    ("text", "minutes", "offset"),
    [
        ("2024-03-01T07:00:00Z", 0, 1),
        ("2024-03-01T07:00:00+00:00", 0, 1),
        ("2024-03-01T07:00:00+02:00", -120, 1),
        ("2024-03-01 07:00:00.123456-0330", 210, 1),
        ("2024-03-01T07:00:00 +01:00", -60, 1),
        ("2024-03-01 07:00:00 UTC", 0, 1),
        ("20240301T070000Z", 0, 1),
        ("2024-03-01 07:00", -60, 1),
        ("2024-03-01T07:00:00,5", -60, 1),
        ("2024-07-01T07:00:00", 122 * 24 * 60 - 120, 2),
        ("1709276400", 0, 1),
        ("1709276400.25", 0, 1),
        (" 1709276400123 ", 0, 1),
        ("1709276400123456", 0, 1),
    ],
)
def test_every_form_of_time_stamp_is_read_alone_and_among_others(
    text: str, minutes: int, offset: int, tmp_path: Path
) -> None:
    others = "2024-01-01 10:00,b,on\n1704103200,b,on\n2024-01-01T10:00:00-05:00,b,on\nsoon,b,on\n"
    for more, rows in (("", 1), (others, 4)):
        events, tally = read(tmp_path, f'{HEAD}"{text}",a,on\n{more}', zone="Europe/Berlin")
        assert events.times[0] // 60_000 == SEVEN // 60_000 + minutes
        assert events.offsets[0] == offset * 3600
        assert len(events.times) == rows == tally.left


def test_fractions_of_a_second_are_kept_to_milliseconds(tmp_path: Path) -> None:
    texts = ("2024-03-01T07:00:00.123999Z", "1709276400.123999", "2024-03-01T08:00:00.123999")
    for text in texts:
        assert read(tmp_path, f"{HEAD}{text},a,on\n", zone="Europe/Berlin")[0].times.tolist() == [SEVEN + 123]


NO_TIMES = [
    "",
    "soon",
    "2024-03-01",
    "07:00",
    "20240301",
    "2024-02-30T07:00:00",
    "03/01/2024 7 AM",
    "nan",
    "inf",
]
OUT_OF_RANGE = ["1989-12-31T23:59:59Z", "2101-01-01T00:00:00", "45352.29", "-1709276400", "1e300"]


@pytest.mark.parametrize("text", [*NO_TIMES, *OUT_OF_RANGE, "0001-01-01T00:00:00+23:59"])
def test_a_time_that_cannot_be_read_is_dropped_and_told(text: str, tmp_path: Path) -> None:
    events, tally = read(tmp_path, f"{HEAD}1709276400,a,on\n\n{text},a,off\n", zone="UTC")
    assert told(events) == [("2024-03-01T07:00:00.000", 0, "a:on")]
    assert {reason: (one.count, one.first) for reason, one in tally.dropped.items()} == {
        blocks.TIME: (1, f"line 4: {text!r}")
    }


def test_without_a_zone_each_stamp_is_on_its_own_written_clock(tmp_path: Path) -> None:
    rows = "2024-03-30T07:00:00+01:00,a,on\n2024-03-31T07:00:00+02:00,a,on\n2024-03-31T07:00:00Z,a,on\n"
    events, tally = read(tmp_path, HEAD + rows)
    assert [offset for _, offset, _ in told(events)] == [1, 2, 0]
    assert tally.notes == [
        "time stamps are on 3 clocks (+00:00, +01:00, +02:00), each is read on its own; "
        "dataset.zone= puts all on the home's"
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("2024-03-01 07:00", "line 3 has '2024-03-01 07:00', which names no time zone; name the home's with "
         "dataset.zone=Europe/Berlin (dataset.zone=UTC if the home lives by it)"),
        ("2024-03-01T07:00:00Z", "all time stamps are UTC, as that of line 3, '2024-03-01T07:00:00Z', which"),
        ("1709276400", "all time stamps are UTC, as that of line 3, '1709276400', which"),
    ],
)  # fmt: skip
def test_a_clock_that_nobody_names_is_asked_for(row: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SmartgenError) as caught:
        read(tmp_path, f"{HEAD}soon,a,on\n{row},a,on\n")
    assert told in str(caught.value)


def test_the_hour_that_comes_twice_and_the_one_that_is_missing_are_counted(tmp_path: Path) -> None:
    night = [f"2024-10-27T{time}" for time in ("02:30", "02:50", "02:10", "03:10")]
    rows = "".join(f"{time},a,on\n" for time in [*night, "2024-10-27T01:15:00Z", "2025-03-30 02:30"])
    events, tally = read(tmp_path, HEAD + rows, zone="Europe/Berlin")
    assert [(time[11:16], offset) for time, offset, _ in told(events)] == [
        ("00:30", 2), ("00:50", 2), ("01:10", 1), ("02:10", 1), ("01:15", 1), ("01:30", 2)
    ]  # fmt: skip
    assert {what: (one.count, one.first) for what, one in tally.repaired.items()} == {
        TWICE: (3, "line 2: '2024-10-27T02:30'"),
        MISSING: (1, "line 7: '2025-03-30 02:30'"),
    }


@pytest.mark.parametrize("size", [1, 2, 3])
def test_blocks_of_any_size_give_the_same(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        "2024-10-27 02:30,a,on", "", "soon,a,on", '2024-10-27 02:50,"a\nb",off', "2024-10-27 02:10,b",
        "2024-10-27 02:10,b,on", "   ", "1709276400,b,on", "2024-10-27 02:40,,on", "2024-10-27 02:40,b, ",
    ]  # fmt: skip
    content = f"\n{HEAD}" + "\r\n".join(rows)
    whole = read(tmp_path, content, zone="Europe/Berlin")
    monkeypatch.setattr(csv_rows, "BLOCK", size)
    events, tally = read(tmp_path, content, zone="Europe/Berlin")
    assert told(events) == told(whole[0])
    assert events.names == whole[0].names == ("a:on", "a b:off", "b:on")
    assert tally == whole[1]
    assert tally.rows == 8
    lines = sorted(int(one.first.split(":")[0].removeprefix("line ")) for one in tally.dropped.values())
    assert lines == [5, 8, 12, 13]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_header_case_blanks_and_byte_order_mark_do_not_matter(
    delimiter: str, tmp_path: Path
) -> None:
    rows = [["\ufeffroom", " Time ", "DEVICE", "action"], ["a,b;c\t|", "1709276400", "d, e", "on"]]
    lines = [f" {delimiter} ".join(f'"{cell}"' for cell in row) for row in rows]
    events, tally = read(tmp_path, "\r\n".join(lines).replace("\ufeff", ""), zone="UTC")
    assert told(events) == [("2024-03-01T07:00:00.000", 0, "d, e:on")]
    assert tally == Tally(rows=1)
    marked = "\ufeff" + delimiter.join(["time", "device", "action\n1709276400", "d", "on"])
    assert told(read(tmp_path, marked, zone="UTC")[0]) == [("2024-03-01T07:00:00.000", 0, "d:on")]


def test_columns_are_those_of_the_settings_or_often_used_names(tmp_path: Path) -> None:
    events, tally = read(
        tmp_path, "When;Thing;Timestamp;state\nx;y;1709276400;on", device="thing", zone="UTC"
    )
    assert told(events) == [("2024-03-01T07:00:00.000", 0, "y:on")]
    assert tally.notes == [
        "column 'Timestamp' is taken for dataset.time",
        "column 'state' is taken for dataset.action",
    ]


@pytest.mark.parametrize(
    ("head", "keys", "told"),
    [
        ("when,device,action", {}, "no column 'time'; its columns are 'when', 'device', 'action'; "
         "name the one with dataset.time=..."),
        ("time,device,action", {"device": "room"}, "no column 'room' (dataset.device); its columns"),
        ("time,Time ,TIME,action", {"time": "timE"}, "column 'timE' is there 3 times"),
        ("time,item", {"mapping": "openhab"}, "no column 'state' or 'value' or 'newstate' (action of "),
        ("time device action", {}, "no column 'time'; its columns are 'time device action'"),
    ],
)  # fmt: skip
def test_a_missing_column_is_told_with_those_that_there_are(
    head: str, keys: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(SmartgenError) as caught:
        read(tmp_path, f"{head}\n1709276400,a,on\n", **keys)
    assert told in str(caught.value)


def test_names_are_plain_and_a_colon_ends_the_device_alone(tmp_path: Path) -> None:
    events, _ = read(
        tmp_path, HEAD + "1709276400,zwave:7,  switch   on\n1709276401,zwave.7,switch on", zone="UTC"
    )
    assert events.names == ("zwave.7:switch on",)
    assert events.actions.tolist() == [0, 0]
    assert (events.times.dtype, events.offsets.dtype, events.actions.dtype) == (np.int64, np.int32, np.int32)


def test_readings_in_place_of_actions_end_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_MOST_NAMES", 20)
    rows = "".join(f"{1709276400 + i},bath,{i / 7:.3f}\n" for i in range(30))
    with pytest.raises(
        SmartgenError, match=r"more than 20 different actions, as 'bath': '2.857'; .*mapping="
    ):
        read(tmp_path, HEAD + rows, zone="UTC")


def test_openhab_states_become_commands(tmp_path: Path) -> None:
    rows = [
        "lamp,1709276400000,ON",
        "lamp,1709276401000,NULL",
        "door,1709276402000,CLOSED",
        "bath,1709276403000,21.5",
    ]
    events, tally = read(tmp_path, "\n".join(["Item,Time,State", *rows]), mapping="openhab", zone="UTC")
    assert [name for _, _, name in told(events)] == ["lamp:on", "door:close"]
    assert [(one.count, one.first) for one in tally.dropped.values()] == [
        (1, "line 5: 'bath 21.5'"), (1, "line 3: 'lamp NULL'")
    ]  # fmt: skip


def test_smartthings_events_become_commands(tmp_path: Path) -> None:
    head = "deviceName,time,component,capability,attribute,value,unit"
    rows = [
        "Hall,2024-03-01T07:00:00.000Z,main,switch,switch,on,",
        "Hall,2024-03-01T07:00:01.000Z,main,switchLevel,level,40,%",
        "Hall,2024-03-01T07:00:02.000Z,main,temperatureMeasurement,temperature,20.5,C",
        "Door,2024-03-01T07:00:03.000Z,main,contactSensor,contact,closed,",
    ]
    events, tally = read(tmp_path, "\n".join([head, *rows]), mapping="smartthings", zone="Europe/Berlin")
    assert [name for _, _, name in told(events)] == ["Hall:switch on", "Hall:level set", "Door:contact close"]
    assert [one.first for one in tally.dropped.values()] == ["line 4: 'Hall temperature 20.5'"]


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("latin-1", "latin-1"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("UTF8", "utf-8-sig"),
        ("cp1252", "cp1252"),
    ],
)
def test_other_encodings_are_read_when_they_are_named(encoding: str, written: str, tmp_path: Path) -> None:
    content = f"{HEAD}1709276400,Küche,on\n".encode(written)
    assert read(tmp_path, content, encoding=encoding, zone="UTC")[0].names == ("Küche:on",)


MOMENTS = [datetime(2024, 3, 1, 7, 0, tzinfo=UTC), None, datetime(2024, 7, 1, 5, 0, 0, 500_000, tzinfo=UTC)]
WALLS = [
    None if m is None else m.replace(tzinfo=None) + timedelta(hours=h)
    for m, h in zip(MOMENTS, (1, 0, 2), strict=True)
]
SECONDS = [None if moment is None else moment.timestamp() for moment in MOMENTS]
TEXTS = [None if moment is None else moment.isoformat() for moment in MOMENTS]


@pytest.mark.parametrize(
    "times",
    [
        *(pa.array(MOMENTS, pa.timestamp("us", zone)) for zone in ("UTC", "Asia/Tokyo", "+01:00")),
        pa.array(MOMENTS, pa.timestamp("ns", "UTC")),
        *(pa.array(WALLS, pa.timestamp(unit)) for unit in ("ms", "us", "ns")),
        pa.array([None if one is None else int(one * 1000) for one in SECONDS], pa.int64()),
        pa.array(SECONDS, pa.float64()),
        pa.array([None if one is None else Decimal(str(one)) for one in SECONDS], pa.decimal128(16, 3)),
        pa.array(TEXTS),
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS).dictionary_encode(),
    ],
    ids=lambda times: str(times.type),
)  # fmt: skip
def test_parquet_times_of_every_type_are_the_same_events(times: pa.Array, tmp_path: Path) -> None:
    columns = {
        "time": times,
        "device": pa.array(["a", "a", "b"]).dictionary_encode(),
        "action": [True, True, False],
    }
    events, tally = read_columns(tmp_path, columns, zone="Europe/Berlin")
    assert told(events) == [
        ("2024-03-01T07:00:00.000", 1, "a:true"), ("2024-07-01T05:00:00.500", 2, "b:false")
    ]  # fmt: skip
    assert [(reason, one.first) for reason, one in tally.dropped.items()] == [(blocks.TIME, "row 2: 'None'")]


@pytest.mark.parametrize(
    ("zone", "hours"), [("Europe/Berlin", [1, 2]), ("+02:00", [2, 2]), ("-05:00", [-5, -5])]
)
def test_a_zone_of_the_parquet_type_is_the_homes_without_another(
    zone: str, hours: list[int], tmp_path: Path
) -> None:
    times = pa.array([MOMENTS[0], MOMENTS[2]], pa.timestamp("us", zone))
    events, _ = read_columns(tmp_path, {"time": times, "device": ["a", "a"], "action": [1, 2]})
    assert [(offset, name) for _, offset, name in told(events)] == [(hours[0], "a:1"), (hours[1], "a:2")]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"time": pa.array([None], pa.date32())}, "column 'time' is of type date32[day], expected times"),
        ({"time": pa.array([MOMENTS[0]], pa.timestamp("us", "UTC"))}, "all time stamps are UTC, as that of"),
        ({"time": pa.array([WALLS[0]], pa.timestamp("us"))}, "row 1 has '2024-03-01T08:00:00.000000'"),
        ({"time": pa.array([MOMENTS[0]], pa.timestamp("us", "Moon/Base"))}, "of the zone 'Moon/Base'"),
        ({"device": pa.array([["a"]])}, "column 'device' is of type list<"),
        ({"device": pa.array([b"\xff"])}, "column 'device' is of type binary, expected texts"),
    ],
)  # fmt: skip
def test_parquet_columns_of_other_types_are_told(
    columns: dict[str, pa.Array], told: str, tmp_path: Path
) -> None:
    plain = {"time": ["2024-03-01T07:00:00+01:00"], "device": ["a"], "action": ["on"]}
    with pytest.raises(SmartgenError) as caught:
        read_columns(tmp_path, plain | columns)
    assert told in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=4), max_size=8),
    st.sampled_from([None, "openhab"]),
)
@example(
    [["2024-03-01T07:00", "a\r", "\x1c"], ["2024-03-01T07:00", "\u2028", "\x85b"], ['"', "", "\n"]], None
)
@example([["2024-03-01T07:00", "a,\nb", "on"]], None)
@example([["", ",\x850"]], None)
def test_any_text_in_any_column_is_kept_or_counted(
    tmp_path: Path, rows: list[list[str]], mapping: str | None
) -> None:
    path, tally = tmp_path / "any.csv", Tally()
    good = ["2024-03-01T07:00:00", "item", "ON"]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["time", "item", "state"], good, *rows])
    chosen = LogsSettings(device="item", action="state", zone="Asia/Tokyo", mapping=mapping)
    binary = any("\0" in cell for row in rows for cell in row)
    swallowed = any("," in cell and over_lines(cell.strip()) for row in rows for cell in row)
    refused = "not a text file" if binary else "holds further rows" if swallowed else ""
    with pytest.raises(SmartgenError, match=refused) if refused else nullcontext():
        events = read_csv(chosen, path, tally)
        assert len(events.times) == len(events.actions) == len(events.offsets) == tally.left >= 1
        assert tally.rows == 1 + len(rows)
