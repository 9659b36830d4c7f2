"""What the reports share: which records are meant, and how a page is shown and written."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from smartgen.core.atomic import write_bytes_atomic
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.tables.blocks import Page
from smartgen.tables.collect import TableCell
from smartgen.tables.declare import Table
from smartgen.tables.select import check_where, matches, parse_where

WRITTEN: list[Path] = []  # files of the report at hand
WIDTH = 112  # columns at least: below it, whole numbers matter more than unbroken lines


def told_on_terminal(done: int, count: int) -> None:
    """How far a comparison is, on one line that goes away; the first time it takes minutes."""
    if sys.stderr.isatty():
        text = f"compared {done} of {count} homes and changes" if done < count else ""
        print(f"\r{text:<60}", end="" if text else "\r", file=sys.stderr, flush=True)


def meant(options: argparse.Namespace, records: Sequence[Record]) -> tuple[list[Record], dict[str, Any]]:
    """The records that --where leaves, and what it asks for."""
    where = parse_where(options.where)
    check_where(where, records)
    return [record for record in records if matches(record, where)], where


def show(
    options: argparse.Namespace, arranged: Page, rows: Sequence[Mapping[str, Any]], columns: int | None = None
) -> str:
    """A page in the wanted format; its flat rows as CSV or JSON."""
    from smartgen.tables.render import rows_to_csv, to_markdown, to_text

    if options.format == "json":
        return json.dumps(rows, indent=1) + "\n"
    if options.format == "csv":
        return rows_to_csv(rows)
    if options.format == "md":
        return to_markdown(arranged)
    if options.format == "latex":
        from smartgen.tables.latex import to_latex

        return to_latex(arranged)
    color = options.out is None and sys.stdout.isatty()
    return to_text(arranged, columns or width(), color=color)


def width() -> int:
    """Columns of the terminal, or of what is read elsewhere."""
    return max(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns)


def write_page(stem: Path, arranged: Page, rows: Sequence[Mapping[str, Any]]) -> None:
    """A page as Markdown and LaTeX, and its flat rows as CSV and JSON."""
    from smartgen.tables.latex import to_latex
    from smartgen.tables.render import rows_to_csv, to_markdown

    as_json = json.dumps(rows, indent=1) + "\n"
    texts = {
        "md": to_markdown(arranged),
        "tex": to_latex(arranged),
        "csv": rows_to_csv(rows),
        "json": as_json,
    }
    write_files(stem, {kind: text.encode() for kind, text in texts.items()})


def write_table(stem: Path, table: Table, cells: Sequence[TableCell], arranged: Page) -> dict[str, str]:
    """A table of the paper in four formats, whose texts are returned by name of format."""
    from smartgen.tables.latex import table_to_latex
    from smartgen.tables.render import to_csv, to_json, to_markdown

    texts = {"md": to_markdown(arranged), "tex": table_to_latex(table, cells)}
    texts |= {"csv": to_csv(cells), "json": to_json(cells)}
    write_files(stem, {kind: text.encode() for kind, text in texts.items()})
    return texts


def write_files(stem: Path, files: Mapping[str, bytes]) -> None:
    """One file a format."""
    try:
        for kind, content in files.items():
            write_bytes_atomic(stem.with_suffix(f".{kind}"), content)
    except SmartgenError as error:  # outputs that may only be read can still be shown
        print(f"smartgen-report: not written: {error}", file=sys.stderr)
    else:
        WRITTEN.extend(stem.with_suffix(f".{kind}") for kind in files)
        print(f"wrote {stem}.{{{','.join(files)}}}", file=sys.stderr)


def recorded_home(options: argparse.Namespace, records: Sequence[Record]) -> str | None:
    """The home that --dataset means, by any beginning; what has no record at all is told elsewhere."""
    homes = sorted({str(record.axes["dataset"]) for record in records if record.ok})
    return named([options.dataset], homes, "dataset")[0] if options.dataset and homes else options.dataset


def named(given: Sequence[str] | None, known: Iterable[str], kind: str) -> list[str]:
    """The names that are meant, by any beginning that fits one alone, without regard to case."""
    known = list(known)
    found = []
    for text in given or known:
        exact = [name for name in known if name.lower() == text.lower()]
        fits = exact or [name for name in known if name.lower().startswith(text.lower())]
        if len(fits) != 1:
            raise SmartgenError(f"--{kind} {text}: expected one of: {', '.join(known)}")
        found += fits
    return found
