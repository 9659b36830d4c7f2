"""A process and its children from outside: memory, open files and how far they are, every second (Linux)."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MEGABYTE = 2**20
PAGE, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """A moment.

    Args:
        seconds: since the process began.
        processor: seconds of it and of those below it that still run.
        ended: units of work that have ended.
        own: resident memory of the process [MB].
        children: likewise of each process below it, by process id.
        files: open in all of them.
    """

    seconds: float
    processor: float
    ended: int
    own: float
    children: dict[int, float]
    files: int


def watched(
    process: subprocess.Popen[bytes], ended: Callable[[], int], every: float, minutes: float = float("inf")
) -> list[Sample]:
    """Look at a process until it ends, or for some minutes; then it is interrupted.

    Args:
        ended: how many units of work have ended.
        every: seconds between samples.
    """
    start, samples = time.perf_counter(), []
    try:
        while process.poll() is None and time.perf_counter() - start < 60 * minutes:
            tree = below(process.pid)
            own, *children = (resident(one) for one in (process.pid, *tree))
            files = sum(open_files(one) for one in (process.pid, *tree))
            held = dict(zip(tree, children, strict=True))
            worked = sum(processor(one) for one in (process.pid, *tree))
            samples.append(Sample(time.perf_counter() - start, worked, ended(), own, held, files))
            time.sleep(every)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()
    worked = samples[-1].processor if samples else 0.0
    return [*samples, Sample(time.perf_counter() - start, worked, ended(), 0.0, {}, 0)]


def resident(process: int) -> float:
    """Memory that a process holds [MB]; 0 where it is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE / MEGABYTE
    except (OSError, IndexError):
        return 0.0


def processor(process: int) -> float:
    """Seconds of processor that a process has had; 0 where it is gone."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / TICKS


def open_files(process: int) -> int:
    """Files and sockets that a process has open; 0 where it is gone."""
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except OSError:
        return 0


def below(process: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{process}/task"):
            found += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
    except OSError:  # it, or one of its threads, is gone
        return found
    return found + [one for child in found for one in below(child)]


def kilobytes_each(
    samples: Sequence[Sample], memory: Callable[[Sample], float], settled: float = 0.2
) -> float:
    """How memory grows with each unit of work, by a line through all samples behind the first part of them.

    Args:
        memory: of a sample [MB].
        settled: that part, of the units.
    """
    last = max(sample.ended for sample in samples)
    rows = [(one.ended, memory(one)) for one in samples if one.ended >= settled * last and memory(one)]
    if len({ended for ended, _ in rows}) < 3:
        return float("nan")
    ended, held = np.array(rows).T
    return float(np.polyfit(ended, held, 1)[0] * 1024)


def seconds_each(samples: Sequence[Sample], first: float, last: float) -> tuple[float, float]:
    """Seconds a unit between two counts of units, and seconds of processor, by interpolation."""
    begun = [one for one in samples if one.ended]
    counts = [one.ended for one in begun]
    taken = ([one.seconds for one in begun], [one.processor for one in begun])
    ends = (np.interp([first, last], counts, times) for times in taken)
    wall, worked = (float((stop - start) / (last - first)) for start, stop in ends)
    return wall, worked
