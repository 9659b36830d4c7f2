"""From records to cells: holes, failures, duplicates and mixed settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.tables.blocks import averages, tally
from smartgen.tables.collect import TableCell, collect, unresolved
from smartgen.tables.declare import Table, load_named, load_table

Make = Callable[..., Record]


@pytest.fixture
def table(write_declaration: Callable[[Mapping[str, Any]], Path], declaration: dict[str, Any]) -> Table:
    return load_table(write_declaration(declaration))


def cell(
    cells: list[TableCell], dataset: str = "fr", metric: str = "F1 Score", method: str = "Ours"
) -> TableCell:
    found = [one for one in cells if (one.dataset, one.metric, one.method) == (dataset, metric, method)]
    assert len(found) == 1
    return found[0]


def test_a_row_without_published_numbers_shows_what_was_measured(
    write_declaration: Callable[[Mapping[str, Any]], Path], declaration: dict[str, Any], make_record: Make
) -> None:
    declaration["others"] = {"{} (stale)": {"of": "detector", "cells": {"regime": "source"}}}
    table = load_table(write_declaration(declaration))
    records = [
        make_record(str(seed), f1, seed=seed, detector="aegis", regime="source")
        for seed, f1 in ((1, 0.4), (2, 0.6))
    ]
    cells = collect(table, records)
    found = cell(cells, method="aegis (stale)")
    assert (found.mean, found.n, found.published, found.delta) == (0.5, 2, None, None)
    assert found.verdict == "not published"
    assert found.command == "smartgen experiment=small dataset=fr transition=seasonal"
    assert cell(cells, method="seen (stale)").n == 0


def test_without_records_every_cell_is_there_with_its_state(table: Table) -> None:
    cells = collect(table, [])
    assert len(cells) == 2 * 1 * 3 * 3
    assert cell(cells).verdict == "not run"
    assert cell(cells).n == 0
    assert cell(cells).command == "smartgen experiment=small dataset=fr transition=seasonal"
    assert cell(cells, method="LOF").command == ""
    assert cell(cells, method="LOF").protocol == "released"
    assert (cell(cells, method="Slow").verdict, cell(cells, method="Slow").reason) == (
        "skipped",
        "takes a week",
    )
    assert cell(cells, "sp", "Number").verdict == "not published"
    assert cell(cells, method="LOF").mark == "paper 0.2500, its release 0.2600"


def test_seeds_are_averaged_and_units_brought_in_line(table: Table, make_record: Make) -> None:
    cells = collect(table, [make_record("a", 0.86, seed=1), make_record("b", 0.87, seed=2)])
    f1 = cell(cells)
    assert (f1.n, f1.min, f1.max, f1.sd, f1.keys) == (2, 0.86, 0.87, 0.0, ("a", "b"))
    assert f1.mean == pytest.approx(0.865)
    assert f1.delta == pytest.approx(0.865 - 0.8614)
    assert f1.verdict == "match"
    assert f1.seeds == ((1, 0.86), (2, 0.87))
    assert f1.in_range is True
    assert cell(cells, metric="Rate (%)").mean == pytest.approx(58.53)
    assert cell(cells, metric="Number").verdict == "exact"
    assert cell(cells, "sp").n == 0


def test_the_release_stands_in_where_the_paper_is_silent(table: Table, make_record: Make) -> None:
    found = cell(collect(table, [make_record("a", 0.91, dataset="sp")]), "sp")
    assert (found.published, found.released, found.reference, found.verdict) == (None, 0.9, 0.9, "match")
    assert found.reference_source == "released"


def test_foreign_axes_do_not_count(table: Table, make_record: Make) -> None:
    others = [make_record("a", protocol="unified"), make_record("b", transition="schedule")]
    assert cell(collect(table, others)).n == 0
    assert cell(collect(table, [make_record("a", task="prediction")]), metric="Number").n == 0


def test_failures_show_until_a_success_of_the_same_axes(table: Table, make_record: Make) -> None:
    failed = make_record("a", seed=1, ok=False)
    assert cell(collect(table, [failed])).verdict == "failed"
    assert cell(collect(table, [failed]), method="LOF").verdict == "not run"
    partly = cell(collect(table, [failed, make_record("b", seed=2)]))
    assert partly.verdict == "exact"
    assert partly.reason.startswith("1 of 2 runs failed")
    healed = [failed, make_record("b", seed=1)]
    assert cell(collect(table, healed)).reason == ""
    assert unresolved(healed) == []


def test_mixed_settings_are_told_and_filtered(table: Table, make_record: Make) -> None:
    records = [make_record("a", 0.8614, threads=1), make_record("b", 0.5, threads=2)]
    default = cell(collect(table, records))
    assert (default.keys, default.verdict) == (("a",), "exact")
    assert "2 settings recorded" in default.reason
    chosen = cell(collect(table, records, {"trainer.threads": 2}))
    assert (chosen.keys, chosen.mean) == (("b",), 0.5)
    assert "settings recorded" not in chosen.reason


def test_a_filter_narrows_and_never_replaces_the_declared_axes(table: Table, make_record: Make) -> None:
    assert cell(collect(table, [make_record("a", protocol="unified")], {"protocol": "unified"})).n == 0


def test_an_undefined_metric_is_a_gap_and_a_wrong_one_an_error(table: Table, make_record: Make) -> None:
    gap = cell(collect(table, [make_record("a", None), make_record("b", 0.8614, seed=2)]))
    assert (gap.n, gap.reason) == (1, "1 of 2 records have no 'f1'")
    with pytest.raises(SmartgenError, match=r"result\.json: f1: expected a number, got '0\.9'"):
        collect(table, [make_record("a", "0.9")])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(1, 4),
            st.sampled_from(["fr", "sp"]),
            st.integers(1, 2),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_every_cell_has_one_verdict(table: Table, make_record: Make, runs: list[Any]) -> None:
    records = [
        make_record(f"k{row}", f1, seed=seed, dataset=dataset, threads=threads, ok=ok)
        for row, (f1, seed, dataset, threads, ok) in enumerate(runs)
    ]
    cells = collect(table, records)
    counts = Counter(one.verdict for one in cells)
    assert sum(counts.values()) == len(cells) == len(table.places)
    said = tally(cells).split(": ", 1)[1].split(", ")
    assert sum(int(part.split()[0]) for part in said) == len(cells)
    assert all((one.n > 0) == (one.mean is not None) for one in cells)


def test_averages_are_the_papers_and_ours_where_every_cell_is_there() -> None:
    table = load_named("table9")
    lines = averages(table, collect(table, []))
    assert "mean of 9 cells, Reduction Rate (%), SSC: paper 63.60, release 72.86" in lines
    assert "mean of 9 cells, Saved Tokens (K), SSC: paper 371.9" in lines
    assert not any("ours" in line for line in lines)
