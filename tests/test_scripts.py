"""Every script loads and says what it is for."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.scripts import FOLDER, load

SCRIPTS = sorted(FOLDER.glob("*_*.py"))


@pytest.mark.slow
def test_the_benchmark_measures_stages_and_whole_commands(tmp_path: Path) -> None:
    words = ["--only", "tss", "gss", "demo: seen, unified", "--sizes", "20000", "200000", "--runs", "1"]
    environment = {name: value for name, value in os.environ.items() if name != "SMARTGEN_RELEASE"}
    done = subprocess.run(
        [sys.executable, SCRIPTS[0].parent / "bench.py", *words, "--out", tmp_path],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "bench.json").read_text())
    assert [(row["name"], row["size"]) for row in told["stages"]] == [
        *(("tss", size) for size in (20_000, 200_000)),
        *(("gss", size) for size in (20_000, 200_000)),
    ]
    assert all(0 < row["processor"] < 5 and row["peak_mb"] > 50 for row in told["stages"])
    assert [row["command"].split()[0] for row in told["pipelines"]] == ["smartgen"]
    large = {row["name"]: row["added_bytes_a_behavior"] for row in told["stages"] if row["size"] == 200_000}
    assert all(16 < used < 100 for used in large.values()), large
    assert told["machine"]["gflops"] > 1
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert "tss" in done.stdout
    lines = (tmp_path / "bench.md").read_text().splitlines()
    assert [line.split(" | ")[:2] for line in lines if "0,000 |" in line] == [
        ["| tss", "200,000"],
        ["| gss", "200,000"],
    ]
    assert any(line.startswith("| demo: seen, unified: `smartgen dataset=demo") for line in lines)


@pytest.mark.slow
def test_the_operations_of_every_network_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS[0].parent)
    stages = importlib.import_module("benchmark.stages").STAGES
    operations = importlib.import_module("benchmark.operations").operations
    counted = {}
    for name, stage in stages.items():
        if stage.trains:
            given = stage.prepare(60)
            counted[name] = operations(lambda stage=stage, given=given: stage.run(given))
    assert {"fpmc, 50 steps", "ssc training", "transae scores"} <= counted.keys()
    assert min(counted.values()) > 1e6, counted


def test_a_page_of_the_benchmark_compares_at_the_size_at_which_both_ways_ran(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(SCRIPTS[0].parent)
    page = load(SCRIPTS[0].parent / "benchmark/page.py")
    ground = {
        "processor": "P",
        "cores": 2,
        "gflops": 9.0,
        "copy_gb_s": 8.0,
        "commit": "0123456789",
        "dirty": False,
    }
    stage = {
        "name": "tss",
        "peak_mb": 300.0,
        "added_bytes_a_behavior": 41.7,
        "limit": "memory",
        "of_copy_speed": 0.25,
        "runs": 3,
    }
    small = stage | {"size": 10, "processor": 0.5, "ratio": 7.96, "plain": {"processor": 3.98}}
    large = stage | {"size": 1000, "processor": 123.4}
    plain = {"processor": 5.0, "peak_mb": 900.0, "metrics": {"f1": 0.5}, "words": "x=1"}
    whole = {
        "name": "w",
        "command": "smartgen a=b",
        "runs": 1,
        "processor": 2.0,
        "peak_mb": 80.0,
        "metrics": {"f1": 0.5, "kept": 3},
    }
    told = page.markdown(
        ground, [large, small], [whole | {"plain": plain, "ratio": 2.5}, whole], {"tss": 1.0}
    )
    assert (
        "| tss | 1,000 | 123 | 3.98 at 10 | 8.0 | 300 | 42 | n^1.00 | memory (0.25 of copy speed) |" in told
    )
    assert (
        "| w: `smartgen a=b`, plain: `x=1` | 2.00 | 5.00 | 2.5 | 80 | 900 | f1 0.500, kept 3 | f1 0.500 |"
        in told
    )
    assert "| w: `smartgen a=b` | 2.00 |  |  | 80 |  | f1 0.500, kept 3 |  |" in told


def test_a_figure_is_the_median_of_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS[0].parent)
    measure = load(SCRIPTS[0].parent / "benchmark/measure.py")
    runs = [{"wall": wall, "processor": 1.0, "other": 7.0} for wall in (3.0, 1.0, 9.0)]
    assert measure.medians(runs) == {"wall": 3.0, "processor": 1.0}
    told = measure.measured_call(np.ones, lambda ones: np.tile(ones, 2), 4_000_000)
    assert 55 < told["added_mb"] < 90
    assert told["peak_mb"] > told["added_mb"] + 30


def test_a_fitted_exponent_ignores_what_is_too_fast_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS[0].parent)
    growth = load(SCRIPTS[0].parent / "benchmark/growth.py")
    quadratic = [(size, 1e-8 * size**2) for size in (10, 1_000, 10_000)]
    assert growth.exponent(quadratic) == pytest.approx(2)
    assert growth.exponent([(10, 1e-6), (1_000, 1.0)]) is None


def test_agreement_is_a_pair_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS[0].parent)
    agreement = load(SCRIPTS[0].parent / "measure_tof.py").agreement
    one, other = np.ones(9, dtype=bool), np.ones(9, dtype=bool)
    assert agreement(one, other) is None
    one[:2], other[2:4] = False, False
    assert agreement(one, other) == 0
    other[1] = False
    assert agreement(one, other) == 0.25


def test_dropout_apart_leaves_the_random_state_alone() -> None:
    apart = load(SCRIPTS[0].parent / "check_shared_state.py").dropout_apart
    layer, ones = nn.Dropout(0.25), torch.ones(100, 100)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    with apart(seed=3):
        first, second = layer(ones), layer(ones)
        layer.eval()
        assert torch.equal(layer(ones), ones)
        layer.train()
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, second)
    assert sorted(first.unique().tolist()) == [0, pytest.approx(4 / 3)]
    assert first.mean() == pytest.approx(1, abs=0.05)
    layer(ones)
    assert not torch.equal(torch.get_rng_state(), before)  # behind it all is as it was


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_explains_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [path.name, "--help"])
    monkeypatch.syspath_prepend(path.parent)
    module = load(path)
    with pytest.raises(SystemExit) as end:
        module.main()
    assert end.value.code == 0
    assert (module.__doc__ or "").splitlines()[0].rstrip(".") in capsys.readouterr().out.replace("\n", " ")
