"""Tables and figures as W&B runs: rows for a table there, pictures, and how many verdicts of each kind."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.foreign import read_json
from smartgen.core.records import Record
from smartgen.tables.collect import TableCell, collect
from smartgen.tables.curves import (
    Figure,
    Point,
    figure_names,
    load_figure,
    point_records,
    points,
    worth_drawing,
)
from smartgen.tables.declare import Table, load_named, table_names
from smartgen.tables.shares import Shares, SharesFigure, load_shares, shares, shares_names, shares_records
from smartgen.tracking.describe import Description

COLUMNS = (
    *("dataset", "transition", "method", "metric", "protocol", "unit", "published", "released", "mean", "sd"),
    *(
        "min",
        "max",
        "n",
        "delta",
        "verdict",
        "reason",
        "reference",
        "reference_source",
        "mark",
        "keys",
        "command",
    ),
)
# Pages that take minutes to compute: published as `smartgen-report` last wrote them. The group, and how their
# pictures begin.
PAGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "table2_unified": ("table2_unified", ()),
    "table3_unified": ("table3_unified", ()),
    "worth": ("worth", ("worth", "gaps")),
    "quirks": ("table2", ()),
    "headline": ("table2", ()),
    "synthetic": ("synthetic", ()),
}
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Report:
    """A table, figure or page, ready to be a run.

    Attributes:
        rows: flat, of the same fields.
        pictures: by name, what draws or reads the PNG.
        origin: digests of what the pictures show beside the rows.
    """

    described: Description
    rows: Rows
    pictures: Mapping[str, Callable[[], bytes]]
    origin: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Of all that the run shows."""
        shown = [vars(self.described), [dict(row) for row in self.rows], self.origin]
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]

    def table(self) -> tuple[list[str], list[list[Any]]]:
        """Columns and rows; a list in a cell becomes text."""
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        return columns, [[_flat(row.get(name)) for name in columns] for row in self.rows]


def reports(records: Sequence[Record], outputs: Path, keys: Iterable[str] | None) -> Iterator[Report]:
    """What the records fill; all of a table, whatever of it is new.

    Args:
        records: all that were recorded.
        keys: if given, only tables and figures that show one of these records, and no pages.

    Raises:
        SmartgenError: a record without a number where one is expected, or a damaged page.
    """
    wanted = None if keys is None else set(keys)
    for name in table_names():
        table = load_named(name)
        cells = collect(table, records)
        if _shows(cells, wanted):
            yield table_report(table, cells)
    for name in figure_names():
        figure = load_figure(name)
        found = points(figure, records)
        if _shows(found, wanted):
            yield _figure_report(figure, found)
    for name in shares_names():
        drawn = load_shares(name)
        panels = shares(drawn, records)
        if _shows(panels, wanted):
            yield _shares_report(drawn, panels)
    if wanted is None:
        yield from filter(None, (_page_report(name, outputs) for name in PAGES))


def _shows(parts: Sequence[TableCell | Point | Shares], wanted: set[str] | None) -> bool:
    """Whether there is any record behind these, and one of those that are wanted."""
    shown = {key for part in parts for key in part.keys}
    return bool(shown and (wanted is None or shown & wanted))


def table_report(table: Table, cells: Sequence[TableCell]) -> Report:
    """The comparison table, a row a number, and the picture that the table declares."""
    from smartgen.tables.pictures import draw_table, picture_records

    rows = [{name: getattr(cell, name) for name in COLUMNS} for cell in cells]
    verdicts = Counter(cell.verdict.replace(" ", "_") for cell in cells)
    summary = {"verdicts": dict(verdicts), "cells": len(cells), "filled": sum(cell.n > 0 for cell in cells)}
    pictures: dict[str, Callable[[], bytes]] = {}
    if table.picture is not None:
        pictures["figure"] = lambda: draw_table(table, picture_records(table, cells), ["png"])["png"]
    config = {"title": table.title, "caption": table.caption, "source": table.source}
    return Report(_described(table.name, table.name, config, summary), rows, pictures)


def _figure_report(figure: Figure, found: Sequence[Any]) -> Report:
    from smartgen.tables.draw import draw

    pictures = {"figure": lambda: draw(figure, found, ["png"])["png"]} if worth_drawing(found) else {}
    config = {"title": figure.title, "caption": figure.caption, "source": figure.source}
    described = _described(figure.name, figure.name, config, {"points": len(found)})
    return Report(described, point_records(found), pictures)


def _shares_report(figure: SharesFigure, found: Sequence[Shares]) -> Report:
    from smartgen.tables.shares_picture import draw_shares

    config = {"title": figure.title, "caption": figure.caption, "source": figure.source}
    described = _described(figure.name, figure.name, config, {"panels": len(found)})
    pictures = {"figure": lambda: draw_shares(figure, found, ["png"])["png"]}
    return Report(described, shares_records(found), pictures)


def _page_report(name: str, outputs: Path) -> Report | None:
    """A page as it was last written; None where it never was, or is empty."""
    path = outputs / "tables" / f"{name}.json"
    if not path.is_file():
        return None
    try:
        rows = read_json(path)
    except (OSError, ValueError) as error:
        raise SmartgenError(f"{path}: expected JSON; write it anew: smartgen-report {name}") from error
    if not rows:
        return None
    group, beginnings = PAGES[name]
    pictures = sorted(path for begin in beginnings for path in (outputs / "figures").glob(f"{begin}_*.png"))
    config = {"title": name, "written_by": f"smartgen-report {name}"}
    described = _described(name, group, config, {"rows": len(rows)})
    origin = tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures)
    return Report(described, rows, {path.stem: path.read_bytes for path in pictures}, origin)


def _described(name: str, group: str, config: Mapping[str, Any], summary: Mapping[str, Any]) -> Description:
    return Description(f"report-{name}", name, group, "report", (f"table={name}",), config, summary)


def _flat(value: Any) -> Any:
    if isinstance(value, list | tuple | dict):
        return ";".join(map(str, value)) if isinstance(value, tuple) else json.dumps(value)
    return value
