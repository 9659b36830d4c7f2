"""Which table a run belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartgen.commands.report import OTHERS
from smartgen.config import compose_cell, config_dir
from smartgen.core.errors import SmartgenError
from smartgen.tables.curves import figure_names
from smartgen.tables.declare import table_names
from smartgen.tables.shares import shares_names
from smartgen.tracking.groups import experiment_groups, group_of

GROUPS = {"table2": "table2", "fig5_full": "fig5"}
# Read with other reports (regimes, table3_unified), or on a page beside each record (adapt).
WITHOUT_REPORT = {"adaptation", "demo", "adapt"}


@pytest.mark.parametrize(
    ("command", "group"),
    [
        ("smartgen dataset=fr", "detection"),
        ("smartgen experiment=table2 dataset=fr", "table2"),
        ("smartgen dataset=fr +experiment=fig5_full", "fig5"),
        ("smartgen experiment=mine", "mine"),
        ("smartgen experiment=table2 tracking.group=night", "night"),
        ("smartgen 'tracking.group=two words'", "two words"),
        ("smartgen experiment=table2 tracking.group=null", "table2"),
        ("smartgen experiment=null", "detection"),
        ("", "detection"),
    ],
)
def test_the_group_is_the_sweep_that_made_the_record(command: str, group: str) -> None:
    assert group_of(command, "detection", GROUPS) == group


def test_every_experiment_has_the_group_of_what_reports_it() -> None:
    groups = experiment_groups()
    assert set(groups) == {path.stem for path in (config_dir() / "experiment").glob("*.yaml")}
    assert (
        set(groups.values()) <= {*table_names(), *figure_names(), *shares_names(), *OTHERS} | WITHOUT_REPORT
    )


@pytest.mark.parametrize("experiment", ["table2", "fig5_full"])
def test_the_group_is_the_one_that_a_cell_runs_with(experiment: str) -> None:
    overrides = (f"experiment={experiment}", "dataset=demo", "synthesizer=walk")
    cell = compose_cell(*overrides)
    assert cell.tracking.group == group_of(f"smartgen {' '.join(overrides)}", cell.task, experiment_groups())


def test_an_experiment_without_a_group_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("task: detection\n")
    with pytest.raises(SmartgenError, match=r"mine.yaml: tracking.group: expected the name of the table"):
        experiment_groups(tmp_path)
