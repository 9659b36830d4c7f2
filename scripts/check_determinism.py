"""Run the cells of an experiment three times, and on other arithmetic, and compare their records.

    python scripts/check_determinism.py again OUTPUTS table2 [dataset=fr ...]
    python scripts/check_determinism.py elsewhere OUTPUTS table2 dataset=fr system=transae,lof

`again` runs the sweep twice under `launcher=basic`, then once in the reverse order under `launcher=joblib`,
each into a folder of its own below OUTPUTS, stage cache included, and compares the `result` blocks. Exit
code 1 where two differ. `elsewhere` runs it with two threads, and as a processor without AVX-512, and without
AVX2, would, and tells how far metrics move; that is a measurement, not a check. Both go on where they were
stopped; an experiment needs a folder of its own.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from smartgen.commands.told import complain
from smartgen.core.errors import SmartgenError
from smartgen.core.keys import content_key, flatten
from smartgen.core.records import Record, read_records, result_digest
from smartgen.sweeps.journal import Cell
from smartgen.sweeps.planned import planned_cells

FIRST, SECOND, OTHER = "first", "second", "other"
# Instructions that libraries are held to: what a processor without the newer ones would do. Each library has
# a word of its own: PyTorch's kernels, oneDNN, MKL, OpenBLAS, NumPy.
AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
PROCESSORS: Mapping[str, Mapping[str, str]] = {
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": AVX512,
    },
    "sse4": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": f"AVX2 FMA3 {AVX512}",
    },
}
# What tables show; the first that a record has is told.
SHOWN = ("f1", "hr@10", "kept_share", "kept")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("again", "elsewhere"))
    parser.add_argument("outputs", type=Path)
    parser.add_argument("experiment")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    options = parser.parse_args()
    overrides = [*options.overrides, "tracking=none"]
    try:
        if options.what == "again":
            return 0 if again(options.outputs, options.experiment, overrides) else 1
        elsewhere(options.outputs, options.experiment, overrides)
    except SmartgenError as error:
        complain("check_determinism", error)
        return 2
    return 0


def again(outputs: Path, experiment: str, overrides: Sequence[str]) -> bool:
    """Whether three runs agree; prints a line, and one for each difference."""
    cells, _ = planned_cells(experiment, overrides)
    backwards = [*overrides, *reversed_axes(cells), "launcher=joblib"]
    start = time.perf_counter()
    for folder, words in ((FIRST, overrides), (SECOND, overrides), (OTHER, backwards)):
        run(outputs / folder, experiment, words)
    first, *others = (recorded(outputs / folder) for folder in (FIRST, SECOND, OTHER))
    found = [differences(first, other) for other in others]
    told = ", ".join(
        f"{name}: {len(first) - len(unlike)} equal"
        for name, unlike in zip(("twice", "in reverse order under joblib"), found, strict=True)
    )
    print(
        f"{experiment} {' '.join(overrides)}: {len(cells)} cells, {told}, {time.perf_counter() - start:.0f} s"
    )
    for name, unlike in zip((SECOND, OTHER), found, strict=True):
        for key, paths in unlike.items():
            print(f"  {name}: {key}: {', '.join(paths)}")
    return len(first) == len(cells) and not any(found)


def elsewhere(outputs: Path, experiment: str, overrides: Sequence[str]) -> None:
    """Prints for each way how many cells are equal, and how far metrics move."""
    run(outputs / FIRST, experiment, overrides)
    first = by_setting(recorded(outputs / FIRST).values())
    ways: list[tuple[str, list[str], Mapping[str, str]]] = [("threads2", ["trainer.threads=2"], {})]
    ways += [(name, [], environment) for name, environment in PROCESSORS.items()]
    for name, words, environment in ways:
        run(outputs / name, experiment, [*overrides, *words], environment)
        print_moves(name, first, by_setting(recorded(outputs / name).values()))


def print_moves(way: str, first: Mapping[str, Record], other: Mapping[str, Record]) -> None:
    """A line a method: cells, those with equal metrics, mean and largest move."""
    methods: dict[str, list[str]] = {}
    for name, record in first.items():
        methods.setdefault(f"{record.axes['method']}, {record.axes['regime']}", []).append(name)
    for method, names in methods.items():
        moves = np.array([abs(shown(first[name]) - shown(other[name])) for name in names])
        equal = sum(numbers(first[name]) == numbers(other[name]) for name in names)
        most, metric = max(most_moved(first[name], other[name]) for name in names)
        print(
            f"{way:<9} {method:<28} {len(names):>3} cells, {equal:>3} equal; the shown metric moves "
            f"{moves.mean():.4f} in the mean, {moves.max():.4f} at most"
            f"{f'; of all, {metric} by {most:.1g}' if most else ''}",
            flush=True,
        )


def most_moved(one: Record, other: Record) -> tuple[float, str]:
    """The metric or count that differs most between two records, and by how much; a lack is infinite."""
    ours, theirs = numbers(one), numbers(other)
    moves = [
        (abs(ours.get(name, math.inf) - theirs.get(name, math.inf)), name)
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]
    return max(moves, default=(0.0, ""))


def numbers(record: Record) -> dict[str, float]:
    """Metrics and counts by name; those that are not measured, null in a record, are not there."""
    told = flatten(record.metrics) | flatten(record.counts)
    return {name: float(value) for name, value in told.items() if isinstance(value, int | float)}


def shown(record: Record) -> float:
    """The number of a cell that its table shows."""
    told = numbers(record)
    return next(told[name] for name in SHOWN if name in told)


def by_setting(records: Iterable[Record]) -> dict[str, Record]:
    """Records by all that tells them apart but the number of threads, which the key has too."""
    found = {}
    for record in records:
        setting = {name: value for name, value in record.setting.items() if name != "trainer.threads"}
        found[content_key([setting, record.axes["seed"]])] = record
    return found


def reversed_axes(cells: Sequence[Cell]) -> list[str]:
    """The axes of a sweep, each with its values from the last to the first.

    Example:
        >>> reversed_axes([("a=1", "b=x"), ("a=1", "b=y"), ("a=2", "b=x"), ("a=2", "b=y")])
        ['a=2,1', 'b=y,x']
    """
    axes: dict[str, dict[str, None]] = {}
    for override in (override for cell in cells for override in cell):
        name, _, value = override.partition("=")
        axes.setdefault(name, {})[value] = None
    return [f"{name}={','.join(reversed(values))}" for name, values in axes.items() if len(values) > 1]


def run(
    outputs: Path, experiment: str, overrides: Sequence[str], environment: Mapping[str, str] | None = None
) -> None:
    """A sweep in a process of its own.

    Raises:
        SystemExit: it failed.
    """
    command = [sys.executable, "-m", "smartgen", f"experiment={experiment}", *overrides]
    settings = {**os.environ, "SMARTGEN_OUTPUTS": str(outputs), **(environment or {})}
    done = subprocess.run(command, env=settings, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")


def recorded(outputs: Path) -> dict[str, Record]:
    """The finished records of a folder, by key."""
    return {record.key: record for record in read_records(outputs) if record.ok}


def differences(first: Mapping[str, Record], other: Mapping[str, Record]) -> dict[str, list[str]]:
    """Which records differ, or are missing, and in what."""
    found: dict[str, list[str]] = {}
    for key, record in first.items():
        if key not in other:
            found[key] = ["missing"]
        elif result_digest(record) != result_digest(other[key]):
            ours, theirs = flatten(record.result), flatten(other[key].result)
            found[key] = sorted(
                name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)
            )
    return found


if __name__ == "__main__":
    sys.exit(main())
