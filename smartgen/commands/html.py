"""`smartgen-report html`: tables, figures, audit and provenance as one page, and every file behind it."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from smartgen.audit.page import INTRO, tally
from smartgen.commands.audit import kept_audit
from smartgen.commands.figures import figure_part, table_drawings
from smartgen.commands.files import Part, write_table
from smartgen.commands.pages import tell
from smartgen.commands.paired import PAIRED, paired_part
from smartgen.commands.parts import Shown, shown_drawings, shown_part
from smartgen.commands.readings import reading_part
from smartgen.commands.worth import worth_part
from smartgen.core.errors import NothingRecordedError, SmartgenError
from smartgen.core.records import Record, write_text_atomic
from smartgen.html.grids import grid_of
from smartgen.html.numbers import matrices, numbers, touched
from smartgen.html.sections import Download, Picture, Report, Section, Tally
from smartgen.tables.blocks import page
from smartgen.tables.collect import TableCell, collect, unresolved
from smartgen.tables.curves import figure_names, load_figure
from smartgen.tables.declare import Place, Table, load_named, printed_name, table_names
from smartgen.tables.origin import describe, origin_of
from smartgen.tables.shares import load_shares, shares_names

NAME = "report.html"
TITLE = "SmartGen, measured again"
PAPER = "The paper's tables and figures"
LIKE = "Like for like"
READ = "Readings"
# Under which heading each page stands.
PAGES = {**dict.fromkeys((*PAIRED, "worth", "regimes", "synthetic"), LIKE), "headline": READ, "quirks": READ}
KINDS = {"md": "Markdown", "tex": "LaTeX", "csv": "CSV"}  # that the page carries
Touching = Mapping[tuple[str, Place], Sequence[str]]


def report_html(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """Write the page, and say where it is.

    Raises:
        SmartgenError: no record, or a folder that cannot be written to.
    """
    from smartgen.html.render import render

    if not any(record.ok for record in records):
        raise SmartgenError(f"{outputs / 'runs'}: no record to show; run some cells, as `make demo` does")
    path = options.out or outputs / NAME
    _refuse_unwritable(path)
    report = gather(records, outputs)
    write_text_atomic(path, render(report))
    counted = ", ".join(f"{count} {word}" for word, count in report.tallies[-1].counts.items())
    size = path.stat().st_size / 1e6
    parts, total = len(report.sections), report.tallies[-1].total
    return f"{path.resolve()}: {parts} parts, {total} numbers ({counted}), {size:.1f} MB\n"


def _refuse_unwritable(path: Path) -> None:
    """Now, and not after the minutes that the page takes."""
    there = next(folder for folder in path.absolute().parents if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise SmartgenError(f"{there}: expected a folder that can be written to; name a file with --out")


def gather(records: Sequence[Record], outputs: Path) -> Report:
    """All that the page holds; what is made on the way is written to its files, too."""
    from smartgen.html.provenance import environment

    tables = {name: load_named(name) for name in _in_order(table_names())}
    cells = {name: collect(table, records) for name, table in tables.items()}
    tell("gathering audit")
    found, texts = kept_audit(records, outputs)
    touching = touched(found)
    sections = []
    for name in _in_order([*tables, *figure_names(), *shares_names()]):
        tell(f"gathering {name}")
        if name in tables:
            sections.append(_table_section(tables[name], cells[name], records, outputs, touching))
        else:
            sections.append(_figure_section(name, records, outputs))
    for name, group in PAGES.items():
        tell(f"gathering {name}")
        made = shown_part(name, partial(_page_part, name, records, outputs), outputs)
        sections.append(_page_section(name, made, group))
    tell("gathering checksums")
    sections.append(environment(records, _release()))
    tell("")
    tallies = [_tally(name, tables[name].title, some) for name, some in cells.items()]
    whole = _tally("", "all", [cell for some in cells.values() for cell in some])
    audit = (found, [*INTRO, tally(found)], _downloads("audit", texts))
    return Report(TITLE, _facts(records), [*tallies, whole], sections, *audit)


def _in_order(names: Sequence[str]) -> list[str]:
    """Tables by number, then figures by number, then studies."""
    kinds = {"t": 0, "f": 1}

    def place(name: str) -> tuple[int, str]:
        numbered = any(letter.isdigit() for letter in name)
        return (kinds.get(name[0], 2) if numbered else 2), name

    return sorted(names, key=place)


def _page_part(name: str, records: Sequence[Record], outputs: Path) -> Part:
    """One of ``PAGES`` as its own report makes it."""
    if name in PAIRED:
        return paired_part(name, records, outputs)
    if name == "worth":
        return worth_part(records, outputs)
    if name == "regimes":  # by the metric that detection has
        records = [record for record in records if record.axes.get("task") == "detection"]
    return reading_part(name, records)


def _table_section(
    table: Table, cells: Sequence[TableCell], records: Sequence[Record], outputs: Path, touching: Touching
) -> Section:
    arranged = page(table, cells, describe(cells, records))
    found = numbers(table, cells, touching)
    pictures = shown_drawings(table.name, table_drawings(table, cells), outputs)
    return Section(
        name=table.name,
        title=_titled(table.name, table.title),
        group=PAPER,
        intro=arranged.intro,
        matrices=matrices(found),
        numbers=found,
        pictures=_pictures(pictures, table.title),
        notes=[line for line in arranged.below if line],
        downloads=_downloads(table.name, write_table(outputs, table, cells, arranged)),
        command=f"smartgen-report {table.name}",
    )


def _figure_section(name: str, records: Sequence[Record], outputs: Path) -> Section:
    figure = load_figure(name) if name in figure_names() else load_shares(name)

    def drawn() -> Part:
        part = figure_part(name, records)
        if not part.drawings:
            raise NothingRecordedError(f"no records; `{figure.command}` makes them")
        return part

    made = shown_part(name, drawn, outputs)
    section = _page_section(name, made, PAPER)
    pictures = _pictures(made.pictures, figure.title)
    return replace(section, title=_titled(name, figure.title), intro=[figure.caption], pictures=pictures)


def _page_section(name: str, made: Shown, group: str) -> Section:
    return Section(
        name=name,
        title=made.page.title,
        group=group,
        intro=made.page.intro,
        pictures=_pictures(made.pictures, made.page.title),
        grids=[grid_of(block, made.methods) for block in made.page.blocks],
        notes=[line for line in made.page.below if line],
        downloads=_downloads(name, made.texts),
        command=f"smartgen-report {name}",
        lacking=made.lacking,
    )


def _pictures(svgs: Mapping[str, str], title: str) -> list[Picture]:
    return [Picture(name, svg, f"{name.replace('_', ' ')}: {title}") for name, svg in svgs.items()]


def _downloads(name: str, texts: Mapping[str, str]) -> list[Download]:
    return [Download(f"{name}.{kind}", word, texts[kind]) for kind, word in KINDS.items() if kind in texts]


def _titled(name: str, title: str) -> str:
    """Table 2: Anomaly detection ..."""
    return f"{printed_name(name) or name.capitalize()}: {title}"


def _tally(name: str, title: str, cells: Sequence[TableCell]) -> Tally:
    return Tally(name, _titled(name, title) if name else title, Counter(cell.verdict for cell in cells))


def _release() -> list[str]:
    """What there is of the authors' data, beside the checksums that come with the package."""
    from smartgen.data.manifest import packed_manifest, states, verification
    from smartgen.data.release import release_root

    manifest = packed_manifest()
    told = f"{len(manifest.files):,} files of {manifest.source} at commit {manifest.commit[:12]}"
    try:
        root = release_root()
    except SmartgenError:
        return [f"The authors' release is not here; its checksums cover {told}."]
    found = verification(root, manifest, states(root, manifest))
    return [
        f"The authors' release as it is here: {found.right:,} files have the listed SHA-256, "
        f"{len(found.changed)} another, {len(found.missing)} are missing; listed are {told}."
    ]


def _facts(records: Sequence[Record]) -> dict[str, str]:
    """The lines on top."""
    done = [record for record in records if record.ok]
    failed = len(unresolved(records))
    first, *others = origin_of(done)
    facts = {"records": first + (f"; {failed} failed cells" if failed else "")}
    return facts | {"source": others[0]} if others else facts
