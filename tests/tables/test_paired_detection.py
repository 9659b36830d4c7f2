"""Detectors compared on the same normal sequences and attacks."""

import json
from pathlib import Path

import numpy as np
import pytest

from smartgen.commands.report import main
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_records, write_cases, write_result
from smartgen.core.store import Store
from smartgen.metrics.detection import auroc
from smartgen.tables.paired import CasesDifferError, Compared
from smartgen.tables.paired import compare as compare_task
from smartgen.tables.paired_detection import PairedDetection
from smartgen.tables.paired_page import paired_page

COUNT = 60


def compare(records: list[Record], metric: str, task: PairedDetection) -> list[Compared]:
    return list(compare_task(records, [metric], task)[metric].rows)


def cases(lift: float, seed: int) -> dict[str, np.ndarray]:
    """Two kinds of attack, whose scores lie `lift` and twice that above normal ones'; no burst."""
    rng = np.random.default_rng(seed)
    normal = rng.random(COUNT)
    attack = np.concatenate([normal + lift, normal + 2 * lift])
    both = np.concatenate([normal, normal])
    return {
        "kind": np.repeat(np.array([0, 1], dtype=np.int8), COUNT),
        "sequence": np.tile(np.arange(COUNT, dtype=np.uint64), 2),
        "fold": np.zeros(2 * COUNT, dtype=np.int8),
        "novel": np.tile(np.arange(COUNT) < 10, 2),
        "normal": both,
        "attack": attack,
        "normal_flag": both > 0.9,
        "attack_flag": attack > 0.9,
    }


def write(
    outputs: Path, regime: str, seed: int, lift: float, count: int = 2 * COUNT, **changed: np.ndarray
) -> None:
    key = f"{regime}-{seed}"
    found = {name: array[:count] for name, array in {**cases(lift, seed), **changed}.items()}
    axes = {"task": "detection", "dataset": "demo", "transition": "seasonal", "detector": "lof"}
    axes |= {"method": "lof", "regime": regime, "protocol": "unified", "synthesizer": "walk", "seed": seed}
    result = {"axes": axes, "config": {"dataset": {"kind": "demo"}}, "metrics": {}, "counts": {}}
    write_result(outputs, key, result | {"cases": write_cases(outputs, key, found)}, {})


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    for seed in (0, 1):
        write(tmp_path, "source", seed, 0.0)
        write(tmp_path, "synthetic", seed, 0.3)
    return read_records(tmp_path)


def test_figures_are_means_over_kinds_and_seeds(records: list[Record]) -> None:
    (row,) = compare(records, "auroc", PairedDetection())
    assert (row.sequences, row.seeds) == (COUNT, {"source": 2, "synthetic": 2})
    assert row.figures["source"].mean == pytest.approx(0.5)
    expected = []
    for seed in (0, 1):
        one = cases(0.3, seed)
        for kind in (0, 1):
            kept = one["kind"] == kind
            expected.append(auroc(one["normal"][kept], one["attack"][kept]))
    assert row.figures["synthetic"].mean == pytest.approx(np.mean(expected))
    difference = row.differences["synthetic", "source"]
    assert difference.low < difference.mean < difference.high
    assert (row.best, row.clear) == ("synthetic", True)


def test_one_kind_novel_sequences_and_flags(records: list[Record]) -> None:
    task = PairedDetection()
    kinds = ("command_auroc", "hours_auroc")
    by_kind = [compare(records, kind, task)[0].figures["synthetic"].mean for kind in kinds]
    assert compare(records, "auroc", task)[0].figures["synthetic"].mean == pytest.approx(np.mean(by_kind))
    assert task.parts("auroc") == (*kinds, "burst_auroc")
    assert task.parts("command_auroc") == ()
    assert compare(records, "burst_auroc", task) == []  # a kind that this home does not allow
    (novel,) = compare(records, "auprc_novel", task)
    assert novel.sequences == 10
    (flags,) = compare(records, "recall", task)
    assert flags.figures["synthetic"].mean > flags.figures["source"].mean
    for bad in ("hr@10", "auroc_new", "flood_auroc"):
        with pytest.raises(SmartgenError, match="expected one of auroc"):
            compare(records, bad, task)


def test_draws_are_kept(records: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "cache")
    first = compare(records, "auroc", PairedDetection(store))
    monkeypatch.setattr("smartgen.tables.paired_detection.resampled_auroc", None)
    assert compare(records, "auroc", PairedDetection(store)) == first


def test_records_that_test_other_sequences_are_not_paired(records: list[Record], tmp_path: Path) -> None:
    write(tmp_path, "oracle", 0, 0.1, count=20)
    with pytest.raises(SmartgenError, match="tests other sequences"):
        compare(read_records(tmp_path), "auroc", PairedDetection())


def test_records_must_agree_on_what_is_novel(records: list[Record], tmp_path: Path) -> None:
    write(tmp_path, "mixed", 0, 0.1, novel=np.tile(np.arange(COUNT) < 11, 2))
    with pytest.raises(CasesDifferError, match="others are novel"):
        compare(read_records(tmp_path), "auroc", PairedDetection())


def test_draws_without_a_case_are_left_out_and_n_is_of_the_kind(tmp_path: Path) -> None:
    """Of the second kind three cases are left: in one draw of twenty there is none of them."""
    for regime, lift in (("source", 0.0), ("synthetic", 0.3)):
        write(tmp_path, regime, 0, lift, count=COUNT + 3)
    records = read_records(tmp_path)
    for metric, sequences in (("hours_auroc", 3), ("auroc", COUNT), ("command_auroc", COUNT)):
        (row,) = compare(records, metric, PairedDetection())
        assert row.sequences == sequences
        for figure in (*row.figures.values(), *row.differences.values()):
            assert figure.low <= figure.high  # false of NaN


def test_the_page_has_a_summary_a_kind(records: list[Record]) -> None:
    task = PairedDetection()
    rows = compare(records, "auroc", task)
    parts = {part: compare(records, part, task) for part in task.parts("auroc")}
    page = paired_page(rows, "auroc", task, parts)
    headings = [block.heading.split(":")[0] for block in page.blocks]
    assert headings == ["auroc", "command_auroc", "hours_auroc", "burst_auroc", "lof"]
    assert page.blocks[0].rows[0][1].startswith("1 of 1 (1; 0), +0.")


def test_the_command_prints_and_writes(
    records: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table2_unified", "--outputs", str(tmp_path), "--metric", "hours_auroc"]) == 0
    assert "hours_auroc" in capsys.readouterr().out
    assert not (tmp_path / "tables").exists()
    assert main(["table2_unified", "--outputs", str(tmp_path)]) == 0
    assert {path.suffix for path in (tmp_path / "tables").iterdir()} == {".md", ".tex", ".csv", ".json"}
    written = json.loads((tmp_path / "tables" / "table2_unified.json").read_text())
    assert {row["metric"] for row in written} == {
        *("auroc", "command_auroc", "hours_auroc", "auroc_novel", "f1", "false_positive_rate")
    }
    capsys.readouterr()
    assert main(["table2_unified", "--outputs", str(tmp_path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == written
    assert main(["table2_unified", "--outputs", str(tmp_path), "--metric", "hr@10"]) == 2
    assert "expected one of auroc" in capsys.readouterr().err
