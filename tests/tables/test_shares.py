"""Figure 4: which records fill which panel, what is laid together, what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smartgen.commands.report import main
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_records, write_result
from smartgen.tables.shares import (
    LOGS,
    load_shares,
    shares,
    shares_names,
    shares_page,
    shares_records,
    shortened,
)
from smartgen.tables.shares_picture import draw_shares

DEVICES = {f"Device{number:02}": number / 120 for number in range(16)}


def put(
    outputs: Path,
    transition: str,
    dataset: str = "fr",
    synthesizer: str = "replay",
    seed: int = 1,
    heater: float = 0.9,
    written: int = 30,
) -> None:
    axes = {"task": "distribution", "dataset": dataset, "transition": transition, "seed": seed}
    metrics: dict[str, Any] = {f"hour/{log}/06-09": 1.0 for log in LOGS}
    metrics |= {f"device/{log}/{name}": share for log in LOGS for name, share in DEVICES.items()}
    metrics |= {"device/source/Heater": heater, "set_js_device_target": 0.25, "source_js_device_target": 0.5}
    counts = {"source": 1000, "synthetic": written, "target": 50}
    axes["synthesizer"] = synthesizer
    config = {"synthesizer": {"name": synthesizer}, "seed": seed}
    result = {"axes": axes, "config": config, "metrics": metrics, "counts": counts}
    write_result(outputs, f"{dataset}-{transition}-{synthesizer}-{seed}", result, {})


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    for transition in ("seasonal", "schedule"):
        put(tmp_path, transition)
    return read_records(tmp_path)


def test_the_declaration_names_what_there_is() -> None:
    assert shares_names() == ["fig4"]
    figure = load_shares("fig4")
    assert set(figure.datasets.values()) == {"fr", "sp", "us"}
    assert {field for field, _ in figure.panels.values()} == {"device", "hour"}


def test_each_panel_has_the_shares_of_its_field_and_change(records: list[Record]) -> None:
    found = shares(load_shares("fig4"), records)
    assert [(one.home, one.field) for one in found] == [("FR", "device"), ("FR", "hour")]
    devices, hours = found
    assert devices.names[:2] == ("Heater", "Device15")  # by the greatest share
    assert [devices.logs[log][0] for log in LOGS] == [0.9, 0.0, 0.0]
    assert devices.distances == {"source": 0.5, "synthetic": 0.25}
    assert devices.sizes == {"source": 1000, "synthetic": 30, "target": 50}
    assert hours.names == ("06-09",)


def test_rare_devices_are_laid_together_and_nothing_is_lost(records: list[Record]) -> None:
    devices, hours = shares(load_shares("fig4"), records)
    few = shortened(devices, 5)
    assert few.names == (*devices.names[:5], "12 others")
    for log in LOGS:
        assert sum(few.logs[log]) == pytest.approx(sum(devices.logs[log]))
    assert shortened(hours, 0) == hours


def test_other_synthesizers_are_told_and_the_recorded_one_shown(tmp_path: Path) -> None:
    put(tmp_path, "seasonal")
    put(tmp_path, "seasonal", synthesizer="walk")
    (one,) = shares(load_shares("fig4"), read_records(tmp_path))
    assert one.keys == ("fr-seasonal-replay-1",)
    assert "2 settings recorded" in one.note


def test_seeds_are_averaged(tmp_path: Path) -> None:
    put(tmp_path, "seasonal", synthesizer="walk")
    put(tmp_path, "seasonal", synthesizer="walk", seed=2, heater=0.5, written=31)
    (one,) = shares(load_shares("fig4"), read_records(tmp_path))
    assert one.names[0] == "Heater"
    assert one.logs["source"][0] == pytest.approx(0.7)
    assert one.sizes["synthetic"] == 30.5
    assert len(one.keys) == 2


def test_the_page_has_every_name_and_says_what_is_missing(records: list[Record]) -> None:
    figure = load_shares("fig4")
    found = shares(figure, records)
    arranged = shares_page(figure, found, ["origin"])
    assert len(arranged.blocks[0].rows) == 17
    assert arranged.blocks[0].rows[0] == ["Heater", "90.0%", "0.0%", "0.0%"]
    below = "\n".join(arranged.below)
    assert "FR, devices, winter to spring: Jensen-Shannon distance" in below
    assert "old log 0.500, written 0.250" in below
    for home in ("FR", "SP", "US"):
        assert f"not run, or not whole: {home} (smartgen experiment=fig4 dataset={home.lower()})" in below
    assert len(shares_records(found)) == 18


def test_the_picture_is_the_same_each_time(records: list[Record]) -> None:
    figure = load_shares("fig4")
    found = shares(figure, records)
    first, again = draw_shares(figure, found), draw_shares(figure, found)
    assert first == again
    assert first["png"].startswith(b"\x89PNG")
    assert b"</svg>" in first["svg"]


def test_the_command_prints_and_draws_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, "seasonal")
    put(tmp_path, "seasonal", dataset="sp")
    assert main(["fig4", "--outputs", str(tmp_path)]) == 0
    assert "SP: devices" in capsys.readouterr().out
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".png", ".svg", ".csv"}
    assert main(["fig4", "--outputs", str(tmp_path), "--dataset", "sp"]) == 0
    assert "FR: devices" not in capsys.readouterr().out
    assert main(["fig4", "--outputs", str(tmp_path), "--seeds"]) == 2


WRONG = [("field: device", "field: day"), ("schema: 1", "schema: 2"), ("name: fig4", "name: fig5")]


@pytest.mark.parametrize(("old", "new"), WRONG)
def test_a_wrong_declaration_is_refused_with_file_and_key(tmp_path: Path, old: str, new: str) -> None:
    from smartgen.core.resources import resource_dir

    text = (resource_dir("experiments") / "shares" / "fig4.yaml").read_text("utf-8")
    (tmp_path / "fig4.yaml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(SmartgenError, match=r"fig4\.yaml: \w+"):
        load_shares("fig4", tmp_path)
