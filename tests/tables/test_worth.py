"""Gap closed and worth in real sequences."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.commands.report import main
from smartgen.core.errors import SmartgenError
from smartgen.core.records import read_records, write_cases, write_result
from smartgen.metrics.reach import reached_with
from smartgen.tables.paired import compare
from smartgen.tables.paired_prediction import PairedPrediction
from smartgen.tables.worth import Worth, few_key, mean_difference, mean_gap, worths
from smartgen.tables.worth_page import curve_records, worth_page, worth_records

SEQUENCES = np.arange(200, dtype=np.uint64)
ALONE = {"source": 0.2, "synthetic": 0.1, "mixed": 0.4, "adapted": 0.8, "oracle": 1.0}


def write(
    outputs: Path, regime: str, hits: float, few: int = 0, order: int = 0, first: int = 0, **more: object
) -> None:
    """A record whose wanted action is among the first ten in this share of the sequences, the first ones."""
    names = {"dataset": "demo", "transition": "seasonal", "seed": 1} | more
    key = "-".join(map(str, (regime, few, order, *names.values())))
    above = np.where(hits * len(SEQUENCES) > SEQUENCES, 0, 50).astype(np.int32)
    cases = {
        "sequence": SEQUENCES + np.uint64(first),
        "fold": np.zeros(len(SEQUENCES), dtype=np.int8),
        "novel": SEQUENCES < 0,
        "last": np.ones(len(SEQUENCES), dtype=bool),
        "above": above,
        "tied": np.ones(len(SEQUENCES), dtype=np.int32),
    }
    protocol = {"name": "unified"} | ({"few": few, "few_order": order} if few else {})
    axes = {"task": "prediction", "protocol": "unified", "predictor": "markov", "regime": regime} | names
    result = {
        "axes": axes,
        "config": {"protocol": protocol, "dataset": {"kind": "demo"}},
        "metrics": {"hr@10": hits},
        "counts": {"few_fold_0": min(few, 7), "few_fold_1": min(few, 8)} if few else {},
    }
    result["cases"] = write_cases(outputs, key, cases)
    write_result(outputs, key, result, {"finished": "2026-01-01T00:00:00"})


def fill(outputs: Path, alone: dict[str, float] = ALONE, **axes: object) -> None:
    for regime, hits in alone.items():
        write(outputs, regime, hits, **axes)
    for few, hits in ((1, 0.3), (5, 0.5), (10, 0.7)):
        write(outputs, "source", hits, few, 0, **axes)
        write(outputs, "source", hits + 0.1, few, 1, **axes)
        write(outputs, "source", hits - 0.1, few, 2, **axes)


def found(outputs: Path) -> list[Worth]:
    return worths(read_records(outputs), PairedPrediction(), "hr@10")[0]


def test_gap_and_worth_of_one_home(tmp_path: Path) -> None:
    fill(tmp_path)
    (one,) = found(tmp_path)
    assert {name: gap.mean for name, gap in one.gaps.items()} == pytest.approx(
        {"synthetic": -0.125, "mixed": 0.25, "adapted": 0.75}
    )
    assert one.gaps["adapted"].low < 0.75 < one.gaps["adapted"].high
    # The most real sequences that a half had are 8; random orders count, the file's does not.
    assert one.tried == 8
    assert one.worths["synthetic"].mean == 0
    assert one.worths["mixed"].mean == pytest.approx(3)  # half way from 1 (0.3) to 5 (0.5)
    assert one.worths["adapted"].mean == np.inf
    below, above = one.over("synthetic", "source"), one.over("adapted", "mixed")
    assert below is not None
    assert above is not None
    assert below.high < 0 < above.low
    assert one.over("adapted", "stale") is None
    points = {(p.few, p.order): p.mean for p in one.curves["source"]}
    assert points[5, "random"] == pytest.approx(0.5)
    assert points[0, "file"] == points[0, "random"] == 0.2
    text = json.dumps(worth_records([one]))
    assert '"worth_mean": "inf"' in text
    assert len(curve_records([one])) == 4 * 2 + 4


def test_a_small_gap_is_left_blank_and_means_go_over_the_others(tmp_path: Path) -> None:
    fill(tmp_path)
    fill(tmp_path, ALONE | {"oracle": 0.24}, transition="schedule")
    fill(tmp_path, ALONE | {"adapted": 0.6}, transition="occupancy", dataset="other")
    records = found(tmp_path)
    blank = next(one for one in records if one.transition == "schedule")
    assert not blank.gaps
    assert blank.worths["mixed"].mean == pytest.approx(3)
    mean = mean_gap(records, "adapted")
    assert mean is not None
    assert mean.mean == pytest.approx((0.75 + 0.5) / 2)
    assert mean.low < mean.mean < mean.high
    assert mean_gap([blank], "adapted") is None


def test_the_page_and_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)
    fill(tmp_path, transition="schedule")
    assert main(["worth", "--outputs", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "+0.75 [" in printed
    assert ">8" in printed
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*worth*")}
    assert {"tables/worth.md", "tables/worth.csv", "tables/worth.json", "figures/worth.csv"} <= written
    for name in ("worth_markov", "gaps_prediction"):
        assert (tmp_path / f"figures/{name}.png").read_bytes()[1:4] == b"PNG"
        assert b"Date" not in (tmp_path / f"figures/{name}.svg").read_bytes()
    assert not (tmp_path / "figures/gaps_detection.png").exists()
    page = worth_page(found(tmp_path))
    headings = [block.heading.split(":")[0] for block in page.blocks]
    assert headings == ["prediction, hr@10"] * 2 + ["markov"] * 2


def test_other_comparisons_leave_records_with_real_sequences_out(tmp_path: Path) -> None:
    fill(tmp_path)
    (row,) = compare(read_records(tmp_path), ["hr@10"], PairedPrediction())["hr@10"].rows
    assert row.figures["source"].mean == pytest.approx(0.2)
    assert not row.note
    assert row.best == "adapted"


def test_seeds_that_are_other_homes_are_left_out_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path)
    fill(tmp_path, transition="schedule")
    write(tmp_path, "mixed", 0.4, transition="schedule", seed=2, first=1000)
    assert main(["worth", "--outputs", str(tmp_path)]) == 0
    assert "left out: " in " ".join(capsys.readouterr().out.split())
    assert [one.transition for one in found(tmp_path)] == ["seasonal"]


def test_several_homes_and_metrics_that_records_lack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for dataset in ("demo", "other", "third"):
        fill(tmp_path, dataset=dataset)
    assert main(["worth", "--outputs", str(tmp_path), "--dataset", "demo,third", "--metric", "hr@20"]) == 0
    printed = capsys.readouterr().out
    assert "DEMO ST" in printed
    assert "THIRD ST" in printed
    assert "OTHER ST" not in printed
    assert "2 of 2" in printed
    mean = mean_difference(found(tmp_path), "adapted", "synthetic")
    assert mean is not None
    assert mean.mean == pytest.approx(0.7)
    assert main(["worth", "--outputs", str(tmp_path), "--dataset", "nowhere"]) == 2


def test_no_records_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "source", 0.5)
    assert main(["worth", "--outputs", str(tmp_path)]) == 2
    assert "smartgen experiment=worth" in capsys.readouterr().err
    with pytest.raises(SmartgenError, match="--metric f2"):
        worths(read_records(tmp_path), PairedPrediction(), "f2")


def test_the_number_of_real_sequences_is_what_there_was(tmp_path: Path) -> None:
    write(tmp_path, "source", 0.5, few=50, order=3)
    write(tmp_path, "source", 0.5)
    assert sorted(map(few_key, read_records(tmp_path))) == [("source", 0, 0), ("source", 8, 3)]


def test_a_step_that_is_hardly_one_is_no_overflow() -> None:
    curve = np.array([[0.0, 0.5], [5e-324, 0.5], [1.0, 1.0]])
    with np.errstate(all="raise"):
        assert reached_with([0, 1, 3], curve, np.array([0.5, 0.75])).tolist() == [2.0, 2.0]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.floats(0, 1), st.floats(0, 0.5))
def test_more_is_reached_with_no_fewer(curve: list[float], value: float, more: float) -> None:
    few = [0, 1, 2, 5, 10, 20][: len(curve)]
    column = np.array(curve)[:, None]
    low, high = (reached_with(few, column, np.array([x]))[0] for x in (value, value + more))
    assert 0 <= low <= high
    assert np.isinf(low) or low <= few[-1]
