"""What reports write: the files of pages, tables and pictures, and which of them a report was made with."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smartgen.commands.told import complain
from smartgen.core.atomic import write_bytes_atomic
from smartgen.core.errors import SmartgenError
from smartgen.core.texts import printable
from smartgen.tables.blocks import Page
from smartgen.tables.collect import TableCell
from smartgen.tables.declare import Table

Rows = list[dict[str, Any]]


@dataclass
class Written:
    """The files that were written, and whether any could not be."""

    files: list[Path] = field(default_factory=list)
    lost: bool = False


@dataclass(frozen=True)
class Drawing:
    """A picture that is drawn when it is written.

    Args:
        draw: gives the files by format; none where rows alone are wanted.
        rows: the points, for a CSV beside it.
    """

    draw: Callable[[], Mapping[str, bytes]] = dict
    rows: Rows = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """A page with its flat rows and what is drawn of it.

    Args:
        name: of its files, and in the report.
        drawings: by name of their files.
    """

    name: str
    page: Page
    rows: Rows
    drawings: Mapping[str, Drawing] = field(default_factory=dict)


_WATCHED: ContextVar[Written | None] = ContextVar("written", default=None)


@contextmanager
def watching() -> Iterator[Written]:
    """What is written inside the block."""
    written = Written()
    token = _WATCHED.set(written)
    try:
        yield written
    finally:
        _WATCHED.reset(token)


def write_part(part: Part, outputs: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Write a page in four formats and its pictures; returns the texts by format and the SVGs by name."""
    return write_page(outputs, part), write_drawings(outputs, part.drawings)


def write_page(outputs: Path, part: Part) -> dict[str, str]:
    """A page as Markdown and LaTeX, and its flat rows as CSV and JSON: ``tables/<name>``."""
    from smartgen.tables.latex import to_latex
    from smartgen.tables.render import rows_to_csv, to_markdown

    texts = {"md": to_markdown(part.page), "tex": to_latex(part.page)}
    texts |= {"csv": rows_to_csv(part.rows), "json": json.dumps(part.rows, indent=1) + "\n"}
    return _write_texts(outputs / "tables" / part.name, texts)


def write_table(outputs: Path, table: Table, cells: Sequence[TableCell], arranged: Page) -> dict[str, str]:
    """A table of the paper in the same formats."""
    from smartgen.tables.latex import table_to_latex
    from smartgen.tables.render import to_csv, to_json, to_markdown

    texts = {"md": to_markdown(arranged), "tex": table_to_latex(table, cells)}
    texts |= {"csv": to_csv(cells), "json": to_json(cells)}
    return _write_texts(outputs / "tables" / table.name, texts)


def write_drawings(outputs: Path, drawings: Mapping[str, Drawing]) -> dict[str, str]:
    """Pictures with their points: ``figures/<name>``; returns the SVGs."""
    from smartgen.tables.render import rows_to_csv

    svgs: dict[str, str] = {}
    for name, drawing in drawings.items():
        files = dict(drawing.draw())
        svgs |= {name: files["svg"].decode()} if "svg" in files else {}
        if drawing.rows:
            files["csv"] = rows_to_csv(drawing.rows).encode()
        write_files(outputs / "figures" / name, files)
    return svgs


def write_files(stem: Path, files: Mapping[str, bytes]) -> None:
    """One file a format; outputs that may only be read can still be shown."""
    watched = _WATCHED.get() or Written()
    try:
        for kind, content in files.items():
            write_bytes_atomic(stem.with_suffix(f".{kind}"), content)
    except SmartgenError as error:
        watched.lost = True
        complain("smartgen-report", f"not written: {error}")
    else:
        watched.files += [stem.with_suffix(f".{kind}") for kind in files]
        print(printable(f"wrote {stem}.{{{','.join(files)}}}"), file=sys.stderr)


def _write_texts(stem: Path, texts: dict[str, str]) -> dict[str, str]:
    write_files(stem, {kind: text.encode() for kind, text in texts.items()})
    return texts
