"""`smartgen-report`: the paper's tables beside what was measured here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from smartgen.commands.audit import report_audit
from smartgen.commands.figures import report_figure, table_drawings
from smartgen.commands.files import write_drawings, write_table
from smartgen.commands.html import report_html
from smartgen.commands.kept import kept
from smartgen.commands.pages import named, width
from smartgen.commands.paired import PAIRED, report_paired
from smartgen.commands.readings import READINGS, report_reading
from smartgen.commands.told import Parser, complain
from smartgen.commands.wandb import OPTIONS as WANDB_OPTIONS
from smartgen.commands.wandb import add_options, report_wandb
from smartgen.commands.worth import report_worth
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_records, write_text_atomic
from smartgen.core.texts import printable_lines
from smartgen.tables import listings
from smartgen.tables.blocks import page
from smartgen.tables.collect import TableCell, collect
from smartgen.tables.curves import figure_names
from smartgen.tables.declare import Table, load_named, table_names
from smartgen.tables.origin import describe
from smartgen.tables.select import check_where, parse_where
from smartgen.tables.shares import shares_names

FORMATS = ("text", "md", "latex", "csv", "json")
RUNNERS = ("run", "rerun")
OTHERS = (
    *(*PAIRED, "worth", *READINGS, "audit"),
    *("html", "list", "failures", "show", "wandb"),
)
EPILOG = """examples:
  smartgen-report list                               all tables and how far they are filled
  smartgen-report table2                             the table; outputs/tables/table2.{md,tex,csv,json} too
  smartgen-report table2 --metric F1 --layout paper  one metric as the paper lays it out
  smartgen-report table2 --method SmartGen --seeds   one method, seed by seed
  smartgen-report table2 --where trainer.threads=1   only records of this setting; writes no files
  smartgen-report fig5                               a figure; outputs/figures/fig5.{png,svg,csv} too
  smartgen-report fig4                               devices and hours: old log, written, real new data
  smartgen-report fig7                               one as a table; outputs/figures/fig7.{png,svg,csv} too
  smartgen-report regimes --dataset demo             source, synthetic and oracle training side by side
  smartgen-report table3_unified --metric hr@10      predictors under four regimes, with intervals and wins
  smartgen-report table2_unified --metric f1         detectors likewise, over three kinds of attack
  smartgen-report worth                              gap closed, and real sequences that do the same; pictures
  smartgen-report quirks                             Table 2 without one quirk of the authors' code
  smartgen-report headline                           the paper's "+85.43 %", read in several ways
  smartgen-report audit                              where paper and release part, checked one by one
  smartgen-report audit D01,D26                      two of these
  smartgen-report synthetic                          the synthetic sets themselves: valid, new, near to what
  smartgen-report html                               all of it as one page, outputs/report.html
  smartgen-report wandb --dataset fr                 records, tables and figures as W&B runs, to be sent later
  smartgen-report failures                           every failed cell and the command that repeats it
  smartgen-report show 3fa9c2                        one record, by the beginning of its key or of its digits
  smartgen-report run all                            the sweeps of the paper's tables and figures; run --help
  smartgen-report rerun 3fa9c2                       a cell once more, and whether it comes out the same
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 2 with one line on standard error if the input is at fault."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        if given and given[0] in RUNNERS:
            return _runner(given[0])(given[1:])
        options = _parser().parse_args(given)
        outputs = _outputs(options.outputs)
        _check(options)
        text = _answer(options, outputs)
        if options.out is None or options.what == "html":  # which is told where it is
            sys.stdout.write(text if options.format == "text" else _shown(text))
        else:
            write_text_atomic(options.out, text)
    except SmartgenError as error:
        complain("smartgen-report", error)
        return 2
    return 0


def _answer(options: argparse.Namespace, outputs: Path) -> str:
    """The page, of before where nothing has changed; what goes to W&B is no page, others keep their parts."""
    if options.what in ("wandb", "html", "audit"):
        return _run(options, outputs)
    question = vars(options) | {"color": sys.stdout.isatty(), "width": width(), "outputs": str(outputs)}
    return kept(outputs, question | {"out": options.out is None}, lambda: _run(options, outputs))


def _shown(text: str) -> str:
    """As it is for a program that reads it; a terminal cannot be steered by it."""
    return printable_lines(text) if sys.stdout.isatty() else text


def _runner(name: str) -> Callable[[Sequence[str]], int]:
    """What runs cells has options of its own."""
    from smartgen.commands.rerun import rerun
    from smartgen.commands.run import run

    return run if name == "run" else rerun


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="smartgen-report",
        description="Set what was measured beside what the paper says, with one verdict a number.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "what",
        metavar="|".join(("TABLE", "FIGURE", *OTHERS, *RUNNERS)),
        help="a table or figure, or what else",
    )
    add("key", nargs="?", help="with show: the record's key or its first digits; with audit: ids")
    add("--outputs", metavar="DIR", help="the folder of the runs (SMARTGEN_OUTPUTS, else ./outputs)")
    add("--format", choices=FORMATS, default="text", help="how a table is printed (text)")
    add("--out", type=Path, metavar="FILE", help="write there instead of printing")
    add("--layout", choices=("cells", "paper"), default="cells", help="a line a number, or as the paper does")
    add("--metric", action="append", metavar="NAME", help="only this metric; may be repeated")
    add("--method", action="append", metavar="NAME", help="only this method; may be repeated")
    add(
        "--where", action="append", default=[], metavar="KEY=VALUE", help="only such records; may be repeated"
    )
    add("--dataset", metavar="NAME", help="only this home")
    add("--seeds", action="store_true", help="add the values seed by seed")
    add_options(parser)
    return parser


def _outputs(given: str | None) -> Path:
    """The outputs folder; one that was named must exist, a misspelled one would look empty."""
    named = given or os.environ.get("SMARTGEN_OUTPUTS")
    if named and not Path(named).is_dir():
        raise SmartgenError(f"{named}: expected the folder of the runs; check --outputs and SMARTGEN_OUTPUTS")
    return Path(named or "outputs")


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot be reported."""
    if options.what != "audit" and (options.what == "show") != (options.key is not None):
        raise SmartgenError("show and a key go together: smartgen-report show KEY")
    known = (*table_names(), *figure_names(), *shares_names(), *OTHERS)
    if options.what not in known:
        raise SmartgenError(f"there is no {options.what!r} to report; choose one of: {', '.join(known)}")
    _refuse_unused(options)


def _run(options: argparse.Namespace, outputs: Path) -> str:
    records = read_records(outputs)
    if options.what == "list":
        return listings.tables(records)
    if options.what == "failures":
        return listings.failures(records)
    if options.what in READINGS:
        return report_reading(options, records, outputs)
    if options.what in PAIRED:
        return report_paired(options, records, outputs)
    if options.what == "worth":
        return report_worth(options, records, outputs)
    if options.what == "wandb":
        return report_wandb(options, records, outputs)
    if options.what == "html":
        return report_html(options, records, outputs)
    if options.what == "audit":
        return report_audit(options, records, outputs)
    if options.what in (*figure_names(), *shares_names()):
        return report_figure(options, records, outputs)
    if options.what == "show":
        return listings.one_record(records, options.key)
    return _table(options, records, outputs)


def _refuse_unused(options: argparse.Namespace) -> None:
    """Refuse options that what is asked for would not heed."""
    unused = {
        "regimes": ("method", "seeds"),
        "synthetic": ("method", "seeds", "metric"),
        **dict.fromkeys((*PAIRED, "worth"), ("seeds",)),
        **dict.fromkeys(("quirks", "headline"), ("seeds", "metric", "method", "dataset")),
        "wandb": ("method", "seeds", "metric"),
        "html": ("method", "seeds", "metric", "dataset", "where"),
        "audit": ("method", "seeds", "metric", "dataset", "where"),
        "list": ("method", "seeds", "metric", "dataset", "where"),
        "failures": ("method", "seeds", "metric", "dataset", "where"),
        "show": ("method", "seeds", "metric", "dataset", "where"),
    }
    unused |= dict.fromkeys((*figure_names(), *shares_names()), ("method", "seeds", "metric"))
    given = [name for name in unused.get(options.what, ()) if getattr(options, name)]
    if options.layout != "cells" and options.what in unused:
        given.append("layout")
    if options.what != "wandb":
        given += [name for name in WANDB_OPTIONS if getattr(options, name)]
    if given:
        raise SmartgenError(f"--{given[0]} has no meaning with {options.what}; leave it out")
    if options.what in ("regimes", "worth", *PAIRED) and len(options.metric or []) > 1:
        raise SmartgenError(f"{options.what} shows one --metric at a time")


def _table(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    table = load_named(options.what)
    where = parse_where(options.where)
    check_where(where, records)
    metrics = named(options.metric, table.metrics, "metric")
    methods = named(options.method, table.methods, "method")
    cells = collect(table, records, where)
    if not where:
        _write_files(table, cells, records, outputs)
    homes = named(
        [options.dataset] if options.dataset else None, sorted({c.dataset for c in cells}), "dataset"
    )
    shown = [c for c in cells if c.metric in metrics and c.method in methods and c.dataset in homes]
    return _render(options, table, shown, records)


def _write_files(table: Table, cells: Sequence[TableCell], records: Sequence[Record], outputs: Path) -> None:
    """The whole table in four formats, whatever part of it is to be printed, and its picture."""
    write_table(outputs, table, cells, page(table, cells, describe(cells, records)))
    write_drawings(outputs, table_drawings(table, cells))


def _render(
    options: argparse.Namespace, table: Table, cells: Sequence[TableCell], records: Sequence[Record]
) -> str:
    from smartgen.tables.render import to_csv, to_json, to_markdown, to_text

    if options.format == "json":
        return to_json(cells)
    if options.format == "csv":
        return to_csv(cells)
    if options.format == "latex":
        from smartgen.tables.latex import table_to_latex

        return table_to_latex(table, cells)
    arranged = page(
        table,
        cells,
        describe(cells, records),
        layout=options.layout,
        seeds=options.seeds,
        whole=bool(options.method),
    )
    if options.format == "md":
        return to_markdown(arranged)
    color = options.out is None and sys.stdout.isatty()
    return to_text(arranged, width(), color=color)


if __name__ == "__main__":
    sys.exit(main())
