"""The parts of the whole report, each with its files written: a page, flat rows, pictures as SVG text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from smartgen.commands.kept import kept
from smartgen.commands.pages import told_on_terminal, write_files, write_page
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.tables.blocks import Block, Page
from smartgen.tables.collect import TableCell
from smartgen.tables.declare import Table
from smartgen.tables.origin import origin_of

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """A page of the report.

    Attributes:
        pictures: by name, as SVG text.
        lacking: why there is none; the page is empty then.
    """

    page: Page
    rows: Rows = field(default_factory=list)
    pictures: Mapping[str, str] = field(default_factory=dict)
    lacking: str = ""


def part_of(name: str, make: Callable[[], Part], outputs: Path) -> Part:
    """A part, of before where records and code are the same; what cannot be made says why."""
    try:
        text = kept(outputs, {"part": name}, lambda: _to_text(make()))
    except SmartgenError as error:
        return Part(Page(name, (), ()), lacking=str(error))
    told = json.loads(text)
    blocks = [Block(**block | _sets(block)) for block in told["page"].pop("blocks")]
    return Part(Page(**told["page"], blocks=blocks), told["rows"], told["pictures"])


def _to_text(part: Part) -> str:
    blocks = [replace(one, right=frozenset(), rules=frozenset()) for one in part.page.blocks]
    told = asdict(replace(part, page=replace(part.page, blocks=blocks)))
    for block, one in zip(told["page"]["blocks"], part.page.blocks, strict=True):
        block |= {"right": sorted(one.right), "rules": sorted(one.rules)}
    return json.dumps(told)


def _sets(block: Mapping[str, Any]) -> dict[str, Any]:
    return {name: frozenset(block[name]) for name in ("right", "rules")}


def curves_part(name: str, records: Sequence[Record], outputs: Path) -> Part:
    """A figure of curves.

    Raises:
        SmartgenError: nothing was run of it.
    """
    from smartgen.tables.curves import figure_page, load_figure, point_records, points, worth_drawing
    from smartgen.tables.draw import draw

    figure = load_figure(name)
    found = points(figure, records)
    if not worth_drawing(found):
        raise SmartgenError(f"no records; `{figure.command}` makes them")
    keys = {key for point in found for key in point.keys}
    arranged = figure_page(figure, found, origin_of([r for r in records if r.key in keys]))
    rows = point_records(found)
    return Part(arranged, rows, _pictures(name, draw(figure, found), rows, outputs))


def shares_part(name: str, records: Sequence[Record], outputs: Path) -> Part:
    """A figure of shares.

    Raises:
        SmartgenError: nothing was run of it.
    """
    from smartgen.tables.shares import load_shares, shares, shares_page, shares_records
    from smartgen.tables.shares_picture import draw_shares

    figure = load_shares(name)
    found = shares(figure, records)
    if not found:
        raise SmartgenError(f"no records; `{figure.command}` makes them")
    keys = {key for one in found for key in one.keys}
    arranged = shares_page(figure, found, origin_of([r for r in records if r.key in keys]))
    rows = shares_records(found)
    return Part(arranged, rows, _pictures(name, draw_shares(figure, found), rows, outputs))


def table_picture(table: Table, cells: Sequence[TableCell], outputs: Path) -> Part:
    """The picture that a table declares; the table itself is no part of it."""
    from smartgen.tables.pictures import draw_table, picture_records

    rows = picture_records(table, cells)
    return Part(
        Page(table.title, (), ()), rows, _pictures(table.name, draw_table(table, rows), rows, outputs)
    )


def page_part(name: str, records: Sequence[Record], outputs: Path) -> Part:
    """One of ``PAGES``, written as ``smartgen-report`` writes it.

    Raises:
        SmartgenError: nothing was run of it; says what makes it.
    """
    arranged, rows, pictures = PAGES[name](records, outputs)
    write_page(outputs / "tables" / name, arranged, rows)
    return Part(arranged, rows, pictures)


Made = tuple[Page, Rows, dict[str, str]]


def _paired(what: str) -> Callable[[Sequence[Record], Path], Made]:
    def make(records: Sequence[Record], outputs: Path) -> Made:
        from smartgen.commands.paired import arrange, task_of

        task = task_of(what, outputs)
        methods, arranged = arrange(task, task.metric, task.beside, records)
        return *arranged(methods), {}

    return make


def _worth(records: Sequence[Record], outputs: Path) -> Made:
    from smartgen.commands.worth import both_tasks, worth_pictures
    from smartgen.tables.worth import Worth, refuse_none, worths
    from smartgen.tables.worth_page import worth_page, worth_records

    found: list[Worth] = []
    left_out: list[str] = []
    for task, metric in both_tasks(outputs):
        some, others = worths(records, task, metric, told_on_terminal)
        found, left_out = found + some, left_out + others
    refuse_none(found, left_out, "either task")
    pictures = worth_pictures(found)
    for name, files in pictures.items():
        write_files(outputs / "figures" / name, files)
    svgs = {name: files["svg"].decode() for name, files in pictures.items()}
    return worth_page(found, left_out), worth_records(found), svgs


def _regimes(records: Sequence[Record], outputs: Path) -> Made:
    from smartgen.tables.regimes import compare_regimes, regimes_page, regimes_records

    rows = compare_regimes([r for r in records if r.axes.get("task") == "detection"], "auroc")
    return regimes_page(rows, "auroc"), regimes_records(rows), {}


def _synthetic(records: Sequence[Record], outputs: Path) -> Made:
    from smartgen.tables.synthetic import qualities, synthetic_page, synthetic_records

    found = qualities(records)
    return synthetic_page(found), synthetic_records(found), {}


def _quirks(records: Sequence[Record], outputs: Path) -> Made:
    from smartgen.tables.quirks import quirks_page, quirks_records, worths

    found = worths(records)
    return quirks_page(found), quirks_records(found), {}


def _headline(records: Sequence[Record], outputs: Path) -> Made:
    from smartgen.tables.headline import headline_page, headline_records, ratios

    found = ratios(records)
    return headline_page(found), headline_records(found), {}


PAGES: Mapping[str, Callable[[Sequence[Record], Path], Made]] = {
    "table2_unified": _paired("table2_unified"),
    "table3_unified": _paired("table3_unified"),
    "worth": _worth,
    "regimes": _regimes,
    "synthetic": _synthetic,
    "headline": _headline,
    "quirks": _quirks,
}


def _pictures(name: str, files: Mapping[str, bytes], rows: Rows, outputs: Path) -> dict[str, str]:
    """Write a picture and its numbers; the SVG text."""
    from smartgen.tables.render import rows_to_csv

    write_files(outputs / "figures" / name, {**files, "csv": rows_to_csv(rows).encode()})
    return {name: files["svg"].decode()}
