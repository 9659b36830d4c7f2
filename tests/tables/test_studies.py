"""Ablations and studies: their declarations say what the configs do, and their rows and pictures hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from smartgen.commands.report import main
from smartgen.config import config_dir
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, write_result
from smartgen.tables.collect import collect
from smartgen.tables.declare import Table, load_named, load_table
from smartgen.tables.pictures import draw_table, picture_records
from smartgen.tables.select import matches

STUDIES = ("fig7", "fig8", "threshold")
DRAWN = (*STUDIES, "table4")


def homes() -> dict[str, Any]:
    """The release's homes as their configs have them."""
    names = ("fr", "sp", "us")
    return {n: yaml.safe_load((config_dir() / f"dataset/{n}.yaml").read_text("utf-8")) for n in names}


@pytest.mark.parametrize("name", STUDIES)
def test_a_row_prefers_the_percentile_that_its_study_sets(name: str) -> None:
    table, configs = load_named(name), homes()
    for method in table.methods.values():
        row = method.command.rpartition("study=")[2]
        wanted = {
            paper: {"protocol.percentile": configs[ours]["study_percentile"][row]}
            for paper, ours in table.datasets.items()
        }
        assert method.homes == wanted


def test_table_4_prefers_the_percentiles_of_its_ablations() -> None:
    sp = homes()["sp"]
    for method in load_named("table4").methods.values():
        row = method.command.rpartition("ablation=")[2]
        usual = sp["percentile"]["seasonal"] if row == "none" else sp["study_percentile"][row]
        assert method.defaults["protocol.percentile"] == usual


@pytest.mark.parametrize("name", DRAWN)
def test_every_number_of_the_authors_has_its_place(name: str) -> None:
    table = load_named(name)
    assert set(table.released) == set(table.places)
    assert set(table.published) == (set(table.places) if name == "table4" else set())


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_drawn_and_always_the_same(name: str) -> None:
    table = load_named(name)
    rows = picture_records(table, collect(table, []))
    metrics = len(table.picture.metrics) if table.picture else 0
    assert len(rows) == metrics * len(table.datasets) * len(table.methods)
    drawn = draw_table(table, rows)
    assert drawn["png"].startswith(b"\x89PNG")
    assert drawn["svg"].startswith(b"<?xml")
    assert drawn == draw_table(table, rows)


def test_a_mean_beside_its_values_by_a_rounding_is_drawn() -> None:
    table = load_named("fig8")
    row = picture_records(table, collect(table, []))[0]
    drawn = draw_table(table, [row | {"mean": 0.1 + 2e-17 - 1e-16, "min": 0.1, "max": 0.1}], ["png"])
    assert drawn["png"].startswith(b"\x89PNG")


def test_a_table_without_a_picture_is_refused() -> None:
    table = load_named("table2")
    with pytest.raises(SmartgenError, match="table2 declares no picture"):
        picture_records(table, [])


def small(
    declaration: dict[str, Any], write: Callable[[Any], Path], cells: dict[str, Any], **more: Any
) -> Table:
    declaration["methods"]["Ours"] = {"cells": cells, **more}
    return load_table(write(declaration))


def test_a_row_may_take_any_of_several_values(
    declaration: dict[str, Any], write_declaration: Callable[[Any], Path], make_record: Callable[..., Record]
) -> None:
    table = small(declaration, write_declaration, {"synthesizer.collection": ["study", "(none)"]})
    wanted = table.methods["Ours"].cells
    assert wanted == {"synthesizer.collection": ("study", "(none)")}
    plain = make_record("a")
    study, other = (
        Record("b", plain.path, {**plain.result, "config": {"synthesizer": {"collection": name}}})
        for name in ("study", "ablation")
    )
    assert [matches(one, wanted or {}) for one in (plain, study, other)] == [True, True, False]


def test_a_home_may_prefer_settings_of_its_own(
    declaration: dict[str, Any], write_declaration: Callable[[Any], Path]
) -> None:
    table = small(
        declaration, write_declaration, {"detector": "transae"}, homes={"SP": {"protocol.percentile": 95.5}}
    )
    ours = table.methods["Ours"]
    assert ours.defaults_of("FR") == {"trainer.threads": 1}
    assert ours.defaults_of("SP") == {"trainer.threads": 1, "protocol.percentile": 95.5}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"homes": {"US": {}}}, r"methods\.Ours\.homes\.US: unknown key"),
        ({"cells": {"a": [[1]]}}, r"expected text, a number"),
    ],
)
def test_what_is_wrong_in_a_row_is_named(
    declaration: dict[str, Any], write_declaration: Callable[[Any], Path], change: dict[str, Any], told: str
) -> None:
    declaration["methods"]["Ours"] |= change
    with pytest.raises(SmartgenError, match=told):
        load_table(write_declaration(declaration))


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        ({"metrics": ["MRR"], "groups": {}}, r"picture\.metrics\[0\]: expected one of"),
        ({"metrics": [], "groups": {"x": {"Theirs": "1"}}}, r"picture\.groups\.x\.Theirs: unknown key"),
    ],
)
def test_what_is_wrong_in_a_picture_is_named(
    declaration: dict[str, Any], write_declaration: Callable[[Any], Path], picture: dict[str, Any], told: str
) -> None:
    with pytest.raises(SmartgenError, match=told):
        load_table(write_declaration(declaration | {"picture": picture}))


def test_the_report_prints_the_table_and_leaves_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    axes = {"task": "prediction", "dataset": "sp", "transition": "seasonal", "predictor": "sasrec"}
    axes |= {"regime": "synthetic", "protocol": "released", "synthesizer": "replay", "seed": 1}
    stage = {"tss": {"name": "released", "max_gap_hours": 6, "max_duration_hours": 24}}
    stage |= {"ssc": {"name": "released"}, "gss": {"name": "released"}}
    replay = {"name": "replay", "collection": "study", "llm": "gpt-4o", "variant": "filter_true_6_24"}
    result = {"axes": axes, "config": {"stage": stage, "synthesizer": replay}, "counts": {}}
    write_result(tmp_path, "k", result | {"metrics": {"hr@10": 0.9175, "ndcg@10": 0.6}}, {})
    assert main(["fig7", "--outputs", str(tmp_path), "--method", "gap 6"]) == 0
    told = capsys.readouterr().out
    assert "HR@10" in told
    assert "vs release" in told
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".png", ".svg", ".csv"}
    rows = list(csv.DictReader(io.StringIO((tmp_path / "figures/fig7.csv").read_text("utf-8"))))
    (point,) = (row for row in rows if row["mean"] and row["metric"] == "HR@10")
    assert (point["group"], point["tick"], point["dataset"]) == ("longest gap", "6 h", "sp")
    assert point["reference_source"] == "released"
