"""`smartgen-report html`: tables, figures, audit and provenance as one page, and every file behind it."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from smartgen.audit.page import INTRO, outcomes, restored, tally
from smartgen.audit.runner import Audited
from smartgen.commands.audit import release_state, written_audit
from smartgen.commands.kept import kept
from smartgen.commands.pages import write_table
from smartgen.commands.parts import PAGES, Part, curves_part, page_part, part_of, shares_part, table_picture
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, write_text_atomic
from smartgen.html.grids import grid_of
from smartgen.html.numbers import matrices, numbers, touched
from smartgen.html.sections import Download, Picture, Report, Section, Tally
from smartgen.tables.blocks import page
from smartgen.tables.collect import TableCell, collect, unresolved
from smartgen.tables.curves import figure_names, load_figure
from smartgen.tables.declare import Place, Table, load_named, table_names
from smartgen.tables.origin import describe, origin_of
from smartgen.tables.shares import load_shares, shares_names

NAME = "report.html"
PAPER = "The paper's tables and figures"
LIKE = "Like for like"
READINGS = "Readings"
LIKE_PAGES = ("table2_unified", "table3_unified", "worth", "regimes", "synthetic")


def report_html(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """Write the page, and say where it is.

    Raises:
        SmartgenError: no record, or a folder that cannot be written to.
    """
    from smartgen.html.render import render

    if not any(record.ok for record in records):
        raise SmartgenError(f"{outputs / 'runs'}: no record to show; run some cells, as `make demo` does")
    path = options.out or outputs / NAME
    report = gather(records, outputs)
    write_text_atomic(path, render(report))
    counted = ", ".join(f"{count} {word}" for word, count in report.tallies[-1].counts.items())
    size = path.stat().st_size / 1e6
    parts, total = len(report.sections), report.tallies[-1].total
    return f"{path.resolve()}: {parts} parts, {total} numbers ({counted}), {size:.1f} MB\n"


def gather(records: Sequence[Record], outputs: Path) -> Report:
    """All that the page holds; what is made on the way is written to its files, too."""
    from smartgen.html.provenance import environment

    tables = {name: load_named(name) for name in _in_order(table_names())}
    cells = {name: collect(table, records) for name, table in tables.items()}
    _tell("audit")
    found, audit_lines = _audit(records, outputs)
    touching = touched(found)
    sections = []
    for name in _in_order([*tables, *figure_names(), *shares_names()]):
        _tell(name)
        if name in tables:
            sections.append(_table_section(tables[name], cells[name], records, outputs, touching))
        else:
            sections.append(_figure_section(name, records, outputs))
    for name in PAGES:
        _tell(name)
        made = part_of(name, partial(page_part, name, records, outputs), outputs)
        sections.append(_page_section(name, made, LIKE if name in LIKE_PAGES else READINGS))
    _tell("checksums")
    sections.append(environment(records, _release()))
    _tell("")
    tallies = [_tally(name, tables[name].title, some) for name, some in cells.items()]
    whole = _tally("", "all", [cell for some in cells.values() for cell in some])
    return Report(
        "SmartGen, measured again", _facts(records), [*tallies, whole], sections, found, audit_lines
    )


def _in_order(names: Sequence[str]) -> list[str]:
    """Tables by number, then figures by number, then studies."""
    kinds = {"t": 0, "f": 1}

    def place(name: str) -> tuple[int, str]:
        numbered = any(letter.isdigit() for letter in name)
        return (kinds.get(name[0], 2) if numbered else 2), name

    return sorted(names, key=place)


def _table_section(
    table: Table,
    cells: Sequence[TableCell],
    records: Sequence[Record],
    outputs: Path,
    touching: Mapping[tuple[str, Place], Sequence[str]],
) -> Section:
    arranged = page(table, cells, describe(cells, records))
    texts = write_table(outputs / "tables" / table.name, table, cells, arranged)
    found = numbers(table, cells, touching)
    drawn = Part(arranged)
    if table.picture is not None and any(cell.n for cell in cells):
        drawn = part_of(f"{table.name} picture", partial(table_picture, table, cells, outputs), outputs)
    return Section(
        name=table.name,
        title=_titled(table.name, table.title),
        group=PAPER,
        intro=arranged.intro,
        matrices=matrices(found),
        numbers=found,
        pictures=_pictures(drawn, table.title),
        notes=[line for line in arranged.below if line],
        downloads=_downloads(table.name, texts),
        command=f"smartgen-report {table.name}",
    )


def _figure_section(name: str, records: Sequence[Record], outputs: Path) -> Section:
    curves = name in figure_names()
    make = curves_part if curves else shares_part
    made = part_of(name, partial(make, name, records, outputs), outputs)
    figure = load_figure(name) if curves else load_shares(name)
    section = _page_section(name, made, PAPER)
    title = _titled(name, figure.title)
    return Section(**vars(section) | {"title": title, "pictures": _pictures(made, figure.title)})


def _page_section(name: str, made: Part, group: str) -> Section:
    from smartgen.tables.latex import to_latex
    from smartgen.tables.render import rows_to_csv, to_markdown

    methods = {str(row["method"]) for row in made.rows if "method" in row}
    texts = {}
    if not made.lacking:
        texts = {"md": to_markdown(made.page), "tex": to_latex(made.page), "csv": rows_to_csv(made.rows)}
    return Section(
        name=name,
        title=made.page.title,
        group=group,
        intro=made.page.intro,
        pictures=_pictures(made, made.page.title),
        grids=[grid_of(block, methods) for block in made.page.blocks],
        notes=[line for line in made.page.below if line],
        downloads=_downloads(name, texts),
        command=f"smartgen-report {name}",
        lacking=made.lacking,
    )


def _pictures(made: Part, title: str) -> list[Picture]:
    return [Picture(name, svg, f"{name.replace('_', ' ')}: {title}") for name, svg in made.pictures.items()]


def _downloads(name: str, texts: Mapping[str, str]) -> list[Download]:
    kinds = {"md": "Markdown", "tex": "LaTeX", "csv": "CSV", "json": "JSON"}
    return [Download(f"{name}.{kind}", kinds[kind], text) for kind, text in texts.items() if kind != "json"]


def _titled(name: str, title: str) -> str:
    """Table 2: Anomaly detection ..."""
    for prefix, word in (("table", "Table"), ("fig", "Figure")):
        if name.startswith(prefix):
            return f"{word} {name.removeprefix(prefix)}: {title}"
    return f"{name.capitalize()}: {title}"


def _tally(name: str, title: str, cells: Sequence[TableCell]) -> Tally:
    return Tally(name, _titled(name, title) if name else title, Counter(cell.verdict for cell in cells))


def _audit(records: Sequence[Record], outputs: Path) -> tuple[list[Audited], list[str]]:
    """The audit, of before where release, records and code are the same."""
    state = {"part": "audit", "release": release_state()}
    text = kept(outputs, state, lambda: json.dumps(outcomes(written_audit(records, outputs))))
    found = restored(json.loads(text))
    return found, [*INTRO, tally(found)]


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


def _tell(name: str) -> None:
    """How far the page is, on one line that goes away."""
    if sys.stderr.isatty():
        text = f"gathering {name}" if name else ""
        print(f"\r{text:<60}", end="" if text else "\r", file=sys.stderr, flush=True)
