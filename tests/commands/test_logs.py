"""`smartgen-data log`: the report in three forms; what is wrong is exit code 2 and one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smartgen.commands.data import main
from smartgen.data.logs.log import read_log
from smartgen.data.logs.report import log_report
from smartgen.logs_settings import LogsSettings

Captured = pytest.CaptureFixture[str]

ROWS = """time,device,action
2024-03-20 19:00:00,lamp,turn_on
2024-03-20 23:00:00,lamp,turn_off
2024-03-20 23:00:00,lamp,turn_off
soon,lamp,turn_on
2024-03-24 07:00:00,fan,switch on
"""


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "it's home, (mine).csv"  # what Hydra's grammar reads otherwise
    path.write_text(ROWS, encoding="utf-8")
    return str(path)


def failed(capsys: Captured, *words: str) -> str:
    """What a call said that ended with exit code 2: one line, nothing on stdout."""
    assert main(["log", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("smartgen-data: ")
    assert err.count("\n") == 1
    return err


def test_the_report_in_words(log: str, capsys: Captured) -> None:
    assert main(["log", log, "zone=Europe/Berlin"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    first, second, *others = out.splitlines()
    assert first == f"{log}: 5 rows read as csv, 3 behaviors"
    assert second == (
        "  2 devices, 3 actions (3 of them used), 2024-03-20 19:00:00 to 2024-03-24 07:00:00, 2 days with a "
        "behavior"
    )
    assert others[0] == "  busiest on the home's clock: 06-09 h 33 %, 18-21 h 33 %, 21-24 h 33 %"
    assert others[1] == "  dropped: 2"
    assert "  gaps of more than a day: 1" in others
    assert "        80.0 h  2024-03-20 23:00:00 to 2024-03-24 07:00:00" in others
    assert "  actions that end something: lamp:turn_off" in others


def test_the_report_in_json_adds_up(log: str, capsys: Captured) -> None:
    assert main(["log", log, "dataset.zone=Europe/Berlin", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == told["behaviors"] + sum(count for _, count, _ in told["dropped"])
    settings = LogsSettings(path=log, zone="Europe/Berlin", pairs={"on": "off"})
    assert told == log_report(read_log(settings))
    assert told["off_actions"] == ["lamp:turn_off"]


def test_the_actions(log: str, capsys: Captured) -> None:
    assert main(["log", log, "zone=Europe/Berlin", "actions=[tv:turn_on]", "--actions"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "fan:switch on",
        "lamp:turn_off",
        "lamp:turn_on",
        "tv:turn_on",
    ]


@pytest.mark.parametrize("prefix", ["", "dataset."])
def test_a_further_pair_of_words(log: str, capsys: Captured, prefix: str) -> None:
    words = ["zone=Europe/Berlin", f"+{prefix}pairs.off=out"]  # what begins something ends nothing
    assert main(["log", log, *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["off_actions"] == []


def test_columns_of_other_names(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "home.csv"
    path.write_text("when,what,did\n2024-03-20 19:00:00,lamp,turn_on\n", encoding="utf-8")
    assert main(["log", str(path), "zone=UTC", "time=when", "device=what", "action=did"]) == 0
    assert "1 rows read as csv, 1 behaviors" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["zoom=1"], "Key 'zoom' not in 'LogsSettings'"),
        (["dataset.zoom=1"], "Key 'zoom' not in 'LogsSettings'"),
        (["zone"], "zone"),
        (["settle_seconds=soon"], "'soon'"),
        (["settle_seconds=-1", "zone=UTC"], "dataset.settle_seconds is -1.0, expected 0 or more seconds"),
        (["format=xml", "zone=UTC"], "dataset.format is 'xml', expected one of auto, csv, parquet"),
        (["zone=Mars"], "Mars"),
        ([], "dataset.zone=Europe/Berlin"),
        (["zone=UTC", "time=when"], "when"),
        (["zone=UTC", "mapping=nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_a_wrong_setting_is_one_line(log: str, capsys: Captured, words: list[str], told: str) -> None:
    assert told in failed(capsys, log, *words)


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "nowhere.csv"
    assert failed(capsys, str(path)) == (
        f"smartgen-data: {path}: cannot be read (No such file or directory); dataset.path names a log's "
        "file\n"
    )
    assert "is a folder, expected the file of a home's log" in failed(capsys, str(tmp_path))


def test_a_file_that_is_no_log_is_one_line(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "home.csv"
    for content in (b"", b"time,device,action\n", b"\xff\xfe\x00", b"SQLite format 3\0torn", b"PAR1torn"):
        path.write_bytes(content)
        assert str(path) in failed(capsys, str(path), "zone=UTC")


def test_no_name_steers_a_terminal(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "home.csv"
    path.write_text("time,device,action\n2024-03-20 19:00:00,fan\x1b[31m,turn_off\n", encoding="utf-8")
    for words in ([], ["--actions"]):
        assert main(["log", str(path), "zone=Europe/Berlin", *words]) == 0
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "fan\ufffd[31m:turn_off" in out


def test_a_reader_that_stops_reading_is_no_error(log: str) -> None:
    command = (
        f"'{sys.executable}' -m smartgen.commands.data log \"$LOG\" zone=Europe/Berlin | head -n 0; echo $?"
    )
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        env={**os.environ, "LOG": log},
        check=True,
    )
    assert (done.stdout, done.stderr) == ("141\n", "")
