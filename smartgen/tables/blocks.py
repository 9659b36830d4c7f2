"""What a report shows, as blocks of text cells; terminal and Markdown only draw them.

Two layouts: `cells` has a block a method and a line a number, with everything known of it; `paper` has a
block a metric, methods down and homes across as the paper prints them, ours under the paper's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Literal, TypeVar

from smartgen.tables.collect import TableCell
from smartgen.tables.compare import SEEDS_FOR_SD, SYMBOLS, show_number
from smartgen.tables.declare import Table

Layout = Literal["cells", "paper"]
LONGEST_NOTE = 12  # characters in a line of the table; longer ones go below it
UNFILLED = ("not run", "not published", "skipped")
T = TypeVar("T")


@dataclass(frozen=True)
class Block:
    """A small table of text. `rules`: rows after which a line is drawn; `verdicts`: each row's, for color."""

    heading: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    rules: frozenset[int] = frozenset()
    verdicts: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """A whole report: heading, blocks, and lines below them."""

    title: str
    intro: Sequence[str]
    blocks: Sequence[Block]
    below: Sequence[str] = field(default_factory=list)


def page(
    table: Table,
    cells: Sequence[TableCell],
    origin: Sequence[str],
    *,
    layout: Layout = "cells",
    seeds: bool = False,
    whole: bool = False,
) -> Page:
    """Arrange cells for reading.

    Args:
        table: the declaration.
        cells: what to show, in the table's order.
        origin: lines on the records used.
        layout: "cells" or "paper".
        seeds: add the values seed by seed.
        whole: give a method without any run its block too, rather than one line for all such.
    """
    notes = _Notes()
    groups = _group(cells, lambda cell: cell.method)
    shown = {name: group for name, group in groups.items() if whole or not _idle(group)}
    blocks = _paper(cells, notes) if layout == "paper" else [_long(group, notes) for group in shown.values()]
    if seeds:
        blocks += [_by_seed(group) for group in shown.values() if any(cell.n for cell in group)]
    idle = (
        [] if layout == "paper" else _idle_lines({name: groups[name] for name in groups if name not in shown})
    )
    intro = [line for line in (table.caption, f"Source: {table.source}. {_protocol(cells)}") if line]
    below = [*idle, *notes.lines(), *averages(table, cells), *table.notes, tally(cells), *origin]
    return Page(f"{table.name}: {table.title}", intro, blocks, below)


def averages(table: Table, cells: Sequence[TableCell]) -> list[str]:
    """The means over homes and changes that the paper quotes, ours where every cell was run."""
    lines = []
    groups = _group(cells, lambda cell: (cell.metric, cell.method))
    for (metric, method), group in groups.items():
        if metric not in table.averages:
            continue
        unit, said = group[0].unit, []
        for name, values in {
            "paper": [cell.published for cell in group],
            "release": [cell.released for cell in group],
            "ours": [cell.mean for cell in group],
        }.items():
            known = [value for value in values if value is not None]
            if known and len(known) == len(values):
                said.append(f"{name} {show_number(fmean(known), unit)}")
        if said:
            lines.append(f"mean of {len(group)} cells, {metric}, {method}: {', '.join(said)}")
    return lines


def tally(cells: Sequence[TableCell]) -> str:
    """How many cells have which verdict, in words and symbols."""
    count = Counter(cell.verdict for cell in cells)
    parts = [f"{count[word]} {word} {symbol}" for word, symbol in SYMBOLS.items() if count[word]]
    return f"{len(cells)} cells: {', '.join(parts)}" if parts else "no cells"


def where_of(cell: TableCell) -> str:
    """The cell's home and change of context as the paper writes them: FR ST."""
    return f"{cell.dataset.upper()} {cell.transition}"


def ours(cell: TableCell) -> str:
    """Mean, spread where there are enough seeds for one, and their number; the state where there is none."""
    if cell.mean is None:
        return cell.verdict if cell.verdict != "not published" else "not run"
    spread = f" ± {show_number(cell.sd, cell.unit)}" if cell.n >= SEEDS_FOR_SD else ""
    return f"{show_number(cell.mean, cell.unit)}{spread} ({cell.n})"


class _Notes:
    """Footnotes: each text once, numbered as they come."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, text: str) -> str:
        return f"†{self.numbers.setdefault(text, len(self.numbers) + 1)}" if text else ""

    def lines(self) -> list[str]:
        return [f"†{number} {text}" for text, number in self.numbers.items()]


def _long(cells: Sequence[TableCell], notes: _Notes) -> Block:
    measured = f"ours ({_protocols(cells)})\nmean ± sd (n)"
    head = ["cell", "metric", "paper", "release", measured, "delta", "verdict", "note"]
    rows = [_line(cell, notes) for cell in cells]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    verdicts = [cell.verdict for cell in cells]
    heading = " - ".join(part for part in (cells[0].method, _common_command(cells)) if part)
    return Block(heading, head, rows, frozenset({2, 3, 4, 5}), _rules(cells), verdicts)


def _line(cell: TableCell, notes: _Notes) -> list[str]:
    return [
        where_of(cell),
        cell.metric,
        show_number(cell.published, cell.unit) + notes(cell.mark),
        show_number(cell.released, cell.unit),
        ours(cell),
        show_number(cell.delta, cell.unit, sign=True),
        f"{SYMBOLS[cell.verdict]} {cell.verdict}",
        cell.reason if len(cell.reason) <= LONGEST_NOTE else notes(cell.reason),
    ]


def _paper(cells: Sequence[TableCell], notes: _Notes) -> list[Block]:
    """A block a metric: the paper's number and, under it, ours with the verdict's symbol."""
    blocks = []
    for metric, group in _group(cells, lambda cell: cell.metric).items():
        columns = list(dict.fromkeys(where_of(cell) for cell in group))
        rows = []
        for method, row in _group(group, lambda cell: cell.method).items():
            found = {where_of(cell): _two_lines(cell, notes) for cell in row}
            rows.append([method, *(found.get(column, "") for column in columns)])
        heading = f"{metric} - upper line: the paper, lower line: ours ({_protocols(group)})"
        right = frozenset(range(1, len(columns) + 1))
        blocks.append(Block(heading, ["method", *columns], rows, right, frozenset(range(len(rows)))))
    return blocks


def _two_lines(cell: TableCell, notes: _Notes) -> str:
    mean = "" if cell.mean is None else f"{show_number(cell.mean, cell.unit)} "
    return f"{show_number(cell.published, cell.unit)}{notes(cell.mark)}\n{mean}{SYMBOLS[cell.verdict]}"


def _by_seed(cells: Sequence[TableCell]) -> Block:
    rows = []
    said = {True: "yes", False: "no", None: "-"}
    for cell in cells:
        values = "  ".join(f"{seed}: {show_number(value, cell.unit)}" for seed, value in cell.seeds)
        low, high = show_number(cell.min, cell.unit), show_number(cell.max, cell.unit)
        reference = show_number(cell.reference, cell.unit)
        span = f"{low} to {high}" if cell.n else cell.verdict
        rows.append([where_of(cell), cell.metric, reference, span, said[cell.in_range], values])
    head = ["cell", "metric", "reference", "range", "in range", "seed: value"]
    verdicts = [cell.verdict for cell in cells]
    return Block(f"{cells[0].method}, seed by seed", head, rows, frozenset({2, 3}), _rules(cells), verdicts)


def _rules(cells: Sequence[TableCell]) -> frozenset[int]:
    """A line where the home changes; where the change of context does in tables of one home."""
    by_home = len({cell.dataset for cell in cells}) > 1
    keys = [cell.dataset if by_home else cell.transition for cell in cells]
    return frozenset(row for row in range(len(keys) - 1) if keys[row] != keys[row + 1])


def _idle(cells: Iterable[TableCell]) -> bool:
    return all(cell.n == 0 and cell.verdict in UNFILLED for cell in cells)


def _idle_lines(groups: dict[str, list[TableCell]]) -> list[str]:
    """One line for each state and reason in which whole methods are."""
    states: dict[str, list[str]] = {}
    for name, cells in groups.items():
        said = dict.fromkeys(cell.verdict + (f" ({cell.reason})" if cell.reason else "") for cell in cells)
        states.setdefault(", ".join(said), []).append(name)
    return [f"{state}: {', '.join(names)}" for state, names in states.items()]


def _common_command(cells: Sequence[TableCell]) -> str:
    """The command that makes all of these cells: the first one's without its home and change of context."""
    return cells[0].command.rsplit(" dataset=", 1)[0]


def _protocols(cells: Iterable[TableCell]) -> str:
    return ", ".join(dict.fromkeys(cell.protocol for cell in cells if cell.protocol)) or "any protocol"


def _protocol(cells: Sequence[TableCell]) -> str:
    return f"Ours under protocol {_protocols(cells)}." if cells else ""


def _group(items: Iterable[TableCell], key: Callable[[TableCell], T]) -> dict[T, list[TableCell]]:
    groups: dict[T, list[TableCell]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
