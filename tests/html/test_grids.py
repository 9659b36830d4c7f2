"""Tables of the paper and blocks of other pages as the page shows them."""

from smartgen.html.grids import Facts, facts_of, grid_of
from smartgen.html.numbers import matrices, numbers
from smartgen.tables.blocks import Block
from smartgen.tables.collect import collect
from smartgen.tables.declare import load_named


def test_a_matrix_has_methods_down_and_places_across() -> None:
    table = load_named("table2")
    first, *_ = matrices(numbers(table, collect(table, [])))
    assert [(column.dataset, column.transition) for column in first.columns][:3] == [
        ("fr", "ST"),
        ("fr", "TT"),
        ("fr", "NT"),
    ]
    assert [name for name, _ in first.rows] == list(table.methods)
    assert all(one is not None and one.metric == "Recall" for _, row in first.rows for one in row)


def test_rows_of_a_block_know_what_filters_go_by() -> None:
    block = Block(
        "LOF: auroc, mean of 3 seeds", ["cell", "n", "source"], [["SP NT", "68‡", ".41"]], frozenset({1, 2})
    )
    (row,) = grid_of(block, {"LOF", "IF"}).rows
    assert row.facts == Facts("sp", "NT", "LOF")
    assert [cell.sort for cell in row.cells] == ["SP NT", 68.0, 0.41]
    assert facts_of(["home", "change", "method"], ["demo", "schedule", "seen"]) == Facts("demo", "TT", "seen")
    assert facts_of(["reading"], ["as published"]) == Facts()
