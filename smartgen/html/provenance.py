"""Where the page's numbers come from: machine, versions, and checksums of what the cells read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from smartgen.core.names import TRANSITIONS
from smartgen.core.provenance import provenance
from smartgen.core.records import Record
from smartgen.html.grids import Cell, Facts, Grid, Row
from smartgen.html.sections import Download, Section
from smartgen.tables.origin import origin_of
from smartgen.tables.render import rows_to_csv

DIGITS = 16  # of a checksum that are shown


def environment(records: Sequence[Record], release: Sequence[str]) -> Section:
    """Machines and versions by record, and what was read.

    Args:
        release: lines on the authors' data.
    """
    done = [record for record in records if record.ok]
    here = provenance()
    versions = ", ".join(f"{name} {version}" for name, version in here["versions"].items())
    notes = [
        f"This page was made at commit {here['commit'] or '(none)'}"
        f"{' with changes' if here['dirty'] else ''} on {here['platform']}, {here['processor']}; {versions}.",
        *origin_of(done),
        *release,
    ]
    read = checksums(done)
    return Section(
        name="environment",
        title="Environment and checksums",
        group="Provenance",
        intro=notes,
        grids=[machines(done), shortened(read)],
        downloads=[Download("checksums.csv", "checksums as CSV", as_csv(read))],
        command="smartgen-data verify",
    )


def machines(records: Sequence[Record]) -> Grid:
    """How many records each machine and set of versions made."""
    counted: dict[tuple[str, ...], int] = {}
    for record in records:
        versions = record.run.get("versions")
        told = versions if isinstance(versions, Mapping) else {}
        names = (
            str(record.run.get("processor") or "unknown"),
            str(record.run.get("platform") or "unknown"),
            str(told.get("python", "-")),
            str(told.get("torch", "-")),
            str(record.run.get("commit") or "-")[:10],
        )
        counted[names] = counted.get(names, 0) + 1
    head = ["processor", "system", "Python", "torch", "commit", "records"]
    rows = [Row([*map(Cell, names), Cell(str(count), count)]) for names, count in counted.items()]
    return Grid("What the records were made on", head, rows, {5})


def checksums(records: Sequence[Record]) -> Grid:
    """The content digests of the inputs, by home and change; records of one line read the same data."""
    counted: dict[tuple[str, str, str, str], int] = {}
    for record in records:
        inputs: Any = record.result.get("inputs", {})
        for name, digest in inputs.items() if isinstance(inputs, Mapping) else ():
            home, change = str(record.axes.get("dataset")), str(record.axes.get("transition"))
            place = (home, TRANSITIONS.get(change, change), str(name), str(digest))
            counted[place] = counted.get(place, 0) + 1
    rows = [
        Row([*map(Cell, place), Cell(str(count), count)], Facts(place[0], place[1]))
        for place, count in sorted(counted.items())
    ]
    return Grid("What the records read", ["home", "change", "input", "SHA-256", "records"], rows, {4})


def shortened(grid: Grid) -> Grid:
    """With the first digits of each digest, which tell them apart; the CSV has them whole."""
    place = grid.head.index("SHA-256")
    rows = [
        replace(row, cells=[Cell(c.text[:DIGITS]) if n == place else c for n, c in enumerate(row.cells)])
        for row in grid.rows
    ]
    return replace(grid, caption=f"{grid.caption}, by the first {DIGITS} digits of its digest", rows=rows)


def as_csv(grid: Grid) -> str:
    """The texts of a grid."""
    return rows_to_csv(
        [dict(zip(grid.head, (cell.text for cell in row.cells), strict=True)) for row in grid.rows]
    )
