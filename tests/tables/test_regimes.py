from pathlib import Path

import pytest

from smartgen.commands.report import main
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.tables.regimes import compare_regimes, regimes_page, regimes_records


def record(
    regime: str,
    seed: int,
    value: float,
    transition: str = "seasonal",
    steps: int = 200,
    household: int | None = None,
    days: int = 28,
) -> Record:
    axes = {"dataset": "demo", "transition": transition, "method": "transae", "synthesizer": "walk"}
    axes |= {"task": "detection", "regime": regime, "seed": seed, "protocol": "unified"}
    config = {"seed": seed, "regime": regime, "protocol": {"max_steps": steps}}
    config |= {"dataset": {"name": "demo", "household": household, "days": days}}
    result = {"axes": axes, "config": config, "metrics": {"auroc": value}, "counts": {}}
    return Record(f"{regime}-{seed}-{steps}-{household}-{days}", Path("x"), result)


RECORDS = [
    record("source", 0, 0.5),
    record("source", 1, 0.7),
    record("oracle", 0, 0.9),
    record("oracle", 1, 0.6),
    record("oracle", 2, 0.8),
    record("source", 0, 0.4, "occupancy"),
]


def test_seeds_are_paired_and_changes_in_order() -> None:
    seasonal, occupancy = compare_regimes(RECORDS, "auroc")
    assert (seasonal.transition, occupancy.transition) == ("seasonal", "occupancy")
    assert seasonal.wins("oracle", "source") == (1, 2)
    assert occupancy.wins("oracle", "source") == (0, 0)
    block = regimes_page([seasonal, occupancy], "auroc").blocks[0]
    assert block.head[4:] == ["source", "oracle", "oracle > source"]  # of regimes, those that were run
    assert block.rows[0][4:] == ["0.600 (2)", "0.767 ± 0.153 (3)", "1 of 2 seeds"]
    assert block.rows[1][5:] == ["not run", "-"]
    assert len(regimes_records([seasonal, occupancy])) == len(RECORDS)


def test_households_of_one_seed_are_averaged_and_paired() -> None:
    levels = {"source": (0.5, 0.6, 0.7), "oracle": (0.9, 0.5, 0.8)}
    found = [
        record(regime, 0, value, household=home)
        for regime, values in levels.items()
        for home, value in enumerate(values)
    ]
    (row,) = compare_regimes(found, "auroc")
    block = regimes_page([row], "auroc").blocks[0]
    assert block.rows[0][4:] == ["0.600 ± 0.100 (3)", "0.733 ± 0.208 (3)", "2 of 3 runs"]
    assert "over households and seeds (n)" in (block.heading or "")
    assert [flat["household"] for flat in regimes_records([row])] == [0, 1, 2, 0, 1, 2]


def test_homes_of_unlike_settings_are_not_averaged() -> None:
    rows = compare_regimes([record("source", 0, 0.5, days=14), record("source", 0, 0.7)], "auroc")
    assert {row.settings: row.values["source"] for row in rows} == {
        "dataset.days=14": {(None, 0): 0.5},
        "dataset.days=28": {(None, 0): 0.7},
    }


def test_records_of_what_trains_nothing_are_passed_over() -> None:
    other = record("synthetic", 0, 0.1)
    other.result["axes"]["task"] = "distribution"
    assert len(compare_regimes([*RECORDS, other], "auroc")) == 2
    with pytest.raises(SmartgenError, match="no record with protocol=unified fits"):
        compare_regimes([other], "auroc")


def test_settings_are_never_mixed() -> None:
    rows = compare_regimes([*RECORDS, record("source", 0, 0.1, steps=500)], "auroc", "demo")
    assert [row.values["source"].get((None, 0)) for row in rows if row.transition == "seasonal"] in (
        [0.5, 0.1],
        [0.1, 0.5],
    )
    block = regimes_page(rows, "auroc").blocks[0]
    assert block.head[-1] == "settings"
    assert {row[-1] for row in block.rows} == {"†1", "†2"}
    below = regimes_page(rows, "auroc").below
    assert [line.split()[0] for line in below] == ["†1", "†2"]
    assert sorted(line.split()[1] for line in below) == ["protocol.max_steps=200", "protocol.max_steps=500"]


def test_what_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SmartgenError, match="metric 'f2'"):
        compare_regimes(RECORDS, "f2")
    (tmp_path / "runs").mkdir()
    assert main(["regimes", "--outputs", str(tmp_path), "--dataset", "fr"]) == 2
    assert "no record of dataset fr" in capsys.readouterr().err


def test_settings_of_one_synthesizer_are_told_and_those_of_another_part_by_its_name() -> None:
    def live(name: str, synthesizer: str, **own: object) -> Record:
        axes = {**record("source", 0, 0.5).axes, "synthesizer": synthesizer}
        ssc = {"name": "sound", "share": 0.2} if synthesizer == "llm" else {"name": "none"}
        config = {"seed": 0, "synthesizer": {"name": synthesizer, **own}, "stage": {"ssc": ssc}}
        return Record(
            name, Path("x"), {"axes": axes, "config": config, "metrics": {"auroc": 0.5}, "counts": {}}
        )

    rows = compare_regimes(
        [
            live("a", "llm", temperature=0, seed=0),
            live("b", "llm", temperature=1, seed=0),
            live("c", "walk", sequences=9),
        ],
        "auroc",
    )
    assert sorted(row.settings for row in rows) == [
        "stage.ssc.name=none",
        "stage.ssc.name=sound synthesizer.temperature=0",
        "stage.ssc.name=sound synthesizer.temperature=1",
    ]


def test_a_seed_that_follows_the_cells_parts_no_settings_and_one_that_does_not_does() -> None:
    def live(seed: int, own: int) -> Record:
        axes = {**record("source", seed, 0.5).axes, "synthesizer": "llm"}
        config = {"seed": seed, "synthesizer": {"name": "llm", "seed": own}}
        return Record(f"{seed}-{own}", Path("x"), {"axes": axes, "config": config, "metrics": {"auroc": 0.5}})

    (together,) = compare_regimes([live(1, 1), live(2, 2)], "auroc")
    assert len(together.values["source"]) == 2
    (fixed,) = compare_regimes([live(1, 7), live(2, 7)], "auroc")
    assert len(fixed.values["source"]) == 2
    assert len(compare_regimes([live(1, 7), live(1, 8)], "auroc")) == 2
