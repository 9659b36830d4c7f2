"""The same cells again, in another order and under another launcher: equal records."""

from pathlib import Path
from types import ModuleType

import pytest

from smartgen.core.records import read_records, write_result
from smartgen.sweeps.planned import planned_cells
from tests.scripts import FOLDER, load

SMALL = ("detector.d_model=16", "detector.epochs=1")
DEMO = ("debug=smoke", "dataset.household=1,2", "regime=source,synthetic", "synthesizer=walk")


@pytest.fixture
def script() -> ModuleType:
    return load(FOLDER / "check_determinism.py")


@pytest.mark.slow
def test_the_demo_comes_out_the_same(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.again(tmp_path, "demo", [*DEMO, f"paths.outputs={'${oc.env:SMARTGEN_OUTPUTS}'}"])
    assert "12 cells, twice: 12 equal, in reverse order under joblib: 12 equal" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.release
def test_cells_of_table_2_come_out_the_same(script: ModuleType, tmp_path: Path) -> None:
    words = ["system=transae,smartgen_transae", "dataset=fr", *SMALL]
    assert script.again(tmp_path, "table2", words)


def test_the_reverse_order_has_the_same_cells(script: ModuleType) -> None:
    cells, _ = planned_cells("table4", [])
    backwards, _ = planned_cells("table4", script.reversed_axes(cells))
    assert [sorted(cell) for cell in backwards] == [sorted(cell) for cell in reversed(cells)]


def test_a_difference_is_told_with_its_place(script: ModuleType, tmp_path: Path) -> None:
    result = {"axes": {"seed": 1}, "config": {}, "metrics": {"f1": 0.5, "auroc": 0.5}, "counts": {}}
    for name, f1 in {"first": 0.5, "second": 0.5000001}.items():
        write_result(tmp_path / name, "k", result | {"metrics": {"f1": f1, "auroc": 0.5}}, {})
    write_result(tmp_path / "first", "l", result, {})
    first, second = (script.recorded(tmp_path / name) for name in ("first", "second"))
    assert script.differences(first, first) == {}
    assert script.differences(first, second) == {"k": ["metrics.f1"], "l": ["missing"]}
    assert len(read_records(tmp_path / "first")) == 2


def test_how_far_metrics_move_elsewhere(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    axes = {"seed": 1, "method": "transae", "regime": "source"}
    for name, f1, threshold in (("first", 0.5, 0.1), ("other", 0.51, 0.4), ("lacks", 0.5, None)):
        for key in "ab":
            told = {"f1": f1, "threshold": threshold if key == "b" else 0.1}
            setting = {"axes": axes, "config": {"width": key}, "counts": {"kept": 3}}
            write_result(tmp_path / name, key, setting | {"metrics": told}, {})
    first, other, lacks = (
        script.by_setting(script.recorded(tmp_path / name).values()) for name in ("first", "other", "lacks")
    )
    script.print_moves("avx2", first, other)
    script.print_moves("avx2", first, lacks)
    assert [line.split(" cells, ")[1].strip() for line in capsys.readouterr().out.splitlines()] == [
        "0 equal; the shown metric moves 0.0100 in the mean, 0.0100 at most; of all, threshold by 0.3",
        "1 equal; the shown metric moves 0.0000 in the mean, 0.0000 at most; of all, threshold by inf",
    ]
