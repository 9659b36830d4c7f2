"""A report as LaTeX with booktabs, to be put into a paper by ``\\input``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Literal

from smartgen.tables.blocks import Block, Page
from smartgen.tables.collect import TableCell
from smartgen.tables.compare import SEEDS_FOR_SD, SYMBOLS, show_number
from smartgen.tables.declare import Table

HEAD = "% needs \\usepackage{booktabs,amssymb,graphicx} in the preamble"
MINUS = "\N{MINUS SIGN}"
# What plain LaTeX has no letter for.
SIGNS: Mapping[str, str] = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "=": "$=$",
    "<": "$<$",
    ">": "$>$",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "✓": r"\checkmark{}",
    "✗": r"$\times$",
    "·": r"$\cdot$",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
    "“": "``",
    "”": "''",
    "→": r"$\rightarrow$",
    MINUS: "$-$",
}
NEGATIVE = re.compile(r"(?<![\w.])-(?=\.?\d)")


def escaped(text: str) -> str:
    """Text as LaTeX prints it; a minus before a number is one.

    Example:
        >>> print(escaped("F1_score: -0.5 % ± 2"))
        F1\\_score: $-$0.5 \\% $\\pm$ 2
    """
    return "".join(SIGNS.get(letter, letter) for letter in NEGATIVE.sub(MINUS, text))


def to_latex(page: Page) -> str:
    """A ``table`` a block; what stands above and below them as comments."""
    parts = [HEAD, *map(_comment, (page.title, *page.intro))]
    parts += [_block(block, page.title) for block in page.blocks]
    parts += [_comment(line) for line in page.below if line.strip()]
    return "\n\n".join(parts) + "\n"


def table_to_latex(table: Table, cells: Sequence[TableCell]) -> str:
    """As the paper sets it: a ``table`` a metric, methods down, homes and changes across.

    A method has a line for the paper, one for the authors' result file where it has other numbers, and one
    for ours: mean, standard deviation from three seeds on, and the verdict's symbol. Where the paper
    contradicts itself or its release stands a mark, with its reason below.
    """
    parts = [HEAD]
    for metric in dict.fromkeys(cell.metric for cell in cells):
        parts.append(_metric(table, metric, [cell for cell in cells if cell.metric == metric]))
    return "\n\n".join(parts) + "\n"


def _metric(table: Table, metric: str, cells: Sequence[TableCell]) -> str:
    places = list(dict.fromkeys((cell.dataset.upper(), cell.transition) for cell in cells))
    head = ["", ""]
    rules, column = [], 3
    for home, group in groupby(places, key=lambda place: place[0]):
        width = len(list(group))
        head.append(rf"\multicolumn{{{width}}}{{c}}{{{escaped(home)}}}")
        rules.append(rf"\cmidrule(lr){{{column}-{column + width - 1}}}")
        column += width
    second = ["Method", "", *(escaped(transition) for _, transition in places)]
    lines = [" & ".join(head) + r" \\", "".join(rules), " & ".join(second) + r" \\", r"\midrule"]
    for method in dict.fromkeys(cell.method for cell in cells):
        row = {(c.dataset.upper(), c.transition): c for c in cells if c.method == method}
        lines += _method(method, [row.get(place) for place in places])
    symbols = ", ".join(f"{escaped(symbol)} {word}" for word, symbol in SYMBOLS.items())
    caption = f"{escaped(table.title)}: {escaped(metric)}. Verdicts: {symbols}."
    notes = [
        f"{cell.dataset.upper()} {cell.transition}, {cell.method}: {cell.mark}" for cell in cells if cell.mark
    ]
    return _table("ll" + "r" * len(places), lines, caption, f"{table.name}-{_label(metric)}", notes)


def _method(name: str, row: Sequence[TableCell | None]) -> list[str]:
    """Two or three lines of one method."""
    rows = {"paper": [_number(cell, "published") for cell in row]}
    released = [_number(cell, "released") for cell in row]
    if any(text != "--" for text in released) and released != rows["paper"]:
        rows["release"] = released
    rows["ours"] = [_ours(cell) for cell in row]
    named = [escaped(name), *([""] * (len(rows) - 1))]
    lines = [
        " & ".join([text, kind, *values]) + r" \\"
        for text, (kind, values) in zip(named, rows.items(), strict=True)
    ]
    return [*lines, r"\addlinespace"]


def _number(cell: TableCell | None, name: Literal["published", "released"]) -> str:
    value = None if cell is None else getattr(cell, name)
    if cell is None or value is None:
        return "--"
    mark = r"\rlap{\textsuperscript{\dag}}" if cell.mark and name == "published" else ""
    return escaped(show_number(value, cell.unit)) + mark


def _ours(cell: TableCell | None) -> str:
    if cell is None:
        return "--"
    symbol = f"\\,{escaped(SYMBOLS[cell.verdict])}"
    if cell.mean is None:
        return symbol.removeprefix("\\,")
    spread = f" ± {show_number(cell.sd, cell.unit)}" if cell.n >= SEEDS_FOR_SD else ""
    return escaped(show_number(cell.mean, cell.unit) + spread) + symbol


def _block(block: Block, title: str) -> str:
    """A block of a page; lines inside a cell are set one after the other."""
    columns = "".join("r" if column in block.right else "l" for column in range(len(block.head)))
    lines = [_line(block.head), r"\midrule"]
    for number, row in enumerate(block.rows):
        lines.append(_line(row))
        if number in block.rules and number < len(block.rows) - 1:
            lines.append(r"\midrule")
    return _table(columns, lines, escaped(block.heading), _label(f"{title.split(':')[0]} {block.heading}"))


def _line(cells: Sequence[str]) -> str:
    """A row; a bracket that began it would be read as an option of the line before."""
    row = " & ".join(escaped(" ".join(cell.split("\n"))) for cell in cells) + r" \\"
    return f"{{}}{row}" if row.startswith("[") else row


def _comment(text: str) -> str:
    """A comment, on one line whatever the text.

    Example:
        >>> _comment("one\\ntwo")
        '% one two'
    """
    return f"% {' '.join(text.split())}"


def _table(columns: str, lines: Sequence[str], caption: str, label: str, notes: Sequence[str] = ()) -> str:
    """Set to the width of the text, since rows are long; notes in small type below."""
    marks = [r"\par\footnotesize\raggedright " + r"\\ ".join(rf"\dag{{}} {escaped(note)}" for note in notes)]
    body = "\n".join(line for line in lines if line)
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{caption}}}",
            rf"\label{{tab:{label}}}",
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            body.removesuffix("\n\\addlinespace"),
            r"\bottomrule",
            r"\end{tabular}}",
            *(marks if notes else []),
            r"\end{table}",
        ]
    )


def _label(text: str) -> str:
    """Letters, digits and hyphens.

    Example:
        >>> _label("F1 Score (all)")
        'f1-score-all'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
