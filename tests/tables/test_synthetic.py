"""The report on synthetic sets: each set once, seeds averaged, settings apart."""

import json
from pathlib import Path
from typing import Any

import pytest

from smartgen.commands.report import main
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_records, write_result
from smartgen.tables.synthetic import qualities, set_name, synthetic_page, synthetic_records

WALK = {"name": "walk", "sequences": 200}
REPLAY = {"name": "replay", "level": "filtered", "collection": "detection", "llm": "gpt-4o", "variant": None}


def put(
    outputs: Path,
    novelty: float,
    *,
    seed: int = 1,
    writer: dict[str, Any] = WALK,
    transition: str = "seasonal",
    protocol: str = "released",
    tof: dict[str, Any] | None = None,
    **axes: Any,
) -> None:
    named = {"dataset": "fr", "transition": transition, "protocol": protocol, "seed": seed} | axes
    stage = {"tss": {"name": "released"}, "tof": tof or {"name": "none"}}
    config = {
        "synthesizer": writer,
        "stage": stage,
        "dataset": {"name": "fr"},
        "protocol": {"name": protocol},
    }
    metrics = {"f1": 0.5, "set_novelty": novelty, "set_js_hour_target": 0.25, "target_novelty": 1.0}
    metrics |= {
        "source_js_hour_target": 0.75,
        "sampled_source_js_hour_target": 0.8,
        "source_coverage_pairs": 0.1,
    }
    key = f"k{len(list((outputs / 'runs').glob('*'))) if (outputs / 'runs').exists() else 0}"
    result = {"axes": named, "config": config, "metrics": metrics, "counts": {"synthetic": 100 + seed}}
    write_result(outputs, key, result, {"finished": key})


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    put(tmp_path, 0.5, detector="lof")
    put(tmp_path, 0.5, detector="seen")  # the same set, read by another detector
    put(tmp_path, 0.7, seed=2)
    put(tmp_path, 0.9, writer=REPLAY)
    put(tmp_path, 0.8, transition="occupancy")
    return read_records(tmp_path)


def test_each_set_stands_once_behind_the_real_data_of_its_home(records: list[Record]) -> None:
    found = qualities(records)
    names = [(one.transition, one.name.strip()) for one in found]
    apart = ["as many old", "as many new"]
    assert [name for change, name in names if change == "seasonal"] == [
        *("old log", "new data", "replay gpt-4o filtered", *apart, "walk", *apart)
    ]
    assert [change for change, _ in names] == ["seasonal"] * 8 + ["occupancy"] * 5
    walk = found[5]
    assert (walk.values["novelty"], walk.size, walk.seeds) == ({1: 0.5, 2: 0.7}, 101.5, 2)
    alone, beside = synthetic_page(found).blocks
    assert [list(row[:6]) for row in alone.rows[:3]] == [
        ["FR ST", "new data", "2", "", "-", "1.000"],
        ["FR ST", "replay gpt-4o filtered", "1", "101", "-", "0.900"],
        ["FR ST", "walk", "2", "102", "-", "0.600"],
    ]
    assert [row[1] for row in beside.rows[:3]] == ["old log", "replay gpt-4o filtered", "  as many old"]
    assert alone.rules == {2}
    flat = [row for row in synthetic_records(found) if row["metric"] == "novelty" and row["of"] == "set"]
    assert [(row["name"], row["n"], row["mean"]) for row in flat[:2]] == [
        ("replay gpt-4o filtered", 1, 0.9),
        ("walk", 2, 0.6),
    ]


def test_sets_of_other_settings_are_never_mixed(tmp_path: Path) -> None:
    put(tmp_path, 0.5)
    put(tmp_path, 0.6, writer=WALK | {"sequences": 9})
    put(tmp_path, 0.7, protocol="unified")  # the same set
    trained = {"name": "stage1", "epochs": 3}  # seeded by the protocol's rule
    for protocol in ("released", "unified"):
        put(tmp_path, 0.8, protocol=protocol, tof=trained)
    found = [one for one in qualities(read_records(tmp_path)) if one.of == "set"]
    assert [one.values["novelty"][1] for one in found] == [0.7, 0.6, 0.8, 0.8]
    page = synthetic_page(found)
    assert [row[1] for row in page.blocks[0].rows] == ["walk †1", "walk †2", "walk †3", "walk †4"]
    assert "synthesizer.sequences=9" in page.below[1]
    assert "protocol=unified" in page.below[3]


def test_names_tell_recorded_sets_apart() -> None:
    def name(**changes: Any) -> str:
        return set_name(Record("", Path(), {"config": {"synthesizer": REPLAY | changes}}))

    assert name() == "replay gpt-4o filtered"
    assert name(level="answers", llm="deepseek") == "replay deepseek answers"
    assert name(collection="study", variant="without_SSC") == "replay gpt-4o filtered without_SSC study"


def test_the_command_writes_the_whole_and_shows_a_part(
    tmp_path: Path, records: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["synthetic", "--outputs", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 112
    assert sorted(path.suffix for path in (tmp_path / "tables").iterdir()) == [".csv", ".json", ".md", ".tex"]
    whole = json.loads((tmp_path / "tables/synthetic.json").read_text())
    assert {row["transition"] for row in whole} == {"seasonal", "occupancy"}
    assert (
        main(["synthetic", "--outputs", str(tmp_path), "--where", "synthesizer=replay", "--format=json"]) == 0
    )
    assert {row["name"] for row in json.loads(capsys.readouterr().out) if row["of"] == "set"} == {
        "replay gpt-4o filtered"
    }
    assert main(["synthetic", "--outputs", str(tmp_path), "--metric", "novelty"]) == 2
    assert "--metric has no meaning with synthetic" in capsys.readouterr().err


def test_no_set_is_said(records: list[Record]) -> None:
    with pytest.raises(SmartgenError, match="no record of dataset sp has measured a synthetic set"):
        qualities(records, "sp")
