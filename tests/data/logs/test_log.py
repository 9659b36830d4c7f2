from pathlib import Path

import numpy as np
import pytest

from smartgen.core.errors import SmartgenError
from smartgen.data.homes import load_home
from smartgen.data.logs.log import read_log
from smartgen.data.logs.report import log_report, report_lines
from smartgen.data.logs.split import split_log
from smartgen.logs_settings import LogsSettings
from smartgen.settings import TransitionSettings

PAIRS = {"on": "off", "open": "close"}


STEPS = (("09", "radio"), ("12", "oven"), ("15", "lamp"))


@pytest.fixture
def home(tmp_path: Path) -> LogsSettings:
    """Three weeks around the night in which Berlin's clocks go forward, a lamp on at 19 h and off at 23 h."""
    lines = ["time,device,action"]
    for day in range(21):
        date = np.datetime64("2024-03-20") + day
        lines += [f"{date} 19:00:00,lamp,turn_on", f"{date} 23:00:00,lamp,turn_off"]
    path = tmp_path / "home.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return LogsSettings(name="logs", path=str(path), zone="Europe/Berlin", pairs=PAIRS)


def test_days_and_hours_are_on_the_homes_clock_and_gaps_in_real_time(home: LogsSettings) -> None:
    log = read_log(home)
    sequences = log.sequences()
    assert sequences.lengths.tolist() == [2] * 21
    assert set(sequences.values[:, 1].tolist()) == {6, 7}
    assert sequences.values[::2, 0].tolist() == [(2 + day) % 7 for day in range(21)]  # from a Wednesday on
    nights = np.diff(log.times)[1::2]
    assert sorted(set(nights.tolist())) == [19 * 3600, 20 * 3600]  # one night lacks an hour
    assert [log.vocabulary.actions[i] for i in log.vocabulary.off_actions] == ["lamp:turn_off"]


def test_sequences_of_a_part_and_of_a_long_day(tmp_path: Path) -> None:
    rows = "".join(f"2024-03-20T{10 + i // 60}:{i % 60:02}:00+01:00,lamp,turn_on\n" for i in range(25))
    path = tmp_path / "home.csv"
    path.write_text("time,device,action\n" + rows, encoding="utf-8")
    log = read_log(LogsSettings(path=str(path)))
    assert log.sequences().lengths.tolist() == [10, 10, 5]
    assert log.sequences(np.arange(25) < 12).lengths.tolist() == [10, 2]


def test_a_changed_file_is_read_again(home: LogsSettings) -> None:
    assert len(read_log(home)) == 42
    assert home.path is not None
    with Path(home.path).open("a", encoding="utf-8") as stream:
        stream.write("2024-04-11 07:00:00,fan,turn_on\n")
    assert read_log(home).vocabulary.devices == ("fan", "lamp")


def test_what_the_home_can_do_beside_its_log(home: LogsSettings) -> None:
    home.actions, home.off_actions = ["fan:turn_on"], ["lamp:turn_on"]
    vocabulary = read_log(home).vocabulary
    assert vocabulary.actions == ("fan:turn_on", "lamp:turn_off", "lamp:turn_on")
    assert vocabulary.off_actions == frozenset({2})
    home.off_actions = ["lamp:explode"]
    with pytest.raises(SmartgenError, match=r"dataset\.off_actions has 'lamp:explode'"):
        read_log(home)
    home.actions = ["turn_on"]
    with pytest.raises(SmartgenError, match=r"dataset\.actions has 'turn_on', expected device:command"):
        read_log(home)


@pytest.mark.parametrize(
    ("split", "former", "new"),
    [
        ("2024-03-30", 20, 22),
        ("2024-03-30 20:00", 21, 21),
        ("2024-03-20/2024-03-25,2024-04-01/2024-04-03", 10, 4),
        ("22:00-06:00", 21, 21),
        ("06:00-22:00", 21, 21),
    ],
)
def test_splits(home: LogsSettings, split: str, former: int, new: int) -> None:
    masks = split_log(read_log(home), split)
    assert [int(mask.sum()) for mask in masks] == [former, new]
    assert not (masks[0] & masks[1]).any()


def test_a_split_by_periods(home: LogsSettings, tmp_path: Path) -> None:
    periods = tmp_path / "guests.csv"
    periods.write_text("start,end\n2024-03-22,2024-03-24\n2024-04-01 20:00,2024-04-02\n", encoding="utf-8")
    former, new = split_log(read_log(home), str(periods))
    assert (int(former.sum()), int(new.sum())) == (37, 5)
    periods.write_text("start,end\n2024-03-24,2024-03-22\n", encoding="utf-8")
    with pytest.raises(SmartgenError, match="line 2 has '2024-03-24' and '2024-03-22', expected a start"):
        split_log(read_log(home), str(periods))
    periods.write_text("from,to\n", encoding="utf-8")
    with pytest.raises(SmartgenError, match="expected the columns start and end"):
        split_log(read_log(home), str(periods))


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ("2030-01-01", "leaves no behavior in the new context; the log runs from 2024-03-20 19:00:00"),
        ("2020-01-01", "leaves no behavior in the former context"),
        ("yesterday", "no such file"),
        ("~nobody-here/guests.csv", "no such file"),
        ("x" * 300, "as a file's name: File name too long"),
        ("2024-13-01", "expected a date"),
        ("2024-03-30T00:00+01:00", "without a zone"),
        ("10:00-10:00", "two different times"),
        ("25:00-06:00", "two different times"),
        ("24:30-06:00", "two different times"),
        ("06:00-24:45", "two different times"),
        ("2024-03-20/2024-03-25,2024-03-24/2024-03-26", "overlap"),
        ("2024-03-20/2024-03-25,2024-03-30", "expected a date"),
    ],
)
def test_bad_splits_are_told(home: LogsSettings, split: str, told: str) -> None:
    with pytest.raises(SmartgenError, match=told):
        split_log(read_log(home), split)


def test_what_lay_on_both_sides_of_other_behaviors_never_followed(tmp_path: Path) -> None:
    rows = [f"2024-03-{day:02}T{hour}:00+01:00,{device},on" for day in range(4, 8) for hour, device in STEPS]
    path = tmp_path / "home.csv"
    path.write_text("\n".join(["time,device,action", *rows, ""]), encoding="utf-8")
    log = read_log(LogsSettings(path=str(path)))
    former, new = map(log.sequences, split_log(log, "11:00-13:00"))
    assert (len(former), len(new)) == (8, 4)
    assert former.lengths.tolist() == new.lengths.tolist() * 2 == [1] * 8
    assert len(log.sequences()) == 4


def test_a_home_of_ones_own_knows_a_target_only_where_the_log_is_split(home: LogsSettings) -> None:
    described = TransitionSettings(name="own", source="winter", target="warm spring")
    whole = load_home(home, described, "", 0)
    assert not whole.knows_target
    assert len(whole.source) == 21
    with pytest.raises(SmartgenError, match="experiment=adapt"):
        _ = whole.target
    described.split = "2024-03-30"
    parted = load_home(home, described, "", 0)
    assert (len(parted.source), len(parted.target)) == (10, 11)


def test_the_report_reconciles_and_tells_the_change_of_the_clock(home: LogsSettings) -> None:
    assert home.path is not None
    with Path(home.path).open("a", encoding="utf-8") as stream:
        stream.write(
            "2024-04-15 07:00:00,lamp,turn_on\nsoon,lamp,turn_on\n2024-03-20 19:00:00,lamp,turn_on\n"
        )
    told = log_report(read_log(home))
    assert told["rows"] == told["behaviors"] + sum(count for _, count, _ in told["dropped"]) == 45
    assert told["clock_changes"] == [{"before": "2024-03-31 19:00:00", "minutes": 60}]
    assert told["gaps"]["count"] == 1
    text = "\n".join(report_lines(told))
    assert "45 rows read as csv, 43 behaviors" in text
    assert "rows that go back in time, sorted" in text


def notes(path: Path, rows: list[str], zone: str | None = None) -> list[str]:
    path.write_text("\n".join(["time,device,action", *rows, ""]), encoding="utf-8")
    told: list[str] = log_report(read_log(LogsSettings(path=str(path), zone=zone)))["notes"]
    return told


def test_mixed_clocks_are_noted(tmp_path: Path) -> None:
    mixed = [f"2024-03-{day:02}T07:00:00{'Z' if day % 2 else '+01:00'},lamp,on" for day in range(1, 29)]
    (note,) = notes(tmp_path / "a.csv", mixed)
    assert note.startswith("the home's clock changes 27 times, daylight saving does twice a year")
    assert notes(tmp_path / "b.csv", mixed, "Europe/Berlin") == []
    some = [row.replace("Z", "") for row in mixed]
    assert notes(tmp_path / "c.csv", some, "Europe/Berlin") == [
        "14 time stamps name no time zone, 14 do; the former are read as the home's own"
    ]


@pytest.mark.parametrize(
    ("stray", "told"),
    [
        ("2000-01-01T00:00:05+01:00", "1 of 201 behaviors lies before 2024-03-01 00:00:00, over 60 days"),
        ("2038-01-19T03:14:07+01:00", "1 of 201 behaviors lies after 2024-03-09 07:00:00, over 60 days"),
    ],
)
def test_stamps_of_a_clock_that_was_wrong_are_noted(tmp_path: Path, stray: str, told: str) -> None:
    rows = [f"2024-03-{i // 24 + 1:02}T{i % 24:02}:00:00+01:00,lamp,on" for i in range(200)]
    assert notes(tmp_path / "a.csv", rows) == []
    (note,) = notes(tmp_path / "b.csv", [*rows, f"{stray},lamp,on"])
    assert note.startswith(told)


def test_further_actions_are_named_as_the_log_names_its_own(home: LogsSettings) -> None:
    home.actions = [" fan : turn  on "]
    assert "fan:turn on" in read_log(home).vocabulary.actions
