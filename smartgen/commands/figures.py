"""`smartgen-report fig4` to `fig8`: figures as tables of points, and as pictures beside them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from smartgen.commands.pages import WIDTH, meant, named, show, write_files
from smartgen.core.records import Record
from smartgen.tables.collect import TableCell
from smartgen.tables.declare import Table
from smartgen.tables.origin import origin_of
from smartgen.tables.select import matches


def report_curves(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """A figure of curves; unless filtered, its picture is written."""
    from smartgen.tables.curves import figure_page, load_figure, point_records, points, worth_drawing
    from smartgen.tables.draw import draw
    from smartgen.tables.render import rows_to_csv

    figure = load_figure(options.what)
    fitting, where = meant(options, records)
    if options.dataset:
        where["dataset"] = options.dataset
        fitting = [r for r in fitting if matches(r, {"dataset": options.dataset})]
    found = points(figure, fitting)
    rows = point_records(found)
    if worth_drawing(found) and not where:
        stem = outputs / "figures" / figure.name
        write_files(stem, draw(figure, found) | {"csv": rows_to_csv(rows).encode()})
    keys = {key for point in found for key in point.keys}
    arranged = figure_page(figure, found, origin_of([r for r in records if r.key in keys]))
    return show(options, arranged, rows, WIDTH)


def report_shares(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """A figure of shares; unless filtered, its picture is written."""
    from smartgen.tables.render import rows_to_csv
    from smartgen.tables.shares import load_shares, shares, shares_page, shares_records
    from smartgen.tables.shares_picture import draw_shares

    figure = load_shares(options.what)
    fitting, where = meant(options, records)
    found = shares(figure, fitting)
    if options.dataset:
        homes = {dataset: home for home, dataset in figure.datasets.items()}
        home = homes[named([options.dataset], homes, "dataset")[0]]
        where["dataset"], found = home, [one for one in found if one.home == home]
    rows = shares_records(found)
    if found and not where:
        stem = outputs / "figures" / figure.name
        write_files(stem, draw_shares(figure, found) | {"csv": rows_to_csv(rows).encode()})
    keys = {key for one in found for key in one.keys}
    arranged = shares_page(figure, found, origin_of([r for r in records if r.key in keys]))
    return show(options, arranged, rows, WIDTH)


def write_picture(table: Table, cells: Sequence[TableCell], outputs: Path) -> None:
    """A table's picture in two formats, and its points."""
    from smartgen.tables.pictures import draw_table, picture_records
    from smartgen.tables.render import rows_to_csv

    rows = picture_records(table, cells)
    files = draw_table(table, rows) | {"csv": rows_to_csv(rows).encode()}
    write_files(outputs / "figures" / table.name, files)
