"""The command: what it prints, what it writes, how it refuses."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smartgen.commands.report import main
from smartgen.core.records import write_error, write_result

AXES = {
    "task": "detection",
    "regime": "synthetic",
    "protocol": "released",
    "synthesizer": "replay",
    "without": "none",
}
RUN = {"command": "smartgen dataset=fr", "finished": "2026-03-01T10:00:00"}


def put(outputs: Path, key: str, seed: int, f1: float, threads: int = 1, **axes: Any) -> None:
    named = AXES | {"dataset": "fr", "transition": "seasonal", "seed": seed} | axes
    detector = {"name": "transae", "network": "smartgen"}
    config = {"seed": seed, "detector": detector, "trainer": {"threads": threads}}
    metrics = {"f1": f1, "precision": 0.7632, "recall": 0.9886}
    write_result(outputs, key, {"axes": named, "config": config, "metrics": metrics, "counts": {}}, RUN)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    put(tmp_path, "aa01", 1, 0.8614)
    put(tmp_path, "aa02", 2, 0.8514)
    put(tmp_path, "bb01", 1, 0.5, threads=2)
    error = {"type": "ValueError", "message": "two\nlines", "traceback": "Traceback\n  here"}
    failed = AXES | {"dataset": "fr", "transition": "schedule", "detector": "transae", "seed": 1}
    write_error(tmp_path, "cc01", failed, error, {"command": "smartgen transition=schedule"})
    return tmp_path


def run(outputs: Path, *arguments: str) -> int:
    return main([*arguments, "--outputs", str(outputs)])


def test_table_prints_and_leaves_four_files(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(outputs, "table2", "--metric", "f1", "--method", "SmartGen", "--format", "json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert len(printed) == 9
    assert (printed[0]["n"], printed[0]["verdict"], printed[0]["in_range"]) == (2, "match", True)
    assert printed[1]["verdict"] == "failed"
    whole = json.loads((outputs / "tables" / "table2.json").read_text())
    assert len(whole) == 324
    assert len(list(csv.DictReader((outputs / "tables" / "table2.csv").open()))) == 324
    assert (outputs / "tables" / "table2.md").read_text().startswith("# table2: ")
    assert sorted(path.name for path in (outputs / "tables").iterdir()) == [
        "table2.csv",
        "table2.json",
        "table2.md",
        "table2.tex",
    ]


def test_text_fits_112_columns(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--method", "SmartGen", "--seeds"], ["--layout", "paper"]):
        assert run(outputs, "table2", *more) == 0
        text = capsys.readouterr().out
        assert max(map(len, text.splitlines())) <= 112
        assert "not run" in text


def test_a_filter_shows_other_records_and_writes_nothing(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(outputs, "table2", "--where", "trainer.threads=2", "--metric", "F1", "--format", "json") == 0
    cells = [cell for cell in json.loads(capsys.readouterr().out) if cell["n"]]
    assert [(cell["mean"], cell["keys"]) for cell in cells] == [(0.5, ["bb01"])]
    assert not (outputs / "tables").exists()


def test_out_takes_the_place_of_printing(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(outputs, "table2", "--format", "csv", "--out", str(outputs / "x.csv")) == 0
    assert capsys.readouterr().out == ""
    assert (outputs / "x.csv").read_text() == (outputs / "tables" / "table2.csv").read_text()


def test_list_failures_and_show(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(outputs, "list") == 0
    assert "3 of 324 cells filled" in capsys.readouterr().out
    assert run(outputs, "failures") == 0
    told = capsys.readouterr().out
    assert "ValueError: two lines\n  smartgen transition=schedule\n" in told
    assert "failed cells: 1; without a result: 1" in told
    assert run(outputs, "show", "aa01") == 0
    assert '"precision": 0.7632' in capsys.readouterr().out
    assert run(outputs, "show", "cc") == 0
    assert "Traceback\n  here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["table77"], "no 'table77' to report; choose one of: fig7, fig8, table2, table3, "),
        (["regimes", "--dataset", "xx"], "--dataset xx: expected one of: fr"),
        (["table3_unified", "--dataset", "xx"], "--dataset xx: expected one of: fr"),
        (["show"], "show and a key go together"),
        (["list", "aa01"], "show and a key go together"),
        (["show", "aa"], "expected the beginning of exactly one record's key, found aa01, aa02"),
        (["show", "zz"], "found none"),
        (["table2", "--metric", "R2"], "--metric R2: expected one of: Recall, Precision, F1 Score"),
        (["table2", "--method", "A"], "--method A: expected one of: LOF"),
        (["table2", "--where", "trainer.thread=1"], "close ones: trainer.threads"),
        (["table2", "--where", "threads"], "expected key=value"),
        (["fig6", "--layout", "paper"], "--layout has no meaning with fig6"),
    ],
)
def test_refusals_are_one_line_and_write_nothing(
    outputs: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(outputs, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("smartgen-report: ")
    assert err.count("\n") == 1
    assert said in err
    assert not (outputs / "tables").exists()


def test_the_outputs_folder_is_found(
    outputs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", "--outputs", str(outputs / "nowhere")]) == 2
    assert "check --outputs and SMARTGEN_OUTPUTS" in capsys.readouterr().err
    monkeypatch.setenv("SMARTGEN_OUTPUTS", str(outputs))
    assert main(["list"]) == 0
    assert "records: 3" in capsys.readouterr().out
    monkeypatch.delenv("SMARTGEN_OUTPUTS")
    monkeypatch.chdir(outputs / "runs")
    assert main(["list"]) == 0
    assert "records: 0" in capsys.readouterr().out


def test_reports_import_nothing_heavy(outputs: Path) -> None:
    code = (
        "import sys; from smartgen.commands.report import main; main(sys.argv[1:]); "
        "heavy = {'torch', 'lightning', 'pytorch_lightning', 'pandas', 'hydra', 'wandb'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "table2", "--outputs", str(outputs)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
