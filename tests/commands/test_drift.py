"""`smartgen-data drift` on logs written by hand: four weeks of one rhythm, then a week of another."""

from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from smartgen.commands.data import main

Captured = pytest.CaptureFixture[str]
QUICK = ["zone=UTC", "--permutations", "200"]
MONDAY = np.datetime64("2024-01-01")
HOSTILE = (
    "$x$",
    "<script>alert(1)</script>",
    r"a\$b$",
    "--> & <!--",
    "x" * 200,
    "灯",
    "%s {0} $\\frac{1}$",
    "a\x01b\x1b[31m",
)


def written(path: Path, days: int = 36, names: tuple[str, ...] = ("lamp", "fan", "kettle")) -> Path:
    """Each day the first device thrice and another one in turn; in the latest week the last one instead.

    The log ends at 20 h, when all windows end and begin.
    """
    lines = ["time,device,action"]
    others = names[1:-1]
    for day, hour in itertools.product(range(days), (7, 12, 18, 20)):
        first = names[-1] if (day, hour) >= (days - 8, 20) else names[0]
        device = others[day % len(others)] if hour == 18 else first
        action = "turn_off" if hour == 12 else "turn_on"
        lines.append(f'{MONDAY + day} {hour:02}:{day % 60:02}:00,"{device}",{action}')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return written(tmp_path / "home.csv")


@pytest.fixture
def calm(tmp_path: Path) -> Path:
    """Nothing changes."""
    return written(tmp_path / "calm.csv", names=("lamp", "fan", "lamp"))


def drift(path: Path, *options: str) -> int:
    return main(["drift", str(path), *QUICK, *options])


def refused(captured: Captured) -> str:
    """The one line on standard error, with nothing printed."""
    told = captured.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err.strip()


def test_the_answer_is_one_line(log: Path, calm: Path, capsys: Captured) -> None:
    assert drift(log) == 0
    due = capsys.readouterr()
    assert due.err == ""
    assert due.out.count("\n") == 1
    assert due.out.startswith("home.csv: adaptation is due (p = .005): devices ")
    moved = re.search("; most: (.*); training", due.out)
    assert moved is not None
    assert set(moved[1].split(", ")) == {"lamp 75 % -> 0 %", "kettle 0 % -> 75 %"}  # and not the fan
    windows = (
        r"; training 2024-01-01 20:00 to 2024-01-29 20:00 \(28 days\), latest to 2024-02-05 20:00 \(7 days\)"
    )
    assert re.search(windows, due.out)
    assert drift(calm) == 0
    assert capsys.readouterr().out.startswith(
        "calm.csv: no drift found (p = 1.000): devices .00 (by chance .00) p 1"
    )


def test_the_exit_code_tells_where_it_is_asked_to(log: Path, calm: Path, capsys: Captured) -> None:
    assert (drift(log), drift(log, "--exit-code")) == (0, 1)
    assert (drift(calm), drift(calm, "--exit-code")) == (0, 0)
    assert "due" in capsys.readouterr().out


def test_all_numbers_as_json(log: Path, capsys: Captured) -> None:
    assert drift(log, "--json", "--seed", "3", "--level", "0.1", "--training", "21", "--exit-code") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["log"], found["due"], found["level"], found["seed"]) == (str(log), True, 0.1, 3)
    assert found["training"] == {
        "from": "2024-01-08 20:00",
        "to": "2024-01-29 20:00",
        "days": 21,
        "days_with_behaviors": 21,
        "behaviors": 84,
    }
    assert found["latest"]["to"] == "2024-02-05 20:00"
    assert (found["exchanges"], found["exact"]) == (201, False)
    assert list(found["families"]) == ["devices", "hours", "transitions"]
    for family in found["families"].values():
        parts = [one["part"] for one in family["categories"]]
        assert parts == sorted(parts, reverse=True)
        assert sum(parts) == pytest.approx(family["distance"] ** 2)
        for window in ("before", "after"):
            assert sum(one[window] for one in family["categories"]) == pytest.approx(1)
        assert 0 < family["p"] <= family["corrected"] <= 1
    names = [one["name"] for one in found["families"]["transitions"]["categories"]]
    assert "lamp:turn_on then lamp:turn_off" in names
    assert found["p"] == min(family["corrected"] for family in found["families"].values())


def test_the_same_seed_prints_the_same(log: Path, capsys: Captured) -> None:
    told = []
    for _ in range(2):
        drift(log, "--json")
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG\r\n"), ("b.svg", b"<?xml"), ("c/D.PNG", b"\x89PNG")]
)
def test_the_picture_is_of_the_kind_that_is_asked_for(
    log: Path, tmp_path: Path, capsys: Captured, name: str, start: bytes
) -> None:
    assert drift(log, "--plot", str(tmp_path / name)) == 0
    drawn = (tmp_path / name).read_bytes()
    assert drawn.startswith(start)
    assert capsys.readouterr().out.count("\n") == 1
    drift(log, "--plot", str(tmp_path / name))
    assert (tmp_path / name).read_bytes() == drawn


@pytest.mark.parametrize("name", ["drift.pdf", "drift", "png"])
def test_another_kind_of_picture_is_refused_before_the_log_is_read(
    tmp_path: Path, capsys: Captured, name: str
) -> None:
    plot = tmp_path / name
    assert drift(tmp_path / "none.csv", "--plot", str(plot)) == 2
    expected = f"smartgen-data: --plot {plot}: expected a file that ends in .png or .svg"
    assert refused(capsys) == expected
    assert not plot.exists()


@pytest.mark.filterwarnings("ignore:Glyph")  # of the lamp that the font does not have
def test_names_are_no_markup(tmp_path: Path, capsys: Captured) -> None:
    log = written(tmp_path / "a$b$ <i>.csv", names=HOSTILE)
    for kind in ("png", "svg"):
        assert drift(log, "--plot", str(tmp_path / f"drift.{kind}")) == 0
        assert capsys.readouterr().out.removesuffix("\n").isprintable()
    tags = {one.tag.rpartition("}")[2] for one in ET.parse(tmp_path / "drift.svg").iter()}
    assert "path" in tags
    assert "script" not in tags


def test_a_home_without_transitions_is_drawn(tmp_path: Path, capsys: Captured) -> None:
    log = tmp_path / "home.csv"
    rows = "".join(f"{MONDAY + day} 12:00:00,lamp,turn_on\n" for day in range(36))
    log.write_text("time,device,action\n" + rows, encoding="utf-8")
    assert drift(log, "--plot", str(tmp_path / "drift.png")) == 0
    assert "no drift found (p = 1.000)" in capsys.readouterr().out


def test_too_short_a_log_is_told_in_a_line(tmp_path: Path, capsys: Captured) -> None:
    log = written(tmp_path / "home.csv", days=20)
    plot = tmp_path / "drift.png"
    assert drift(log, "--plot", str(plot), "--exit-code") == 2
    told = refused(capsys)
    assert told.startswith(
        f"smartgen-data: {log}: 19 whole days, expected at least 21 (14 of training, 7 latest)"
    )
    assert not plot.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--level", "2"], "level is 2, expected a number between 0 and 1"),
        (["--training", "3"], "training is 3 days, expected at least 14"),
        (["--days", "-1"], "days is -1, expected at least 1 latest day"),
        (["--permutations", "5"], "with 5 permutations no p is below 0.17"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_line(
    log: Path, capsys: Captured, options: list[str], told: str
) -> None:
    assert drift(log, *options) == 2
    assert told in refused(capsys)


def test_a_log_that_is_not_there_is_told_in_a_line(tmp_path: Path, capsys: Captured) -> None:
    assert drift(tmp_path / "none.csv") == 2
    assert "none.csv" in refused(capsys)


def test_a_clock_that_was_wrong_is_noted(log: Path, capsys: Captured) -> None:
    with log.open("a", encoding="utf-8") as stream:
        stream.write("1999-01-01 07:00:00,lamp,turn_on\n")
    assert drift(log) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert err.startswith("smartgen-data: note: 1 of ")
    assert err.endswith("was a clock wrong?\n")
    assert drift(log, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["notes"]) == 1
