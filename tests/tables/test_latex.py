"""LaTeX that compiles: every letter escaped, every row as wide as its columns."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.records import Record
from smartgen.tables.blocks import Block, Page
from smartgen.tables.collect import collect
from smartgen.tables.compare import SYMBOLS
from smartgen.tables.declare import load_named, load_table, table_names
from smartgen.tables.latex import escaped, table_to_latex, to_latex

SPECIAL = "&%$#_{}~^"


def rows(tabular: str) -> list[str]:
    """The lines of cells of a table."""
    return [line for line in tabular.splitlines() if line.endswith(r"\\")]


def tabulars(text: str) -> list[tuple[str, str]]:
    """Columns and body of each table."""
    return re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", text, re.S)


def width(line: str) -> int:
    """Columns that a line fills."""
    cells = re.split(r"(?<!\\)&", line)
    return sum(int(found[1]) if (found := re.search(r"\\multicolumn\{(\d+)\}", c)) else 1 for c in cells)


@given(st.text(alphabet=SPECIAL + "ab\\<>±†\"' -1."))
def test_no_letter_is_left_that_latex_takes_for_an_order(text: str) -> None:
    bare = re.sub(r"\\text\w+\{\}|\\[a-z]+\{\}|\$[^$]*\$|\\[&%$#_{}]", "", escaped(text))
    assert not set(bare) & set(SPECIAL + "\\")


def test_every_verdict_has_a_sign() -> None:
    assert all(symbol.isascii() for symbol in map(escaped, SYMBOLS.values()))


@pytest.mark.parametrize("name", table_names())
def test_every_table_is_as_wide_as_its_head(name: str) -> None:
    table = load_named(name)
    found = tabulars(table_to_latex(table, collect(table, [])))
    assert len(found) == len(table.metrics)
    for columns, body in found:
        assert {width(line) for line in rows(body)} == {len(columns)}
        assert len(columns) == 2 + len(table.datasets) * len(table.transitions)
        assert all(escaped(method) in body for method in table.methods)


def test_paper_release_and_ours_stand_one_under_the_other(
    declaration: dict[str, Any],
    write_declaration: Callable[[Mapping[str, Any]], Path],
    make_record: Callable[..., Record],
) -> None:
    table = load_table(write_declaration(declaration))
    text = table_to_latex(table, collect(table, [make_record(f"k{seed}", seed=seed) for seed in (1, 2, 3)]))
    share = text[text.index("F1 Score") :]
    dagger = r"\rlap{\textsuperscript{\dag}}"
    assert f"LOF & paper & 0.2500{dagger} & 0.2000 \\\\\n & release & 0.2600 & -- \\\\" in share
    assert "Ours & paper & 0.8614 & -- \\\\" in share
    assert "0.8614 $\\pm$ 0.0000\\,$=$" in share


def test_what_the_paper_contradicts_is_marked_and_told_below() -> None:
    """FR TT of LOF and IF: the paper has their recalls the wrong way round."""
    table = load_named("table2")
    recall = table_to_latex(table, collect(table, [])).split("\\begin{table}")[1]
    assert recall.count("\\textsuperscript{\\dag}") == 2
    assert recall.count("\\dag{} FR TT") == 2
    assert "its release 0.1984" in recall


def test_no_text_breaks_out_of_its_place() -> None:
    page = Page("a\n\\input{g}", ["c\nd"], [Block("h", ["x"], [["[1pt] y"]])], ["e\n\\input{f}", " "])
    lines = to_latex(page).splitlines()
    assert not [line for line in lines if line.startswith(("\\input", "[", "d"))]
    assert "{}[1pt] y \\\\" in lines


def test_a_page_has_a_table_a_block() -> None:
    block = Block("a_b", ["x", "y\nz"], [["1 %", "-0.5"], ["2", "-"]], frozenset({1}), frozenset({0}))
    ((columns, body),) = tabulars(to_latex(Page("page: title", ("intro",), [block], ("below",))))
    assert columns == "lr"
    assert rows(body) == ["x & y z \\\\", "1 \\% & $-$0.5 \\\\", "2 & - \\\\"]
    assert body.count("\\midrule") == 2


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_latex_takes_them(tmp_path: Path) -> None:
    preamble = "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{booktabs,amssymb,graphicx}"
    texts = [table_to_latex(table, collect(table, [])) for table in map(load_named, table_names())]
    body = "\n\\clearpage\n".join(texts)
    (tmp_path / "all.tex").write_text(f"{preamble}\n\\begin{{document}}{body}\\end{{document}}\n", "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
