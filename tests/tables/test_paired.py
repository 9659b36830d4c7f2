"""Regimes compared on the same cases."""

from pathlib import Path

import numpy as np
import pytest

from smartgen.commands.report import main
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_cases, read_records, write_cases, write_result
from smartgen.tables.paired import Compared
from smartgen.tables.paired import compare as compare_task
from smartgen.tables.paired_page import paired_page, paired_records
from smartgen.tables.paired_prediction import PairedPrediction

TASK = PairedPrediction()
SEQUENCES = np.repeat(np.arange(60, dtype=np.uint64), 2)


def compare(records: list[Record], metric: str) -> list[Compared]:
    return list(compare_task(records, [metric], TASK)[metric].rows)


def write(
    outputs: Path,
    regime: str,
    seed: int,
    above: int,
    sequences: np.ndarray = SEQUENCES,
    steps: int = 500,
    kind: str = "demo",
    transition: str = "seasonal",
) -> None:
    """A record whose wanted actions stand at `above` in even sequences, and first in odd ones."""
    key = f"{regime}-{seed}-{steps}" + ("" if transition == "seasonal" else f"-{transition}")
    cases = {
        "sequence": sequences,
        "fold": np.zeros(len(sequences), dtype=np.int8),
        "novel": sequences < 10,
        "last": np.arange(len(sequences)) % 2 == 1,
        "above": np.where(sequences % 2 == 0, above, 0).astype(np.int32),
        "tied": np.ones(len(sequences), dtype=np.int32),
    }
    axes = {
        "task": "prediction",
        "dataset": "demo",
        "transition": transition,
        "predictor": "lstm",
        "method": "lstm",
    }
    axes |= {"regime": regime, "protocol": "unified", "synthesizer": "walk", "seed": seed}
    result = {
        "axes": axes,
        "config": {"protocol": {"name": "unified", "max_steps": steps}, "dataset": {"kind": kind}},
        "metrics": {},
        "counts": {},
    }
    result["cases"] = write_cases(outputs, key, cases)
    write_result(outputs, key, result, {})


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    for seed in (0, 1):
        write(tmp_path, "source", seed, above=9 if seed else 10)
        write(tmp_path, "synthetic", seed, above=0)
        write(tmp_path, "mixed", seed, above=0)
    return read_records(tmp_path)


def test_seeds_are_averaged_first_and_differences_are_paired(records: list[Record]) -> None:
    (row,) = compare(records, "hr@10")
    assert (row.sequences, row.seeds) == (60, {"source": 2, "synthetic": 2, "mixed": 2})
    assert row.figures["source"].mean == pytest.approx(0.75)  # half the sequences, in one of two seeds
    assert row.figures["synthetic"].mean == 1
    difference = row.differences["synthetic", "source"]
    assert difference.mean == pytest.approx(0.25)
    assert 0 < difference.low < 0.25 < difference.high
    assert difference.excludes_zero
    assert row.best in ("synthetic", "mixed")
    assert not row.clear  # the two are equal in every case
    assert not row.differences["synthetic", "mixed"].excludes_zero


def test_rows_of_every_behavior_and_of_novel_sequences(records: list[Record]) -> None:
    assert compare(records, "every_mrr")[0].sequences == 60
    assert compare(records, "ndcg@10_novel")[0].sequences == 10
    for bad in ("hr", "auroc", "ndcg@10_new"):
        with pytest.raises(SmartgenError, match="expected hr@10"):
            compare(records, bad)


def test_records_that_test_other_sequences_are_not_paired(records: list[Record], tmp_path: Path) -> None:
    write(tmp_path, "oracle", 0, above=0, sequences=SEQUENCES[:-2])
    with pytest.raises(SmartgenError, match="tests other sequences"):
        compare(read_records(tmp_path), "hr@10")


def test_what_cannot_be_paired_is_left_out_and_told(records: list[Record], tmp_path: Path) -> None:
    write(tmp_path, "source", 0, above=0, transition="occupancy")
    write(tmp_path, "oracle", 0, above=0, transition="occupancy", sequences=SEQUENCES[:-2])
    found = compare_task(read_records(tmp_path), ["hr@10"], TASK)["hr@10"]
    assert [row.transition for row in found.rows] == ["seasonal"]
    (told,) = found.left_out
    assert "tests other sequences than the other records of demo occupancy" in told
    page = paired_page(found.rows, "hr@10", TASK, left_out=found.left_out)
    assert page.below[-1] == f"left out: {told}"


def test_one_setting_at_a_time(records: list[Record], tmp_path: Path) -> None:
    write(tmp_path, "source", 0, above=0, steps=10)
    (row,) = compare(read_records(tmp_path), "hr@10")
    assert row.figures["source"].mean == pytest.approx(0.75)
    assert "2 settings recorded" in row.note


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("demo", ""),
        ("release", "source: departs from the declared settings: synthesizer=walk, default replay"),
    ],
)
def test_recorded_answers_are_the_default_where_there_are_any(tmp_path: Path, kind: str, note: str) -> None:
    write(tmp_path, "source", 0, above=0, kind=kind)
    (row,) = compare(read_records(tmp_path), "hr@10")
    assert row.note == note


def test_the_page_counts_wins_and_marks_small_sets(records: list[Record]) -> None:
    rows = compare(records, "hr@10")
    page = paired_page(rows, "hr@10", TASK)
    summary, block = page.blocks
    assert summary.rows[0][:2] == ["lstm", "1 of 1 (1; 0), +0.250"]
    assert block.heading == "lstm: hr@10, mean of 2 seeds"
    assert block.rows[0][:2] == ["DEMO ST", "60"]
    assert block.rows[0][-1].startswith("+.250 [")
    assert block.rows[0][-1].endswith("]*")
    assert paired_page(compare(records, "hr@10_novel"), "hr@10_novel", TASK).blocks[1].rows[0][1] == "10‡"
    flat = paired_records(rows, "hr@10")
    assert [row["regime"] for row in flat] == ["source", "synthetic", "mixed"]
    assert flat[0]["over_source_mean"] is None


def test_the_command_prints_and_writes(
    records: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table3_unified", "--outputs", str(tmp_path), "--metric", "hr@10"]) == 0
    assert "synthetic > source" in capsys.readouterr().out
    assert main(["table3_unified", "--outputs", str(tmp_path), "--format", "csv"]) == 0
    shown = capsys.readouterr().out
    assert shown == (tmp_path / "tables" / "table3_unified.csv").read_text()
    assert {line.split(",")[4] for line in shown.splitlines()[1:]} == {"ndcg@10", "ndcg@10_novel", "hr@10"}
    assert {path.suffix for path in (tmp_path / "tables").iterdir()} == {".md", ".tex", ".csv", ".json"}
    (tmp_path / "runs" / "source-0-500" / "cases.npz").write_bytes(b"no archive")
    assert main(["table3_unified", "--outputs", str(tmp_path)]) == 2
    assert "no readable cases" in capsys.readouterr().err
    assert main(["table3_unified", "--outputs", str(tmp_path), "--dataset", "fr"]) == 2
    other = {name: array[:1] for name, array in read_cases(records[1]).items()}
    write_cases(tmp_path, "source-0-500", other)
    assert main(["table3_unified", "--outputs", str(tmp_path)]) == 2
    assert "not the cases of the record beside it" in capsys.readouterr().err


def test_without_records_the_command_says_what_makes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs").mkdir()
    assert main(["table3_unified", "--outputs", str(tmp_path)]) == 2
    assert "smartgen experiment=table3_unified" in capsys.readouterr().err
