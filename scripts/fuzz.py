"""Fuzz the readers of the product: whatever a file holds, a value whose invariants hold, or one line.

    python scripts/fuzz.py [READER ...] [--cases 100000] [--engine atheris|hypothesis|mutation] [--seed 1]
                           [--jobs 1] [--seconds S] [--out outputs/fuzz]
    python scripts/fuzz.py READER --replay FILE

Every reader has a process of its own and begins from valid cases that are made here. A case is a finding if
the reader raises anything but a SmartgenError, which a command tells in one printable line that names the
file; if a value breaks an invariant; if it takes more than 10 s or 1 GB; or if something is executed,
imported, or written outside. Findings are kept with the command that runs them again. Exit code 1 where
there are any.

Engine atheris is guided by coverage: pip install 'smartgen[fuzz]'.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fuzzing.engines import ENGINES, warmed
from fuzzing.guard import Guard, scratch_folder
from fuzzing.process import Wanted, run, work
from fuzzing.readers import READERS, make
from rich.console import Console
from rich.table import Table

HINT = "engine atheris needs an extra: pip install 'smartgen[fuzz]'; or take --engine mutation"


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    if options.engine == "atheris" and not options.replay and importlib.util.find_spec("atheris") is None:
        print(f"fuzz: {HINT}", file=sys.stderr)
        return 2
    if options.scratch:
        warnings.simplefilter("ignore")  # of libraries about what is in a file; a log of them has no end
        (wanted,) = _wanted(options, options.readers)
        work(wanted, options.scratch)
        return 0
    if unknown := set(options.readers) - set(READERS):
        print(
            f"fuzz: no reader {', '.join(sorted(unknown))}; choose of {', '.join(READERS)}", file=sys.stderr
        )
        return 2
    if options.replay:
        return replay(options.readers, options.replay)
    return fuzz(_wanted(options, options.readers or list(READERS)), options)


def fuzz(wanted: list[Wanted], options: argparse.Namespace) -> int:
    """All of them, a line each as it ends."""
    found = []
    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            for told in pool.map(run, wanted):
                found.append(told)
                some = {name: told[name] for name in ("reader", "cases", "kinds", "seconds")}
                print(json.dumps(some), file=sys.stderr, flush=True)
    except RuntimeError as error:  # a process that did not get to its first case
        print(f"fuzz: {error}", file=sys.stderr)
        return 2
    Console(width=None if sys.stdout.isatty() else 180).print(table_of(found))
    faults = list(_lines(found))
    print("\n".join(faults) if faults else "no findings")
    return int(bool(faults))


def table_of(found: list[dict[str, Any]]) -> Table:
    """A line a reader."""
    table = Table(box=None)
    for column in ("reader", "engine", "cases", "s", "cases/s", "whole", "empty", "refused", "slowest ms"):
        table.add_column(column, justify="left" if column in ("reader", "engine") else "right", no_wrap=True)
    table.add_column("coverage", no_wrap=True)
    table.add_column("findings", justify="right")
    for told in found:
        kinds = [f"{told['kinds'].get(kind, 0):,}" for kind in ("whole", "empty", "refused")]
        rate = told["cases"] / told["seconds"]
        figures = [f"{told['cases']:,}", f"{told['seconds']:,.0f}", f"{rate:,.0f}", *kinds]
        reached = told.get("coverage") or f"pool {told['corpus']}"
        slow = f"{told['slowest'] * 1000:,.0f}"
        table.add_row(told["reader"], told["engine"], *figures, slow, reached, str(len(told["faults"])))
    return table


def _lines(found: list[dict[str, Any]]) -> Iterator[str]:
    """Each fault with its command."""
    for told in found:
        for fault in told["faults"].values():
            first = (fault["files"] or [""])[0]
            again = f"python scripts/fuzz.py {told['reader']} --replay {first}"
            yield f"{told['reader']}: {fault['count']} times, {fault['told']}\n  {again}"


def replay(readers: Sequence[str], file: Path) -> int:
    """One kept case again, in this process: what the reader says, or its traceback."""
    if len(readers) != 1 or not file.is_file():
        print("fuzz: --replay takes one reader, and the file of one case", file=sys.stderr)
        return 2
    with scratch_folder() as scratch:
        reader = make(readers[0], scratch)
        outcome = warmed(Guard(scratch), reader)(file.read_bytes())
    print(f"{outcome.kind} in {outcome.seconds:.3f} s{': ' if outcome.told else ''}{outcome.told}")
    for finding in outcome.findings:
        print(f"{finding.told}\n{finding.trace}")
    return int(bool(outcome.findings))


def _wanted(options: argparse.Namespace, names: Sequence[str]) -> list[Wanted]:
    own = (options.engine, options.cases, options.seed, options.out, options.seconds)
    return [Wanted(name, *own) for name in names]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("readers", nargs="*", metavar="READER", help="default: all")
    parser.add_argument("--cases", type=int, default=100_000, help="of each reader (default: 100000)")
    parser.add_argument("--engine", choices=ENGINES, default="mutation", help="default: mutation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="readers at a time (default: 1)")
    parser.add_argument("--out", type=Path, default=Path("outputs/fuzz"), help="reports, logs, findings")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="a kept case")
    parser.add_argument(
        "--seconds", type=float, default=math.inf, help="of processor, at most, of each reader"
    )
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)  # of the process of a reader
    return parser


if __name__ == "__main__":
    sys.exit(main())
