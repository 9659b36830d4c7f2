"""A process a reader: a crash of native code, or a hang in it, ends that process and is a finding, too."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzzing.engines import RUN, coverage, instrumented, warmed
from fuzzing.guard import Guard, scratch_folder
from fuzzing.readers import make
from fuzzing.tally import Tally
from fuzzing.target import Finding, Outcome

CURRENT = "current.case"
SILENCE = 120.0  # seconds without a report
ADDRESSES = 6 << 30  # bytes of address space beyond what the process has: no case may take the machine's
SCRIPT = Path(__file__).resolve().parents[1] / "fuzz.py"
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Wanted:
    """What a process is to do."""

    reader: str
    engine: str
    cases: int
    seed: int
    out: Path
    seconds: float = math.inf

    @property
    def report(self) -> Path:
        """Where it says how far it is."""
        return self.out / f"{self.reader}-{self.engine}.json"

    @property
    def log(self) -> Path:
        """What it prints."""
        return self.report.with_suffix(".log")


def work(wanted: Wanted, scratch: Path) -> None:
    """In the process itself; the case that it is at is always in a file of ``scratch``."""
    if wanted.engine == "atheris":
        instrumented()
    tempfile.tempdir = str(scratch)
    folder = scratch / "files"
    folder.mkdir()
    reader = make(wanted.reader, folder)
    check = warmed(Guard(scratch), reader)
    limit_memory()
    tally = Tally(wanted.reader, wanted.engine, wanted.seed, wanted.out / "findings")
    start = time.process_time()

    def noted(data: bytes) -> Outcome:
        (scratch / CURRENT).write_bytes(data)
        return check(data)

    def report(told: Tally) -> None:
        told.write(wanted.report)
        if time.process_time() - start > wanted.seconds:
            os._exit(0)  # as libFuzzer, which no exception ends

    RUN[wanted.engine](reader, noted, tally, wanted.cases, report)


def limit_memory() -> None:
    """A bound above this process's present size."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def run(wanted: Wanted) -> dict[str, Any]:
    """Start the process, watch it, and say what became of it."""
    wanted.out.mkdir(parents=True, exist_ok=True)
    wanted.report.unlink(missing_ok=True)
    words = [
        wanted.reader,
        "--engine",
        wanted.engine,
        "--cases",
        str(wanted.cases),
        "--seed",
        str(wanted.seed),
    ]
    words += ["--out", str(wanted.out), "--seconds", str(wanted.seconds)]
    start = time.perf_counter()
    with scratch_folder() as scratch, wanted.log.open("wb") as log:
        command = [sys.executable, str(SCRIPT), *words, "--scratch", str(scratch)]
        child = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | THREADS)
        silent = _silent(child, scratch / CURRENT)
        told = _told(wanted, child.returncode, silent, scratch / CURRENT)
    told["seconds"] = time.perf_counter() - start
    if wanted.engine == "atheris":
        told["coverage"] = coverage(wanted.log)
    return told


def _silent(child: subprocess.Popen[bytes], current: Path) -> bool:
    """Wait for the end; one that says nothing for long is ended, which is told."""
    last, heard = 0.0, time.monotonic()
    try:
        while child.poll() is None:
            time.sleep(0.2)
            now = current.stat().st_mtime if current.exists() else 0.0
            if now != last:
                last, heard = now, time.monotonic()
            if time.monotonic() - heard > SILENCE:
                child.kill()
                child.wait()
                return True
    except BaseException:
        child.kill()
        raise
    return False


def _told(wanted: Wanted, code: int | None, silent: bool, current: Path) -> dict[str, Any]:
    """The process's report, with the case in which it ended before its time, if it did.

    Raises:
        RuntimeError: it did not get to its first case.
    """
    empty = Tally(wanted.reader, wanted.engine, wanted.seed, wanted.out / "findings").to_json()
    told: dict[str, Any] = json.loads(wanted.report.read_text()) if wanted.report.is_file() else empty
    timed = wanted.seconds < math.inf and wanted.report.is_file()  # its last word, its time being over
    short = told["cases"] < wanted.cases and not timed  # also where code 0 says that all is well
    if (code or short) and not current.is_file():
        last = wanted.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"{wanted.reader}: {''.join(last) or f'ended with {code}'} ({wanted.log})")
    if code or short:
        far = f"after a report of {told['cases']:,} of {wanted.cases:,} cases"
        how = f"no case ended within {SILENCE:g} s" if silent else f"the process ended with {code} {far}"
        tally = Tally(wanted.reader, wanted.engine, wanted.seed, wanted.out / "findings")
        tally.faults = told["faults"]
        tally.kinds = Counter(told["kinds"])
        tally.add(current.read_bytes(), Outcome("finding", findings=[Finding("killed", "", how)]))
        told |= {"faults": tally.faults, "kinds": dict(tally.kinds)}
    return told
