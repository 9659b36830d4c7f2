"""What is drawn can be read back, and nothing is left out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from smartgen.core.records import Record
from smartgen.tables.blocks import Block, Page, ours, page
from smartgen.tables.collect import TableCell, collect
from smartgen.tables.declare import Table, load_table
from smartgen.tables.origin import describe
from smartgen.tables.render import to_csv, to_json, to_markdown, to_text

CONTRACT = [
    *("dataset", "transition", "method", "metric", "protocol", "unit", "reference", "published", "released"),
    *("mean", "sd", "min", "max", "n", "delta", "verdict", "reason"),
]


@pytest.fixture
def table(write_declaration: Callable[[Mapping[str, Any]], Path], declaration: dict[str, Any]) -> Table:
    return load_table(write_declaration(declaration))


@pytest.fixture
def records(make_record: Callable[..., Record]) -> list[Record]:
    seeds = [make_record(f"a{seed}", 0.5 + seed / 10, seed=seed) for seed in (1, 2, 3)]
    return [*seeds, make_record("b", 0.9, dataset="sp")]


@pytest.fixture
def cells(table: Table, records: list[Record]) -> list[TableCell]:
    return collect(table, records)


def test_json_has_the_contracts_fields_in_order(cells: list[TableCell]) -> None:
    rows = json.loads(to_json(cells))
    assert [list(row)[: len(CONTRACT)] for row in rows] == [CONTRACT] * len(cells)
    row = next(row for row in rows if row["method"] == "Ours" and row["metric"] == "F1 Score")
    assert (row["dataset"], row["transition"], row["verdict"], row["n"]) == ("fr", "ST", "unstable", 3)
    assert row["mean"] - row["reference"] == row["delta"]
    assert row["seeds"] == [{"seed": seed, "value": 0.5 + seed / 10} for seed in (1, 2, 3)]
    assert row["keys"] == ["a1", "a2", "a3"]


def test_csv_reads_back_as_the_json(cells: list[TableCell]) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(cells))))
    assert len(rows) == len(cells)
    for row, cell in zip(rows, cells, strict=True):
        assert row["mean"] == ("" if cell.mean is None else repr(cell.mean))
        assert row["verdict"] == cell.verdict
        assert row["reason"] == cell.reason
    assert any(row["seeds"] == "1=0.6;2=0.7;3=0.8" for row in rows)


def pipe_rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[part.strip() for part in line.strip("|").split(" | ")] for line in lines]


def test_markdown_reads_back_as_the_cells(
    table: Table, cells: list[TableCell], records: list[Record]
) -> None:
    text = to_markdown(page(table, cells, describe(cells, records), whole=True))
    rows = [row for row in pipe_rows(text) if row[0].startswith(("FR", "SP"))]
    assert len(rows) == len(cells)
    for row, cell in zip(rows, cells, strict=True):
        assert row[:2] == [f"{cell.dataset.upper()} {cell.transition}", cell.metric]
        assert row[4] == ours(cell)
        assert row[6].endswith(cell.verdict)
    assert all(len({len(row) for row in pipe_rows(part)}) <= 1 for part in text.split("## "))


def test_methods_without_runs_take_a_line_unless_wanted(table: Table, cells: list[TableCell]) -> None:
    text = to_text(page(table, cells, []))
    assert "skipped (takes a week): Slow" in text
    assert text.count("\nFR ST  F1 Score") == 1
    assert to_text(page(table, cells, [], whole=True)).count("\nFR ST  F1 Score") == 3


def test_text_shows_verdict_words_symbols_protocol_and_origin(
    table: Table, cells: list[TableCell], records: list[Record]
) -> None:
    text = to_text(page(table, cells, describe(cells, records)))
    assert "0.7000 ± 0.1000 (3)" in text
    assert "0.9000 (1)" in text
    assert "! unstable" in text
    assert "ours (released)" in text
    assert "4 records, 2026-03-01 10:00, 6 min 0 s of computing" in text
    assert "18 cells: " in text


def test_text_fits_its_width(table: Table, cells: list[TableCell]) -> None:
    for layout in ("cells", "paper"):
        text = to_text(page(table, cells, [], layout=layout, seeds=True), 100)
        assert max(map(len, text.splitlines())) <= 100
        assert "\x1b" not in text
    assert "\x1b[" in to_text(page(table, cells, []), 100, color=True)


def test_no_cell_of_a_table_is_cut() -> None:
    wide = "0.501 ± 0.069 (3)"
    block = Block(
        "", ["method", *"abcdef", "note"], [["x" * 30, *[wide] * 6, "word " * 30]], frozenset({1, 2})
    )
    told = to_text(Page("title", ["intro " * 40], [block]), width=60)
    (line,) = [line for line in told.splitlines() if "xxx" in line]
    assert line.count(wide) == 6
    assert "x" * 30 in line
    assert told.count("word") == 30  # which wraps
    assert max(len(line) for line in told.splitlines() if "intro" in line) <= 60


def test_paper_layout_has_both_numbers_and_footnotes(table: Table, cells: list[TableCell]) -> None:
    text = to_text(page(table, cells, [], layout="paper"))
    lines = text.splitlines()
    row = next(number for number, line in enumerate(lines) if line.startswith("Ours"))
    assert "0.8614" in lines[row]
    assert "0.7000 !" in lines[row + 1]
    assert "0.2500†1" in text
    assert "†1 paper 0.2500, its release 0.2600" in text


def test_seed_listing_says_whether_the_reference_is_in_range(table: Table, cells: list[TableCell]) -> None:
    text = to_text(page(table, cells, [], seeds=True))
    line = next(line for line in text.splitlines() if "0.6000 to 0.8000" in line and "1: " in line)
    assert " no " in line
    assert "1: 0.6000  2: 0.7000  3: 0.8000" in line


def test_origin_sums_up_the_records_used(cells: list[TableCell], records: list[Record]) -> None:
    runs = [
        {
            "commit": "c" * 40,
            "dirty": True,
            "versions": {"torch": "2.13.0"},
            "finished": "2026-03-02T09:30:00",
        },
        {"commit": "d" * 40, "versions": {"torch": "2.13.1"}, "seconds": 7200},
    ]
    told = [Record(one.key, one.path, one.result, run) for one, run in zip(records, runs, strict=False)]
    lines = describe(cells, [*told, Record("unused", Path(), {"axes": {}}, {"commit": "e" * 40})])
    assert lines == [
        "2 records, 2026-03-02 09:30, 2 h 0 min of computing",
        "commit dddddddddd, cccccccccc; 1 records from a changed working tree",
        "torch 2.13.1/2.13.0",
    ]
    assert describe([], records) == ["no records used"]


def test_origin_names_settings_that_differ_between_cells(
    table: Table, make_record: Callable[..., Record]
) -> None:
    records = [make_record("a"), make_record("b", dataset="sp", threads=2)]
    lines = describe(collect(table, records), records)
    assert lines[0] == "settings that differ between cells of Ours: trainer.threads 1, 2"
