"""Sweeps of thousands of short cells: seconds, memory and bytes of each cell, as their number grows."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loads.watching import Sample, kilobytes_each, seconds_each, watched
from smartgen.sweeps.journal import ENDS, VARIABLE, JournalReader
from smartgen.sweeps.progress import INTERRUPTED

SCRIPTS = Path(__file__).resolve().parents[1]
# The shortest cell that measures anything: all seeds in one simulated household, a detector that looks up.
CELL = (
    "debug=smoke",
    "dataset=demo",
    "dataset.household=1",
    "detector=seen",
    "regime=source",
    "tracking=none",
)
EVERY = 1.0  # seconds between looks at the sweep
REPORTS = (("regimes", "--dataset", "demo"), ("failures",))
DIRECT = "direct"
LOADED = 50  # MB of a process that has loaded the package
Row = dict[str, Any]


@dataclass(frozen=True)
class Sweep:
    """A sweep to be measured.

    Args:
        cells: their number; each has a seed of its own.
        launcher: as ``launcher=`` names it, or `DIRECT`: the sweep without Hydra.
        real: whether its cells measure something, or only write a record.
        folder: for records, cache and journal; it should be empty.
        minutes: after which it is interrupted.
    """

    cells: int
    launcher: str
    real: bool
    folder: Path
    minutes: float = float("inf")

    @property
    def command(self) -> list[str | Path]:
        """What is run."""
        if self.launcher == DIRECT:
            return [sys.executable, "-m", "loads.trivial", DIRECT, str(self.cells), *CELL]
        module = "smartgen" if self.real else "loads.trivial"
        axes = [*CELL, f"launcher={self.launcher}", f"seed=range({self.cells})"]
        return [sys.executable, "-m", module, "-m", *axes]

    @property
    def journal(self) -> Path:
        """A folder that outlasts the sweep."""
        return self.folder / "journal"

    @property
    def environment(self) -> dict[str, str]:
        """Of the sweep: its outputs, its journal, and this folder among those of modules."""
        path = os.pathsep.join(filter(None, (str(SCRIPTS), os.environ.get("PYTHONPATH"))))
        own = {"SMARTGEN_OUTPUTS": str(self.folder), VARIABLE: str(self.journal), "PYTHONPATH": path}
        return os.environ | own | {"OMP_NUM_THREADS": "1"}

    def run(self) -> list[Sample]:
        """Run it, looked at every second.

        Raises:
            SystemExit: it failed, for no want of time.
        """
        reader, ended = JournalReader(self.journal), 0

        def count() -> int:
            nonlocal ended
            ended += sum(event.kind in ENDS for event in reader.news())
            return ended

        count()  # what an earlier run told
        ended = 0
        self.folder.mkdir(parents=True, exist_ok=True)
        told = self.folder / "stderr.txt"
        with told.open("wb") as handle:
            process = subprocess.Popen(self.command, env=self.environment, stderr=handle)
            samples = watched(process, count, EVERY, self.minutes)
        if process.returncode not in (0, INTERRUPTED):
            sys.exit(f"{' '.join(map(str, self.command))}:\n{told.read_text()[-2000:]}")
        return samples


def measure(sweep: Sweep) -> Row:
    """Run a sweep, then, if any cell ended, again with all recorded, and report on its records."""
    row = figures(sweep, sweep.run())
    if not row["ended"]:
        return row
    again = replace(sweep, cells=int(row["ended"])).run()
    row |= {"again, s": again[-1].seconds, "again, MB": max(sample.own for sample in again)}
    return row | {f"{words[0]}, s": report(sweep, *words) for words in REPORTS}


def figures(sweep: Sweep, samples: list[Sample]) -> Row:
    """What a sweep took; the folder must hold nothing of another. A cell's figures lack where none ended."""
    found = samples[-1].ended
    row = {
        "launcher": sweep.launcher,
        "cells": "real" if sweep.real else "trivial",
        "asked": sweep.cells,
        "ended": found,
        "seconds": samples[-1].seconds,
    }
    return row | each(sweep, samples) if found else row


def each(sweep: Sweep, samples: list[Sample]) -> Row:
    """Of at least one cell that ended: what each took, at the beginning and at the end."""
    found = samples[-1].ended
    tenth = max(2, found // 10)
    early, late = seconds_each(samples, 1, tenth), seconds_each(samples, found - tenth, found - 1)
    journal, (files, held) = size(sweep.journal)[1], size(sweep.folder / "debug")
    return {
        "s a cell, first tenth": early[0],
        "s a cell, last tenth": late[0],
        "processor s a cell, first tenth": early[1],
        "processor s a cell, last tenth": late[1],
        "sweeper, peak MB": max(sample.own for sample in samples),
        "kB more a cell": kilobytes_each(samples, lambda sample: sample.own),
        "worker, peak MB": max(max(one.children.values(), default=0.0) for one in samples),
        "kB more a cell of its own": worker_growth(samples),
        "open files": max(sample.files for sample in samples),
        "files a cell": files / found,
        "kB a cell": held / found / 1024,
        "journal, bytes a cell": journal / found,
    }


def worker_growth(samples: list[Sample]) -> float:
    """Memory that a worker gains with each cell that it runs itself [kB]; NaN where none was measured.

    A line through all cells counts each worker's as one of several, so that the sum is what each gains.
    """
    workers = {process for sample in samples for process, held in sample.children.items() if held > LOADED}

    def grown(process: int) -> float:
        return kilobytes_each(samples, lambda sample: sample.children.get(process, 0.0))

    measured = [slope for slope in map(grown, workers) if not math.isnan(slope)]
    return sum(measured) if measured else math.nan


def report(sweep: Sweep, *words: str) -> float:
    """Seconds of a report over the sweep's records."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "smartgen.commands.report", *words]
    environment = sweep.environment | {"SMARTGEN_OUTPUTS": str(sweep.folder / "debug")}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def size(folder: Path) -> tuple[int, int]:
    """Files below a folder, and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
