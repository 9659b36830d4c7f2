"""smartgen under load: a thousand calls at once to an endpoint with limits, ten thousand cells in a sweep.

    python scripts/check_load.py requests [--requests 1000] [--concurrency 1000] [--only NAME]
    python scripts/check_load.py cells [--cells 10000] [--launchers direct basic joblib] [--real 1000]
                                       [--minutes M] [--out FOLDER]

`requests` has the client ask an endpoint on loopback that refuses, fails and breaks off as providers do, and
compares what client, cache and endpoint say: every call answered, none paid for twice, no limit passed, no
retry before its time. `cells` runs a sweep of cells that only write a
record, without Hydra and under each launcher, and one of short real cells; each is run again with all
recorded, and reported on. Its figures are seconds a cell, at the beginning and at the end of the sweep, and
memory that is held more with each cell. Exit code 1 where anything is missing or too much.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from loads.calls import Case, cases, price_each
from loads.calls import measure as measure_calls
from loads.sweeps import Row, Sweep, measure
from rich.console import Console
from rich.table import Table

COLUMNS = (
    ("seconds", "seconds"),
    ("requests", "requests"),
    ("answered", "answered"),
    ("rows", "kept"),
    ("hits", "found"),
    ("limited", "429"),
    ("failed", "500"),
    ("cut", "cut"),
    ("retries", "tried again"),
    ("early", "too early"),
    ("duplicates", "twice"),
    ("most_in_flight", "most at once"),
    ("busiest", "most in .1 s"),
    ("connections", "connections"),
    ("files", "open files"),
    ("threads", "threads"),
    ("peak_mb", "peak, MB"),
    ("usd", "USD"),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("requests", "cells"))
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--concurrency", type=int, default=1_000, help="where calls are to be many at once")
    parser.add_argument("--only", default="", help="cases whose names hold this")
    parser.add_argument("--cells", type=int, default=10_000, help="that only write a record")
    parser.add_argument("--real", type=int, default=1_000, help="cells that measure; 0 for none")
    parser.add_argument("--minutes", type=float, default=math.inf, help="of each sweep, which then ends")
    parser.add_argument("--launchers", nargs="*", default=["direct", "basic", "joblib"], metavar="NAME")
    parser.add_argument("--out", type=Path, help="an empty folder, which is kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        check = check_cells if options.what == "cells" else check_requests
        sys.exit(0 if check(options, options.out or Path(scratch)) else 1)


def check_requests(options: argparse.Namespace, folder: Path) -> bool:
    """Every case, one after the other; a line each, with what is wrong."""
    console = Console(width=None if sys.stdout.isatty() else 240)
    rows = []
    for number, case in enumerate(cases(options.requests, options.concurrency)):
        if options.only in case.name:
            place = folder / str(number)
            place.mkdir(parents=True)
            rows.append(measure_calls(case, place))
            console.print(f"{case.name}: {'; '.join(wrong(rows[-1])) or 'as it should be'}")
    table = Table("case", *(words for _, words in COLUMNS))
    for row in rows:
        table.add_row(row["case"].name, *(told(row[name]) for name, _ in COLUMNS))
    console.print(table)
    return not any(wrong(row) for row in rows)


def wrong(row: dict[str, Any]) -> list[str]:
    """What is not as it should be."""
    case: Case = row["case"]
    allowed = case.concurrency * case.processes
    paid = row["prompt_tokens"] + row["completion_tokens"]
    limit = case.max_cost_usd
    complete = limit is None
    asked = case.requests if complete else int(limit / price_each() + 1e-6)
    checks = {
        f"errors: {' | '.join(row['errors'])}": complete and row["errors"],
        "no error where money ends": not complete and len(row["errors"]) != 1,
        f"{row['rows']} answers kept of {asked}": row["rows"] != asked if complete else row["rows"] > asked,
        f"{row['duplicates']} answered twice": row["duplicates"],
        f"{row['most_in_flight']} at once, {allowed} allowed": row["most_in_flight"] > allowed,
        f"{row['early']} came before their time": row["early"],
        f"{row['usd']:.4f} USD spent": not complete and row["usd"] > limit + 1e-9,
        "nothing asked": not paid and case.mode == "direct",
    }
    return [words for words, holds in checks.items() if holds]


def check_cells(options: argparse.Namespace, folder: Path) -> bool:
    """Every sweep, one after the other; a table at the end."""
    trivial = [(options.cells, name, False) for name in options.launchers if options.cells]
    real = [(options.real, "basic", True)] if options.real else []
    rows = []
    for cells, launcher, measures in (*trivial, *real):
        name = f"{'real' if measures else 'trivial'}-{launcher}"
        rows.append(measure(Sweep(cells, launcher, measures, (folder / name).absolute(), options.minutes)))
        show(rows[-1:])
    return all(row["asked"] == row["ended"] or options.minutes < math.inf for row in rows)


def show(rows: list[Row]) -> None:
    """A line a figure, a column a row."""
    table = Table(show_header=False)
    for name in rows[0]:
        table.add_row(name, *(told(row[name]) for row in rows))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def told(figure: float | str) -> str:
    """To four digits."""
    if isinstance(figure, str):
        return figure
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.4g}"


if __name__ == "__main__":
    main()
