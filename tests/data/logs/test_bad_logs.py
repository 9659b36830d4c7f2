"""Tables as people have them: what is wrong is counted and the rest is read, or one line says what to do."""

import gzip
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smartgen.core.errors import SmartgenError
from smartgen.data.logs import csv_bytes, csv_rows
from smartgen.data.logs.log import read_log
from smartgen.logs_settings import LogsSettings

HEAD = "time,device,action"
DAY = [f"2024-03-01T{hour:02}:15:00+01:00,{device},on" for hour in range(8, 12) for device in ("lamp", "fan")]
NIGHT = [f"2024-10-27 {time},lamp,on" for time in ("01:50", "02:20", "02:40", "02:15", "02:45", "03:05")]
QUOTE = ("", '"')
BERLIN = {"zone": "Europe/Berlin"}

Make = Callable[[Path], object]


def lines(*rows: str, head: str = HEAD, encoding: str = "utf-8") -> Make:
    return lambda path: path.write_bytes("\n".join([head, *rows, ""]).encode(encoding))


def data(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("home.csv", HEAD)


def parquet(path: Path, **columns: Any) -> None:
    pq.write_table(
        pa.table(columns or {"time": ["2024-03-01T08:00:00+01:00"] * 5000, "device": ["a"] * 5000}), path
    )


def truncated(path: Path) -> None:
    parquet(path)
    path.write_bytes(path.read_bytes()[:-100])


def damaged(path: Path) -> None:
    parquet(
        path,
        time=[f"2024-03-01T08:{i % 60:02}:00+01:00" for i in range(5000)],
        device=["a"] * 5000,
        action=["b"] * 5000,
    )
    content = bytearray(path.read_bytes())
    content[100:400] = bytes(300)
    path.write_bytes(content)


ERRORS: dict[str, tuple[Make, dict[str, Any], str]] = {
    "no time zone": (lines(*NIGHT), {}, "line 2 has '2024-10-27 01:50', which names no time zone; name"),
    "UTC alone": (
        lines("1709276400,lamp,on"),
        {},
        "all time stamps are UTC, as that of line 2, '1709276400'",
    ),
    "unknown zone": (lines(*NIGHT), {"zone": "Berlin"}, "write it as dataset.zone=Europe/Berlin"),
    "unknown columns": (
        lines(*DAY, head="when,what,how"),
        {},
        "no column 'time'; its columns are 'when', 'what', 'how'",
    ),
    "no header": (
        lines(*DAY[1:], head=DAY[0]),
        {},
        "no column 'time'; its columns are '2024-03-01T08:15:00+01:00'",
    ),
    "empty": (data(b""), {}, "is empty, expected a line with the names of the columns"),
    "blank lines": (data(b"\n  \n\r\n"), {}, "holds blank lines alone"),
    "header only": (lines(), {}, "holds no row"),
    "all rows bad": (
        lines("soon,lamp,on", "later,fan,on", "2024-03-01T08:00:00+01:00,,on"),
        {},
        "since 1970 (2, first line 2: 'soon'); empty device (1, first line 4: ' on')",
    ),
    "binary": (data(b"\x7fELF\x02\x01\x01\0\0\0"), {}, "not a text file (a NUL at offset 7)"),
    "a NUL far inside": (
        data("\n".join([HEAD, *DAY * 9000, "\0"]).encode()),
        {},
        "(a NUL at offset 2,412,019)",
    ),
    "no UTF-8": (
        lines(DAY[0], "2024-03-01T09:00:00+01:00,Küche,on", encoding="latin-1"),
        {},
        "line 3 is not utf-8 (0xfc at offset 80); name the file's encoding, such as dataset.encod",
    ),
    "no UTF-8 far inside": (
        data("\n".join([HEAD, *DAY * 9000, "Küche"]).encode("latin-1")),
        {},
        "line 72,002 is not utf-8",
    ),
    "cut inside a letter": (data("\n".join([HEAD, DAY[0], "Kü"]).encode()[:-1]), {}, "line 3 is not utf-8"),
    "UTF-16": (lines(*DAY, encoding="utf-16"), {}, "is utf-16, not utf-8; add dataset.encoding=utf-16"),
    "not UTF-16": (lines(*DAY), {"encoding": "utf-16"}, "is not utf-16"),
    "no such encoding": (lines(*DAY), {"encoding": "latin-99"}, "dataset.encoding is 'latin-99'"),
    "an encoding of bytes": (lines(*DAY), {"encoding": "base64"}, "dataset.encoding is 'base64'"),
    "gzip": (lambda path: path.write_bytes(gzip.compress(HEAD.encode())), {}, "is packed (gzip); unpack it"),
    "zip": (zipped, {}, "is packed (zip, as an Excel workbook is); unpack it"),
    "a folder": (Path.mkdir, {}, "is a folder, expected the file of a home's log"),
    "missing": (lambda path: None, {}, "cannot be read (No such file or directory)"),
    "a quote without end": (
        lines(DAY[0], '2024-03-01T09:00:00+01:00,"lamp,on', *DAY),
        {},
        "line 3 begins a field that does",
    ),
    "a long quote without end": (
        lines(DAY[0], DAY[0], 't,"lamp,on', *DAY * 9000),
        {},
        "line 4 begins a field that does",
    ),
    "two stray quotes": (
        lines(*DAY[:2], '2024-03-01T09:00:00+01:00,"lamp,on', *DAY, '2024-03-01T19:00:00+01:00,"lamp,on'),
        {},
        "a field of the row that begins in line 4 holds further rows, expected one value ('lamp,on\\n",
    ),
    "two stray quotes in other columns": (
        lines(DAY[0], f'"{DAY[1]}', *DAY, f'{DAY[2]}"', *DAY),
        {},
        "a field of the row that begins in line 3 holds further rows",
    ),
    "two stray quotes in a remark": (
        lines(
            *(f'{row},"ok' if i in (2, 6) else f"{row},ok" for i, row in enumerate(DAY)), head=HEAD + ",note"
        ),
        {},
        "a field of the row that begins in line 4 holds further rows",
    ),
    "a quote without end in the header": (
        lines(*DAY, head='"time,device,action'),
        {},
        "line 1 begins a field that does",
    ),
    "a line without end": (
        data(HEAD.encode() + b"\n" + b"x" * 5_000_000),
        {},
        "the line at offset 19 does not end",
    ),
    "one field in all": (data(b"x" * 200_000), {}, "line 1 begins a field that does"),
    "truncated Parquet": (truncated, {}, "cannot be read as Parquet ("),
    "damaged Parquet": (damaged, {}, "cannot be read as Parquet ("),
    "CSV read as Parquet": (lines(*DAY), {"format": "parquet"}, "cannot be read as Parquet ("),
    "Parquet read as CSV": (parquet, {"format": "csv"}, "not a text file (a NUL at "),
    "Parquet without a column": (
        parquet,
        {},
        "no column 'action'; its columns are 'time', 'device'; name the one with",
    ),
    "Parquet without rows": (lambda path: parquet(path, time=[], device=[], action=[]), {}, "holds no row"),
    "no such mapping": (
        lines(*DAY),
        {"mapping": "home.yml"},
        "dataset.mapping is 'home.yml', which cannot be read",
    ),
    "readings alone": (
        lines("1,lamp,7", head="time,item,state"),
        {"mapping": "openhab"} | BERLIN,
        "not one of 1 rows",
    ),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_what_cannot_be_read_is_one_line_that_says_what_to_do(kind: str, tmp_path: Path) -> None:
    make, keys, told = ERRORS[kind]
    path = tmp_path / "home.log"
    make(path)
    with pytest.raises(SmartgenError) as caught:
        read_log(LogsSettings(path=str(path), **keys))
    message = str(caught.value)
    assert told in message
    assert message.startswith((f"{path}: ", "dataset."))
    assert "\n" not in message


COUNTS: dict[str, tuple[Make, dict[str, Any], int, dict[str, int], dict[str, int]]] = {
    "whole": (lines(*DAY), {}, 8, {}, {}),
    "unsorted": (lines(*DAY[4:], *DAY[:4]), {}, 8, {}, {"back in time": 1}),
    "repeated rows": (lines(*DAY, *DAY), {}, 8, {"repeats": 8}, {"back in time": 1}),
    "one device": (lines(*DAY[::2]), {}, 4, {}, {}),
    "ragged rows": (lines(*DAY, DAY[0] + ",x", "2024-03-01", "a,b"), {}, 8, {"number of columns": 3}, {}),
    "unreadable times": (
        lines("soon,lamp,on", *DAY, ",lamp,on", "2024-13-01T00:00:00Z,fan,on"),
        {},
        8,
        {"time that cannot be read": 3},
        {},
    ),
    "empty cells": (
        lines(*DAY, DAY[0][:25] + ",,on", DAY[0][:25] + ", ,on", DAY[0][:25] + ",fan,"),
        {},
        8,
        {"empty device": 2, "empty action": 1},
        {},
    ),
    "cells of nothing": (
        lines(
            *DAY,
            *(f"{DAY[0][:25]},{nothing},on" for nothing in ("NaN", "null", "None")),
            DAY[0][:25] + ",fan,nan",
        ),
        {},
        8,
        {"empty device": 3, "empty action": 1},
        {},
    ),
    "NaN in Parquet": (
        lambda path: parquet(path, time=[DAY[0][:25]] * 2, device=[7.0, float("nan")], action=["on"] * 2),
        {},
        1,
        {"empty device": 1},
        {},
    ),
    "the hour that comes twice": (lines(*NIGHT), BERLIN, 6, {}, {"came twice": 4}),
    "the hour that is missing": (
        lines("2024-03-31 01:30,lamp,on", "2024-03-31 02:30,lamp,off"),
        BERLIN,
        2,
        {},
        {"was skipped": 1},
    ),
    "mixed offsets": (lines("2024-03-01T08:00:00-08:00,lamp,on", *DAY), {}, 9, {}, {"back in time": 1}),
    "mixed forms of time": (
        lines("2024-03-01 06:00,lamp,on", "1709276000,lamp,off", *DAY),
        BERLIN,
        10,
        {},
        {},
    ),
    "blank lines": (lines("", *DAY[:4], "", "   ", *DAY[4:], "", ""), {}, 8, {}, {}),
    "line ends of every kind": (
        lambda path: path.write_bytes(
            "\r".join([HEAD, *DAY[:4]]).encode() + b"\r\n" + "\n".join(DAY[4:]).encode()
        ),
        {},
        8,
        {},
        {},
    ),
    "quotes inside": (lines(*DAY, '2024-03-02T08:00:00+01:00,"the ""big"" one",on'), {}, 9, {}, {}),
    "remarks of several lines": (
        lines(DAY[0] + ',"a\nb"', DAY[1] + ",c", DAY[2] + ',"d\r\ne\rf"', head=HEAD + ",remark"),
        {},
        3,
        {},
        {"several lines": 2},
    ),
    "latin-1": (
        lines(DAY[0].replace("lamp", "Küche"), encoding="latin-1"),
        {"encoding": "latin-1"},
        1,
        {},
        {},
    ),
}


@pytest.mark.parametrize("kind", COUNTS)
def test_what_can_be_read_is_read_and_the_rest_is_counted(kind: str, tmp_path: Path) -> None:
    make, keys, behaviors, dropped, repaired = COUNTS[kind]
    path = tmp_path / "home.log"
    make(path)
    log = read_log(LogsSettings(path=str(path), **keys))
    assert len(log) == behaviors == log.tally.left
    for found, expected in ((log.tally.dropped, dropped), (log.tally.repaired, repaired)):
        assert len(found) == len(expected), found
        for word, count in expected.items():
            assert [one.count for what, one in found.items() if word in what] == [count], found
    assert (log.times[1:] >= log.times[:-1]).all()


def test_the_repeated_hour_is_on_the_clock_of_its_turn(tmp_path: Path) -> None:
    lines(*NIGHT)(tmp_path / "home.csv")
    log = read_log(LogsSettings(path=str(tmp_path / "home.csv"), zone="Europe/Berlin"))
    assert (log.offsets // 3600).tolist() == [2, 2, 2, 1, 1, 1]
    assert ((log.times - log.times[0]) // 60).tolist() == [0, 30, 50, 85, 115, 135]


def test_a_failure_of_the_system_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines(*DAY)(tmp_path / "home.csv")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(SmartgenError, match=r"home\.csv: cannot be read \(Permission denied\)"):
        read_log(LogsSettings(path=str(tmp_path / "home.csv")))


@pytest.mark.parametrize("kind", ["a quote without end", "a line without end"])
def test_a_file_that_is_one_field_is_left_before_it_fills_the_memory(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "home.csv"
    ERRORS[kind][0](path)
    with path.open("ab") as stream:
        stream.write((b"x" * 80 + (b"\n" if "quote" in kind else b"")) * 200_000)
    read: list[str] = []
    with pytest.raises(SmartgenError, match="does not end"):
        read_into(read, path)
    assert len(read) <= 1


def read_into(lines: list[str], path: Path) -> None:
    with csv_bytes.opened_text(path, "utf-8") as text:
        for rows, _ in csv_rows.CsvRows(text, path).blocks():
            lines.extend(map(",".join, rows))


READ = """
import resource, sys
from smartgen.data.logs.log import read_log
from smartgen.logs_settings import LogsSettings
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
log = read_log(LogsSettings(path=sys.argv[1]))
print(len(log), len(log.vocabulary.actions), before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_large_file_takes_a_fraction_of_its_size(tmp_path: Path) -> None:
    path, rows = tmp_path / "home.csv", 0
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEAD + ",remark\n")
        while stream.tell() < 64e6:
            for minute in range(1440):
                day, month = rows % 28 + 1, rows // 28 % 12 + 1
                clock = f"{minute // 60:02}:{minute % 60:02}:00+01:00"
                stamp = f"{2010 + rows // 336}-{month:02}-{day:02}T{clock}"
                stream.write(f"{stamp},device {minute % 40},turn_on,{'a long remark ' * 3}\n")
            rows += 1
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], check=True, capture_output=True, text=True, env=os.environ
    )
    behaviors, actions, before, peak = map(int, done.stdout.split())
    assert (behaviors, actions) == (rows * 1440, 40)
    assert (peak - before) * 1024 < 64e6
