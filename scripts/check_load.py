"""smartgen under load: a thousand calls at once to an endpoint with limits, ten thousand cells in a sweep.

    python scripts/check_load.py requests [--requests 1000] [--concurrency 1000] [--only NAME]
    python scripts/check_load.py cells [--cells 10000] [--launchers direct basic joblib] [--real 1000]
                                       [--minutes M] [--out FOLDER]

`requests` has the client ask an endpoint on loopback that refuses, fails and breaks off as providers do, and
compares what client, cache and endpoint say: every call answered, none paid for twice, no limit passed, no
retry before its time. `cells` runs a sweep of cells that only write a
record, without Hydra and under each launcher, and one of short real cells; each is run again with all
recorded, and reported on. Its figures are seconds a cell, at the beginning and at the end of the sweep, and
memory that is held more with each cell. A line a case or sweep says what is missing or too much; exit code 1
where anything is.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from loads.calls import Case, cases, most_each, price_each
from loads.calls import measure as measure_calls
from loads.sweeps import DIRECT, Row, Sweep, measure
from rich.console import Console
from rich.table import Table

# Bounds for cells, several times what was measured: .6 to 2.0 kB more a cell, 3 ms of processor a cell
# without Hydra and 110 to 130 with it, as much at the end of a sweep as at its beginning.
MOST_KB = 10.0  # more a cell, of the sweeper and of a worker
ONCE_KB = 8192  # that a process may fill whatever the number of cells, which tells in a short sweep
SLOWER = 2.0  # last tenth of a sweep against the first
DIRECT_SECONDS, HYDRA_SECONDS = 0.02, 0.8  # of processor a cell, in the last tenth
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
    fewest, asked = (case.requests,) * 2 if limit is None else paid_for(limit, row["lost"], case.requests)
    checks = {
        f"errors: {' | '.join(row['errors'])}": complete and row["errors"],
        "no error where money ends": not complete and len(row["errors"]) != 1,
        f"{row['rows']} answers kept of {asked}": not fewest <= row["rows"] <= asked,
        f"{row['duplicates']} answered twice": row["duplicates"],
        f"{row['most_in_flight']} at once, {allowed} allowed": row["most_in_flight"] > allowed,
        f"{row['early']} came before their time": row["early"],
        f"{row['usd']:.4f} USD spent": not complete and row["usd"] > limit + 1e-9,
        "nothing asked": not paid,
    }
    return [words for words, holds in checks.items() if holds]


def paid_for(limit: float, lost: int, requests: int) -> tuple[int, int]:
    """Fewest and most answers that money is enough for.

    The client gives up where no call is under way and what is left is less than the next can cost; an answer
    that was lost counts as what it could have cost.
    """
    fewest = math.ceil((limit - (1 + lost) * most_each()) / price_each() - 1e-6)
    return min(max(fewest, 0), requests), min(int(limit / price_each() + 1e-6), requests)


def check_cells(options: argparse.Namespace, folder: Path) -> bool:
    """Every sweep, one after the other; a table at the end."""
    trivial = [(options.cells, name, False) for name in options.launchers if options.cells]
    real = [(options.real, "basic", True)] if options.real else []
    rows = []
    for cells, launcher, measures in (*trivial, *real):
        name = f"{'real' if measures else 'trivial'}-{launcher}"
        rows.append(measure(Sweep(cells, launcher, measures, (folder / name).absolute(), options.minutes)))
        show(rows[-1:])
        print(f"{name}: {'; '.join(wrong_cells(rows[-1], options.minutes)) or 'as it should be'}")
    return not any(wrong_cells(row, options.minutes) for row in rows)


def wrong_cells(row: Row, minutes: float) -> list[str]:
    """What is missing in a sweep, and which bounds it passed; a figure that is NaN is within none.

    Args:
        minutes: after which the sweep was to be interrupted.
    """
    if not row["ended"]:
        return [f"not one of {row['asked']:,} cells ended"]
    early, late = row["processor s a cell, first tenth"], row["processor s a cell, last tenth"]
    once = ONCE_KB / row["ended"]
    seconds = DIRECT_SECONDS if row["launcher"] == DIRECT else HYDRA_SECONDS
    whole = row["ended"] == row["asked"] or row["seconds"] >= 60 * minutes
    found = [] if whole else [f"{row['ended']:,} cells ended of {row['asked']:,}"]
    bounds = [
        ("kB more a cell", row["kB more a cell"], MOST_KB + once),
        ("processor s a cell, last tenth", late, seconds),
        ("last tenth against the first", late / early if min(early, late) > 0 else math.nan, SLOWER),
    ]
    if row["launcher"] == "joblib":  # the others have no workers
        name = "kB more a cell of its own"
        bounds.append((f"worker, {name}", row[name], MOST_KB + once))
    passed = [bound for bound in bounds if not bound[1] <= bound[2]]
    return found + [f"{name}: {told(figure)}, at most {told(most)} allowed" for name, figure, most in passed]


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
