"""W&B's runs, opened and ended."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.tracking.describe import Description
from smartgen.tracking.runs import Target, opened

LONG = "x" * 100_000  # more than a block of W&B's files
REPORT = Description("report-x", "x", "x", "report", ("table=x",), {"title": "X"}, {"long": LONG, "n": 1})


def test_what_wandb_complains_of_is_one_line(tmp_path: Path) -> None:
    import wandb

    target = Target(tmp_path, "p", "disabled")
    with (
        pytest.raises(SmartgenError, match=r"W&B: no way Offline mode needs neither"),
        opened(REPORT, target),
    ):
        raise wandb.Error("no\nway")


@pytest.mark.slow
def test_a_run_ends_as_what_is_done_with_it(tmp_path: Path, check_wandb: ModuleType) -> None:
    target = Target(tmp_path, "p", "offline")
    with opened(REPORT, target, later=True) as run:
        run.summary.update(dict(REPORT.summary))
    with pytest.raises(KeyError), opened(Description("y", "y", "x", "report"), target, later=True):
        raise KeyError("y")
    runs = check_wandb.read_runs(tmp_path)
    assert {name: run.exit_code for name, run in runs.items()} == {"report-x": 0, "y": 1}
    assert (runs["report-x"].config["title"], runs["report-x"].summary["n"]) == ("X", 1)
    assert runs["report-x"].summary["long"] == LONG
    assert runs["y"].summary["error"] == "KeyError: 'y'"
    assert not (runs["y"].files[0].parent / "files/requirements.txt").exists()  # of another machine, maybe


@pytest.mark.parametrize("content", [b"", b"something else", b":W&B\xe1\xbe\x00" + bytes(20)])
def test_a_file_that_is_none_of_wandb_or_damaged(
    tmp_path: Path, check_wandb: ModuleType, content: bytes
) -> None:
    path = tmp_path / "run-x.wandb"
    path.write_bytes(content)
    with pytest.raises(SmartgenError, match=r"expected a W&B file|damaged at byte 7"):
        list(check_wandb.chunks(path))
