"""What the reports share: which records are meant, and how a page is shown."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.tables.blocks import Page
from smartgen.tables.select import check_where, matches, parse_where

WIDTH = 112  # columns at least: below it, whole numbers matter more than unbroken lines


def told_on_terminal(done: int, count: int) -> None:
    """How far a comparison is; the first time it takes minutes."""
    tell(f"compared {done} of {count} homes and changes" if done < count else "")


def tell(text: str) -> None:
    """How far a report is, on one line of a terminal that the next one replaces; "" takes it away."""
    if sys.stderr.isatty():
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
