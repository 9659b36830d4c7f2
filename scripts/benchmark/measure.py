"""Seconds, processor seconds and memory of a call or of a whole process, each in a process of its own."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

MEGABYTE = 2**20
FIGURES = ("wall", "processor", "peak_mb", "added_mb")

Prepare = Callable[[int], Any]
Run = Callable[[Any], Any]


def measured_call(prepare: Prepare, run: Run, size: int) -> dict[str, float]:
    """One call on prepared input: what it costs, and how far it raises the process's memory.

    Returns:
        ``wall`` and ``processor`` seconds of the call, ``peak_mb`` of the process during it, and how far that
        is above what the process had before, ``added_mb``.
    """
    given = prepare(size)
    before = forget_peak()
    wall, processor = time.perf_counter(), time.process_time()
    kept = run(given)
    found = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    del kept
    return found | {"peak_mb": peak_mb(), "added_mb": peak_mb() - before}


def measured_process(command: Sequence[str], environment: dict[str, str], log: Path) -> dict[str, float]:
    """One command from its start to its end.

    Raises:
        RuntimeError: it failed; the last line of what it said.
    """
    start = time.perf_counter()
    with log.open("wb") as out:
        child = subprocess.Popen(command, env=os.environ | environment, stdout=out, stderr=out)
        _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"{' '.join(command)}: exit code {child.returncode}: {''.join(said)}")
    return {"wall": wall, "processor": used.ru_utime + used.ru_stime, "peak_mb": _mb(used.ru_maxrss)}


def medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of each figure over the runs.

    Example:
        >>> medians([{"wall": 3.0}, {"wall": 1.0}, {"wall": 2.0}])
        {'wall': 2.0}
    """
    return {name: median(run[name] for run in runs) for name in FIGURES if name in runs[0]}


def forget_peak() -> float:
    """The memory of this process; from here on ``peak_mb`` counts anew (Linux; elsewhere since its start).

    What is free goes back to the system first: a call that takes it again would seem to need none.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # a C library that has no such call
        ctypes.CDLL(None).malloc_trim(0)
    return mark_peak()


def mark_peak() -> float:
    """As ``forget_peak``, without giving anything back first: quick enough to be done before every case."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_mb()


def peak_mb() -> float:
    """Of this process, since its start or since it was last forgotten.

    On Linux not by ``getrusage``, which never forgets and begins at the size of whatever started the process.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        told = status.read_text(encoding="ascii").partition("VmHWM:")[2]
        return float(told.split(maxsplit=1)[0]) / 1024
    return _mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _mb(maxrss: float) -> float:
    """Linux counts kilobytes, macOS bytes."""
    return maxrss / (MEGABYTE if sys.platform == "darwin" else 1024)
