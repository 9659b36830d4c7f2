"""A report as JSON, CSV, Markdown or terminal text."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table as RichTable
from rich.text import Text

from smartgen.core.texts import as_text, printable_lines
from smartgen.tables.blocks import Block, Page
from smartgen.tables.collect import TableCell

FIELDS = tuple(field.name for field in dataclasses.fields(TableCell))
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\]\(")
LEAST_NOTE = 24  # terminal columns of a column that wraps, at least
GAP = 2  # between columns
STYLES = {
    "exact": "green",
    "match": "green",
    "near": "yellow",
    "off": "red",
    "unstable": "magenta",
    "failed": "red",
}


def to_json(cells: Sequence[TableCell]) -> str:
    """A list with an object a cell, in the order of `TableCell`; `seeds` is a list of seed and value."""
    rows = []
    for cell in cells:
        row: dict[str, Any] = {name: getattr(cell, name) for name in FIELDS}
        rows.append({**row, "seeds": [{"seed": seed, "value": value} for seed, value in cell.seeds]})
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(cells: Sequence[TableCell]) -> str:
    """The same fields, full precision; None is empty, lists are joined by semicolons, seeds as seed=value."""
    return rows_to_csv(
        [{name: _flat(name, getattr(cell, name)) for name in FIELDS} for cell in cells], FIELDS
    )


def rows_to_csv(rows: Sequence[Mapping[str, Any]], fields: Sequence[str] | None = None) -> str:
    """Rows of the same fields, with a head."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fields or list(rows[0] if rows else []), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: as_text(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def to_markdown(page: Page) -> str:
    """Headings, pipe tables and a closing list."""
    parts = [f"# {_markdown(page.title)}", *map(_markdown, page.intro)]
    for block in page.blocks:
        sides = ["--:" if column in block.right else "---" for column in range(len(block.head))]
        lines = [block.head, sides, *block.rows]
        parts += [f"## {_markdown(block.heading)}", "\n".join(map(_pipes, lines))]
    parts.append("\n".join(_listed(_markdown(line)) for line in page.below if line.strip()))
    return "\n\n".join(parts) + "\n"


def to_text(page: Page, width: int = 100, *, color: bool = False) -> str:
    """For a terminal of this width; a table that needs more takes more, so that no cell is cut."""
    out = io.StringIO()
    console = _console(out, width, color)
    console.print(Text(printable_lines(page.title), style="bold"))
    for line in page.intro:
        console.print(Text(printable_lines(line)))
    for block in page.blocks:
        console.print()
        console.print(Text(printable_lines(block.heading), style="bold"))
        _console(out, max(width, _needed(block)), color).print(_rich(block))
    console.print()
    for line in page.below:
        for part in _hanging(line, width) or [""]:
            console.print(Text(printable_lines(part)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _listed(line: str) -> str:
    """A line of a list; what is indented by two spaces stands under the line above.

    Example:
        >>> _listed("a note"), _listed("  of it")
        ('- a note', '  - of it')
    """
    inner = line.lstrip()
    return f"{' ' * (len(line) - len(inner))}- {inner}"


def _hanging(line: str, width: int) -> list[str]:
    """A line in parts of a width; where it is indented, its rest is so a little more."""
    indent = len(line) - len(line.lstrip())
    return textwrap.wrap(line, width, subsequent_indent=" " * (indent + 2 if indent else 0))


def _console(out: io.StringIO, width: int, color: bool) -> Console:
    system: Literal["standard"] | None = "standard" if color else None
    return Console(file=out, width=width, force_terminal=color, color_system=system, highlight=False)


def _wraps(block: Block, column: int) -> bool:
    return column == len(block.head) - 1 and block.head[column] in ("note", "seed: value")


def _needed(block: Block) -> int:
    """Columns that a table takes with every cell on one line but those that wrap."""
    total = 0
    for column, cells in enumerate(zip(block.head, *block.rows, strict=True)):
        total += LEAST_NOTE if _wraps(block, column) else max(map(cell_len, cells))
    return total + GAP * (len(block.head) - 1)


def _rich(block: Block) -> RichTable:
    table = RichTable(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column, name in enumerate(block.head):
        justify: JustifyMethod = "right" if column in block.right else "left"
        wraps = _wraps(block, column)
        table.add_column(Text(printable_lines(name)), justify=justify, no_wrap=not wraps, overflow="fold")
    for row, cells in enumerate(block.rows):
        style = STYLES.get(block.verdicts[row], "") if block.verdicts else ""
        table.add_row(
            *(Text(printable_lines(cell)) for cell in cells), style=style, end_section=row in block.rules
        )
    return table


def _markdown(text: str) -> str:
    """A text on one line that brings neither tags nor links of its own.

    Example:
        >>> _markdown("<b>1</b> < 2, [.1, .2], ![x](http://x)")
        '&lt;b>1&lt;/b> < 2, [.1, .2], ![x]\\\\(http://x)'
    """
    return _LINK.sub(r"]\\(", _TAG.sub("&lt;", " ".join(text.splitlines())))


def _pipes(cells: Sequence[str]) -> str:
    plain = (cell.replace("\\", "\\\\").replace("|", "\\|").split("\n") for cell in cells)
    safe = ("<br>".join(map(_markdown, lines)) for lines in plain)
    return f"| {' | '.join(safe)} |"


def _flat(name: str, value: Any) -> Any:
    if name == "seeds":
        return ";".join(f"{seed}={number!r}" for seed, number in value)
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    return value
