"""`smartgen-report fig4` to `fig8`: figures as tables of points, and as pictures beside them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from smartgen.commands.files import Drawing, Part, write_part
from smartgen.commands.pages import WIDTH, meant, named, show
from smartgen.core.records import Record
from smartgen.tables.collect import TableCell
from smartgen.tables.curves import figure_names
from smartgen.tables.declare import Table
from smartgen.tables.origin import origin_of
from smartgen.tables.select import matches
from smartgen.tables.shares import load_shares


def report_figure(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """Print a figure's points; unless filtered, its picture and files are written."""
    fitting, where = meant(options, records)
    if options.dataset:
        where["dataset"] = _home(options)
        fitting = [record for record in fitting if matches(record, {"dataset": where["dataset"]})]
    part = figure_part(options.what, fitting)
    if part.drawings and not where:
        write_part(part, outputs)
    return show(options, part.page, part.rows, WIDTH)


def figure_part(name: str, records: Sequence[Record]) -> Part:
    """A figure; without a drawing where nothing was run of it."""
    return _curves(name, records) if name in figure_names() else _shares(name, records)


def _curves(name: str, records: Sequence[Record]) -> Part:
    from smartgen.tables.curves import figure_page, load_figure, point_records, points, worth_drawing
    from smartgen.tables.draw import draw

    figure = load_figure(name)
    found = points(figure, records)
    keys = {key for point in found for key in point.keys}
    arranged, rows = figure_page(figure, found, _origin(records, keys)), point_records(found)
    drawn = {name: Drawing(partial(draw, figure, found), rows)} if worth_drawing(found) else {}
    return Part(name, arranged, rows, drawn)


def _shares(name: str, records: Sequence[Record]) -> Part:
    from smartgen.tables.shares import shares, shares_page, shares_records
    from smartgen.tables.shares_picture import draw_shares

    figure = load_shares(name)
    found = shares(figure, records)
    keys = {key for one in found for key in one.keys}
    arranged, rows = shares_page(figure, found, _origin(records, keys)), shares_records(found)
    drawn = {name: Drawing(partial(draw_shares, figure, found), rows)} if found else {}
    return Part(name, arranged, rows, drawn)


def table_drawings(table: Table, cells: Sequence[TableCell]) -> dict[str, Drawing]:
    """The picture that a table declares, if any of it was run."""
    from smartgen.tables.pictures import draw_table, picture_records

    if table.picture is None or not any(cell.n for cell in cells):
        return {}
    rows = picture_records(table, cells)
    return {table.name: Drawing(partial(draw_table, table, rows), rows)}


def _home(options: argparse.Namespace) -> str:
    """The home that --dataset means: one of the figure's, by any beginning, where it names homes."""
    if options.what in figure_names():
        return str(options.dataset)
    return named([options.dataset], load_shares(options.what).datasets.values(), "dataset")[0]


def _origin(records: Sequence[Record], keys: set[str]) -> list[str]:
    return origin_of([record for record in records if record.key in keys])
