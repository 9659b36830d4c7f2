"""What smartgen costs: each pipeline as a whole, each stage alone on growing data, and what limits it.

    python scripts/bench.py [--only NAME ...] [--sizes N ...] [--runs 3] [--out outputs/bench]

Every measurement has a process of its own with one thread; figures are medians over runs. Pipelines run on
the demo home, and on the authors' data where SMARTGEN_RELEASE names it. Writes bench.json, its tables as
bench.md, and a picture of seconds against size with the fitted exponents.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from benchmark.growth import exponent, plot
from benchmark.machine import machine
from benchmark.measure import MEGABYTE, measured_call, measured_process, medians
from benchmark.page import limit_words, markdown
from benchmark.pipelines import pipelines
from benchmark.stages import STAGES
from rich.console import Console
from rich.table import Table

from smartgen.core.atomic import write_bytes_atomic, write_json_atomic
from smartgen.core.records import read_records

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
PLAIN_SIZE = 1_000_000  # behaviors up to which the plain way is measured too
QUALITY = ("f1", "hr@10", "ndcg@10", "kept", "outliers", "outliers_kept")
Row = dict[str, Any]


def main() -> None:
    os.environ.update(THREADS)
    known = [*STAGES, *pipelines()]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"of: {'; '.join(known)}")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", help="behaviors, for every stage")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("outputs/bench"))
    options = parser.parse_args()
    if unknown := set(options.only or ()) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    chosen = options.only or known
    console, ground = Console(width=None if sys.stdout.isatty() else 180), in_a_process(machine)
    if ground is None:
        sys.exit("the machine's own speed could not be measured")
    told = {name: ground[name] for name in ("processor", "cores", "gflops", "copy_gb_s", "commit", "dirty")}
    console.print(told)
    rows: list[Row] = []
    whole: list[Row] = []
    try:
        for name in filter(chosen.__contains__, STAGES):
            rows.extend(stage_rows(name, options, ground))
        for name in filter(chosen.__contains__, pipelines()):
            whole.append(pipeline_row(name, options.runs))
    finally:
        if rows or whole:
            write(rows, whole, ground, options.out)  # what was measured stays, whatever ends the rest
    console.print(table_of([*rows, *whole]))
    console.print(f"wrote {options.out}/bench.{{json,md}}" + (", growth.{png,svg}" if rows else ""))


def write(rows: Sequence[Row], whole: Sequence[Row], ground: Row, out: Path) -> None:
    """bench.json, its tables, and the picture."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        curves.setdefault(row["name"], []).append((row["size"], row["processor"]))
    grown = {name: exponent(points) for name, points in curves.items()}
    told = {"machine": ground, "stages": rows, "pipelines": whole, "exponents": grown}
    write_json_atomic(out / "bench.json", told)
    write_bytes_atomic(out / "bench.md", markdown(ground, rows, whole, grown).encode())
    for kind, content in plot(curves).items() if curves else ():
        write_bytes_atomic(out / f"growth.{kind}", content)


def stage_rows(name: str, options: argparse.Namespace, ground: Row) -> Iterator[Row]:
    """One stage at each size; it ends with the first size at which its process is killed."""
    for size in options.sizes or STAGES[name].sizes:
        ways = (False, True) if STAGES[name].plain and size <= PLAIN_SIZE else (False,)
        # Ours and the plain way in turn, so that a machine that slows down slows both.
        runs = [[in_a_process(measured_stage, name, size, way) for way in ways] for _ in range(options.runs)]
        if not all(map(all, runs)):
            print(f"{name}, {size:,}: the process was killed", file=sys.stderr)
            break
        row = {"name": name, "size": size, "runs": options.runs} | medians([ours for ours, *_ in runs])
        row["added_bytes_a_behavior"] = row["added_mb"] * MEGABYTE / size
        row["nanoseconds_a_behavior"] = row["processor"] * 1e9 / size
        row |= limits(name, size, row, ground)
        if len(ways) > 1:
            row |= compared(row, medians([plain for _, plain in runs]))
        print(json.dumps(row), file=sys.stderr, flush=True)
        yield row


def compared(ours: Row, plain: Row) -> Row:
    """What the plain way costs, and how many times more that is."""
    return {"plain": plain, "ratio": plain["processor"] / ours["processor"]}


def measured_stage(name: str, size: int, plain: bool = False) -> Row:
    """In the process that is measured."""
    import torch

    torch.set_num_threads(1)
    stage = STAGES[name]
    run = stage.plain if plain and stage.plain else stage.run
    run(stage.prepare(200))  # imports and first calls are not the stage's cost
    return measured_call(stage.prepare, run, size)


def counted_operations(name: str, size: int) -> float:
    """Floating-point operations of a stage's matrix products, backward passes included."""
    import torch
    from benchmark.operations import operations

    torch.set_num_threads(1)
    stage = STAGES[name]
    given = stage.prepare(size)
    return operations(lambda: stage.run(given))


def limits(name: str, size: int, row: Row, ground: Row) -> Row:
    """How near a stage is to the machine's matrix speed or to that of its memory, and so what limits it.

    Arithmetic from half of the matrix speed on, memory from a fifth of a copy's speed on, counting the bytes
    that a stage must read and write once. Below, networks are held up by operations that are small; of the
    others, their profile tells what takes the time.
    """
    stage = STAGES[name]
    if stage.trains:
        operations = in_a_process(counted_operations, name, size) or 0.0
        share = operations / row["processor"] / 1e9 / ground["gflops"]
        limit = "arithmetic" if share >= 0.5 else "small operations"
        return {"gflop": operations / 1e9, "of_matrix_speed": share, "limit": limit}
    if not stage.moved:
        return {"limit": stage.mostly}
    share = stage.moved * size / row["processor"] / 1e9 / ground["copy_gb_s"]
    return {"of_copy_speed": share, "limit": "memory" if share >= 0.2 else stage.mostly}


def pipeline_row(name: str, runs: int) -> Row:
    """A whole command, outputs empty each time; and the plain way of it, in turn."""
    pipeline = pipelines()[name]
    ways = [pipeline.words, *([(*pipeline.words, *pipeline.plain)] if pipeline.plain else [])]
    found = [[whole_command(words) for words in ways] for _ in range(runs)]
    row = {"name": name, "command": " ".join(["smartgen", *pipeline.words]), "runs": runs}
    row |= medians([ours for ours, *_ in found]) | {"metrics": found[0][0]["metrics"]}
    if pipeline.plain:
        told = medians([plain for _, plain in found]) | {"metrics": found[0][1]["metrics"]}
        row |= compared(row, told | {"words": " ".join(pipeline.plain)})
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def whole_command(words: Sequence[str]) -> Row:
    """Seconds, memory, and what the cell's record says of its quality."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "smartgen", *words, "tracking=none"]
        outputs = Path(scratch) / "outputs"
        environment = THREADS | {"SMARTGEN_OUTPUTS": str(outputs)}
        row: Row = dict(measured_process(command, environment, Path(scratch) / "log"))
        (record,) = read_records(outputs)
    metrics = record.metrics | record.counts
    return row | {"metrics": {key: metrics[key] for key in QUALITY if key in metrics}}


def table_of(rows: list[Row]) -> Table:
    """What was measured, a line each."""
    table = Table(box=None)
    for column in ("what", "behaviors", "wall s", "processor s", "peak MB", "added MB", "bytes each"):
        table.add_column(column, justify="left" if column == "what" else "right", no_wrap=True)
    table.add_column("plain / ours", justify="right", no_wrap=True)
    table.add_column("limit", no_wrap=True)
    for row in rows:
        figures = [f"{row[name]:,.2f}" for name in ("wall", "processor")]
        told = ("peak_mb", "added_mb", "added_bytes_a_behavior")
        memory = [f"{row[name]:,.0f}" if name in row else "" for name in told]
        ratio = f"{row['ratio']:.1f}" if "ratio" in row else ""
        size, limit = (f"{row['size']:,}", limit_words(row)) if "size" in row else ("", "")
        table.add_row(row["name"], size, *figures, *memory, ratio, limit)
    return table


def in_a_process(call: Any, *arguments: Any) -> Any:
    """A call in a fresh process; None where it was killed, as for want of memory."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(call, *arguments).result()
        except BrokenProcessPool:
            return None


if __name__ == "__main__":
    main()
