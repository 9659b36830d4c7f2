"""`smartgen-report wandb`: records, tables and figures as W&B runs, read back from W&B's own files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from smartgen.commands.report import main
from smartgen.commands.wandb_reports import COLUMNS, reports
from smartgen.core.records import Record, read_records, write_error, write_result
from smartgen.tables.declare import load_named

PLACES = len(load_named("table2").places)
FR = {"task": "detection", "dataset": "fr", "transition": "seasonal", "seed": 2024, "synthesizer": "replay"}
LOF = FR | {"method": "lof", "detector": "lof", "regime": "source", "protocol": "released", "without": "none"}
DRAWN = FR | {
    "method": "transae",
    "detector": "transae",
    "regime": "synthetic",
    "protocol": "released",
    "without": "none",
}
ERROR = {"type": "ValueError", "message": "two\nlines", "traceback": "Traceback"}


def put(outputs: Path, key: str, axes: dict[str, Any], f1: float, command: str, **config: Any) -> None:
    result = {"axes": axes, "config": config, "metrics": {"f1": f1, "recall": 0.5}, "counts": {"train": 9}}
    run = {"command": command, "seconds": {"total": 1.5}, "finished": "2026-03-01T10:00:00"}
    write_result(outputs, key, result, run)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """A cell of Table 2, a lone one of another home, a failed one, and a page with a picture."""
    put(tmp_path, "fr-aa01", LOF, 0.05, "smartgen experiment=table2 system=lof", detector={"name": "lof"})
    put(tmp_path, "sp-aa02", LOF | {"dataset": "sp", "protocol": "unified"}, 0.5, "smartgen dataset=sp")
    write_error(tmp_path, "us-aa03", LOF | {"dataset": "us"}, ERROR, {"command": "smartgen dataset=us"})
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/worth.json").write_text(
        '[{"method": "seen", "gap": 0.5}, {"method": "x", "gap": null}]'
    )
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/gaps_detection.png").write_bytes(_png())
    return tmp_path


def _png() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (4, 3)).save(content, "png")
    return content.getvalue()


def run(outputs: Path, *arguments: str) -> int:
    return main(["wandb", *arguments, "--outputs", str(outputs)])


def table_of(run: Any, name: str) -> dict[str, Any]:
    path = run.files[-1].parent / "files" / run.summary[name]["path"]
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_each_record_and_each_report_is_a_run(
    outputs: Path, check_wandb: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(outputs) == 0
    told = capsys.readouterr().out
    assert told.startswith("3 cells and 2 tables and figures published in ")
    assert told.endswith(f"to send them: wandb sync {outputs / 'wandb'}\n")
    runs = check_wandb.read_runs(outputs)
    assert check_wandb.differences(runs, read_records(outputs)) == []
    found = {run.name: (run.group, run.job_type, run.exit_code) for run in runs.values()}
    assert found == {
        "fr-aa01": ("table2", "lof", 0),
        "sp-aa02": ("detection", "lof", 0),
        "us-aa03": ("detection", "lof", 1),
        "table2": ("table2", "report", 0),
        "worth": ("worth", "report", 0),
    }
    assert not any(run.summary.get("_wandb", {}).get("stats") for run in runs.values())


def test_a_table_stands_beside_the_paper(outputs: Path, check_wandb: ModuleType) -> None:
    assert run(outputs) == 0
    runs = check_wandb.read_runs(outputs)
    table = table_of(runs["report-table2"], "comparison")
    assert tuple(table["columns"]) == COLUMNS
    assert len(table["data"]) == runs["report-table2"].summary["cells"] == PLACES
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    (row,) = (row for row in rows if row["keys"] == "fr-aa01" and row["metric"] == "F1 Score")
    assert (row["dataset"], row["transition"], row["method"], row["n"]) == ("fr", "ST", "LOF", 1)
    assert row["mean"] == 0.05
    assert row["delta"] == pytest.approx(0.05 - row["published"])
    assert sum(runs["report-table2"].summary["verdicts"].values()) == PLACES
    worth = runs["report-worth"]
    assert table_of(worth, "comparison")["data"] == [["seen", 0.5], ["x", None]]
    assert worth.summary["gaps_detection"]["width"] == 4


def test_what_was_published_is_passed_over(
    outputs: Path, check_wandb: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(outputs) == 0
    note = json.loads((outputs / "wandb/published.json").read_text())
    assert len(note["published"]["offline/smartgen"]) == 5
    assert run(outputs) == 0
    assert "0 cells and 0 tables and figures published" in capsys.readouterr().out
    put(outputs, "sp-aa02", LOF | {"dataset": "sp", "protocol": "unified"}, 0.75, "smartgen dataset=sp")
    assert run(outputs) == 0
    assert "\n1 cells and 0 tables" in "\n" + capsys.readouterr().out
    assert run(outputs, "--project", "other", "--dataset", "us") == 0
    assert "1 cells and 0 tables" in capsys.readouterr().out
    assert run(outputs, "--force") == 0
    assert "3 cells and 2 tables and figures published" in capsys.readouterr().out
    runs = check_wandb.read_runs(outputs)
    assert len(runs) == 5, "one run a record, however often it was published"
    assert len(runs["aa02"].files) == 3
    assert runs["aa02"].summary["metrics"]["f1"] == 0.75
    assert check_wandb.differences(runs, read_records(outputs)) == []


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--dataset", "fr"], {"fr-aa01", "table2"}),
        (["--dataset", "sp,us"], {"sp-aa02", "us-aa03"}),
        (["--where", "protocol=unified"], {"sp-aa02"}),
    ],
)
def test_a_filter_sends_its_cells_and_the_tables_that_show_them(
    outputs: Path, check_wandb: ModuleType, arguments: list[str], names: set[str]
) -> None:
    assert run(outputs, *arguments) == 0
    assert {run.name for run in check_wandb.read_runs(outputs).values()} == names


def test_a_table_with_a_picture_brings_it(tmp_path: Path) -> None:
    setting = {
        "stage": {name: {"name": "released"} for name in ("tss", "ssc", "gss")},
        "synthesizer": {"name": "replay", "collection": "study", "llm": "gpt-4o"},
        "detector": {"name": "transae", "network": "smartgen"},
    }
    setting["stage"]["tss"] |= {"max_gap_hours": 6, "max_duration_hours": 24}  # type: ignore[dict-item]
    put(tmp_path, "bb", DRAWN, 0.9, "smartgen experiment=fig7", **setting)
    found = {report.described.name: report for report in reports(read_records(tmp_path), tmp_path, None)}
    assert set(found) == {"fig7"}
    assert found["fig7"].pictures["figure"]().startswith(b"\x89PNG")


def test_a_figure_is_a_run_of_its_points(tmp_path: Path) -> None:
    axes = FR | {"task": "compression", "method": "transae", "protocol": "released", "regime": "synthetic"}
    records = []
    for threshold in (0.8, 0.9):
        ssc = {"name": "released", "threshold": threshold, "dropout": True, "share": None}
        metrics = {"threshold": threshold, "share_kept": threshold / 2}
        result = {"axes": axes, "config": {"stage": {"ssc": ssc}}, "metrics": metrics, "counts": {}}
        records.append(Record(f"cc{threshold}", tmp_path, result, {"command": "smartgen experiment=fig6"}))
    (figure,) = reports(records, tmp_path, None)
    assert (figure.described.name, figure.described.summary) == ("fig6", {"points": 2})
    assert figure.pictures["figure"]().startswith(b"\x89PNG")
    columns, rows = figure.table()
    assert [row[columns.index("keys")] for row in rows] == ["cc0.8", "cc0.9"]


def test_a_page_changes_with_its_picture(outputs: Path) -> None:
    def worth() -> Any:
        return next(one for one in reports([], outputs, None) if one.described.name == "worth")

    before = worth().digest
    assert worth().digest == before
    (outputs / "figures/gaps_detection.png").write_bytes(_png() + b"\n")
    assert worth().digest != before
    (outputs / "tables/worth.json").write_text("torn")
    assert run(outputs) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wandb", "--metric", "f1"], "--metric has no meaning with wandb"),
        (["table2", "--force"], "--force has no meaning with table2"),
        (["list", "--mode", "online"], "--mode has no meaning with list"),
        (["wandb", "--dataset", "xx"], "--dataset xx: expected one of: fr, sp, us"),
    ],
)
def test_refusals(outputs: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main([*arguments, "--outputs", str(outputs)]) == 2
    assert said in capsys.readouterr().err
    assert not (outputs / "wandb").exists()


def test_nothing_to_publish_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 2
    assert "no record to publish" in capsys.readouterr().err


def test_without_a_key_it_ends_in_one_line(outputs: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    environment |= {"HOME": str(outputs), "NETRC": str(outputs / "netrc")}
    command = [sys.executable, "-m", "smartgen.commands.report", "wandb", "--mode", "online"]
    done = subprocess.run(
        [*command, "--outputs", str(outputs)],
        capture_output=True, text=True, check=False, env=environment, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("smartgen-report: W&B: No API key configured.")
    assert done.stderr.count("\n") == 1
    note = outputs / "wandb/published.json"
    assert json.loads(note.read_text())["published"] == {}
