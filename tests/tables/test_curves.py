"""Figures: declared, collected, drawn."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.tables.curves import (
    figure_names,
    figure_page,
    load_figure,
    point_records,
    points,
    span,
    worth_drawing,
)
from smartgen.tables.draw import draw
from smartgen.tables.render import to_text

DECLARATION: dict[str, Any] = {
    "schema": 1,
    "name": "small",
    "title": "A small figure",
    "caption": "Two curves and a level.",
    "source": "no paper",
    "axes": {"task": "compression"},
    "panels": {"FR": {"dataset": "fr"}, "SP": {"dataset": "sp"}},
    "x": {"key": "threshold", "label": "threshold"},
    "y": {"key": "kept", "label": "kept"},
    "vary": "ssc.threshold",
    "span": [0.2, 0.4],
    "series": {"ours": {"way": "ours"}, "other": {"way": "other"}},
    "command": "smartgen experiment=small",
}


def record(seed: int, threshold: float, kept: float, way: str = "ours", dataset: str = "fr") -> Record:
    axes = {"task": "compression", "dataset": dataset, "way": way, "seed": seed}
    config = {"ssc": {"name": way, "threshold": threshold}}
    key = f"{dataset}-{way}-{threshold}-{seed}"
    result = {"axes": axes, "config": config, "metrics": {"threshold": threshold, "kept": kept}}
    return Record(key, Path("runs") / key, result)


def figure(tmp_path: Path, **changes: Any) -> Any:
    (tmp_path / "small.yaml").write_text(yaml.safe_dump({**DECLARATION, **changes}, sort_keys=False))
    return load_figure("small", tmp_path)


RECORDS = [record(s, t, t / 2 + s / 100) for t in (0.9, 0.3, 0.6) for s in (0, 1, 2)]


def test_points_are_means_over_seeds_from_left_to_right(tmp_path: Path) -> None:
    found = points(figure(tmp_path), [*RECORDS, record(0, 0.5, 0.1, "other"), record(0, 0.5, 0.1, "third")])
    assert [(point.series, point.asked) for point in found] == [
        ("ours", 0.3),
        ("ours", 0.6),
        ("ours", 0.9),
        ("other", 0.5),
    ]
    first = found[0]
    assert (first.x, first.n) == (0.3, 3)
    assert (first.low, first.y, first.high) == pytest.approx((0.15, 0.16, 0.17))
    assert point_records(found)[0]["keys"].count("fr-ours-0.3") == 3


def test_a_curve_s_range_is_where_it_reaches_two_heights(tmp_path: Path) -> None:
    found = points(figure(tmp_path), [record(0, t, t / 2) for t in (0.2, 0.6, 1.0)])
    assert span(found, (0.2, 0.4)) == pytest.approx((0.4, 0.8))
    assert span(found, (0.2, 0.9)) is None
    page = figure_page(figure(tmp_path), found, ["from a test"])
    text = to_text(page, 120)
    assert "ours: kept goes from 0.2 to 0.4 between threshold 0.4000 and 0.8000, 0.4000 wide" in text
    assert "not run in FR: other (smartgen experiment=small dataset=fr)" in text
    assert "not run in SP: ours, other" in text


def test_a_curve_of_several_settings_says_so(tmp_path: Path) -> None:
    other = record(7, 0.3, 0.9)
    other.result["config"]["ssc"]["draw"] = None
    page = figure_page(figure(tmp_path), points(figure(tmp_path), [*RECORDS, other]), [])
    said = "2 settings recorded, one shown: pass --where 'ssc.draw=(none)'"
    assert f"FR, ours, 1 of 3 points: {said}" in page.below


def test_what_lacks_has_its_own_command(tmp_path: Path) -> None:
    declared = figure(tmp_path, commands={"other": "smartgen experiment=more"})
    below = figure_page(declared, points(declared, RECORDS), []).below
    assert "not run in FR: other (smartgen experiment=more dataset=fr)" in below
    assert "not run in SP: ours (smartgen experiment=small dataset=sp)" in below


def test_the_same_points_make_the_same_file(tmp_path: Path) -> None:
    found = points(figure(tmp_path), RECORDS)
    drawn = draw(figure(tmp_path), found)
    assert drawn == draw(figure(tmp_path), found)
    assert drawn["png"].startswith(b"\x89PNG")
    assert drawn["svg"].startswith(b"<?xml")
    assert draw(figure(tmp_path), found, ["png"])["png"] == drawn["png"], "laid out alike, alone or not"


def test_stray_points_are_not_drawn(tmp_path: Path) -> None:
    stray = [record(0, 0.5, 0.9), record(0, 0.5, 0.2, dataset="sp")]
    found = worth_drawing(points(figure(tmp_path), [*RECORDS, *stray]))
    assert [(point.panel, point.asked) for point in found] == [("FR", 0.3), ("FR", 0.6), ("FR", 0.9)]
    assert worth_drawing([]) == []
    running = [*(record(0, t, 0.2) for t in (0.2, 0.4, 0.5, 0.6)), record(1, 0.2, 0.2), record(2, 0.2, 0.2)]
    assert len(worth_drawing(points(figure(tmp_path), running))) == 4, "a sweep under way still shows"
    below = figure_page(figure(tmp_path), points(figure(tmp_path), [*RECORDS, *stray]), []).below
    assert "FR, not drawn for want of seeds or of points: ours at 0.5" in below


def test_a_picture_has_a_panel_a_home(tmp_path: Path) -> None:
    found = points(figure(tmp_path), [*RECORDS, *(record(0, t, 0.2, dataset="sp") for t in (0.5, 0.6))])
    assert draw(figure(tmp_path), found, ["svg"])["svg"].count(b'<g id="axes_') == 2


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(yaml.safe_dump({**DECLARATION, "colour": "red"}))
    with pytest.raises(SmartgenError, match="colour: unknown key"):
        load_figure("small", tmp_path)
    with pytest.raises(SmartgenError, match="the file's own name"):
        figure(tmp_path, name="other")
    odd = record(0, 0.5, 0.1)
    odd.result["metrics"]["kept"] = "much"
    with pytest.raises(SmartgenError, match="kept: expected a number"):
        points(figure(tmp_path), [odd])


@pytest.mark.parametrize("name", figure_names())
def test_every_declared_figure_loads_and_stands_empty(name: str) -> None:
    declared = load_figure(name)
    assert points(declared, []) == []
    page = figure_page(declared, [], ["no records used"])
    assert not page.blocks
    commands = {declared.command_of(name) for name in declared.series}
    lines = [line for line in page.below if line.startswith("not run in")]
    assert len(lines) == len(declared.panels) * len(commands)
