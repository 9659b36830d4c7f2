"""Full disks, outputs that may only be read, clocks that are set back, and two sweeps at once."""

from __future__ import annotations

import contextlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from crashes.artefacts import look_through
from crashes.works import Work, digests, records, work

BAD_INPUT: Final = 2
Report = Iterator[tuple[str, bool | None]]  # a line, and whether it is as it should be; None: could not run


@contextmanager
def _tried(name: str) -> Iterator[tuple[Work, Path, dict[str, str]]]:
    """A work, a folder for its outputs, and what it comes to undisturbed."""
    with work(name) as command, tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole"
        if command.start(whole).wait() != 0:
            raise RuntimeError(command.said(whole.parent, whole.name))
        yield command, Path(scratch), digests(whole)


def full_disk(
    works: tuple[str, ...] = ("basic", "faulty"), sizes: tuple[int, ...] = (0, 64, 128, 256, 512, 1024)
) -> Report:
    """A file system that is full after so many kB: a line, exit code 2, all that is there whole."""
    for name in works:
        with _tried(name) as (command, scratch, expected):
            for size in sizes:
                disk = scratch / f"disk{size}"
                disk.mkdir()
                with mounted(disk, max(size, 4)) as there:
                    if not there:
                        yield "full disk: no file system can be mounted here (needs root); not run", None
                        return
                    code = command.start(disk / "out", told=scratch).wait()
                    line, good = _judged(command, scratch, disk / "out", code, expected)
                    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
                    then, whole = _again(command, scratch, disk / "out", expected)
                yield f"full disk, {name}, {size} kB: {line}; {then}", good and whole


def file_limit(
    works: tuple[str, ...] = ("basic", "faulty"), sizes: tuple[int, ...] = (200, 2_000, 8_000, 20_000)
) -> Report:
    """No file may grow beyond so many bytes (RLIMIT_FSIZE), which needs no rights."""
    for name in works:
        with _tried(name) as (command, scratch, expected):
            for size in sizes:
                outputs = scratch / f"limit{size}"
                code = _limited(command, outputs, size)
                line, good = _judged(command, scratch, outputs, code, expected)
                then, whole = _again(command, scratch, outputs, expected)
                yield f"files of {size} bytes at most, {name}: {line}; {then}", good and whole


def _judged(
    command: Work, scratch: Path, outputs: Path, code: int, expected: dict[str, str]
) -> tuple[str, bool]:
    """What a run that could not write all came to, and whether it is as it should be."""
    said, found = command.said(scratch, outputs.name), look_through(records(outputs), expected)
    told = [line for line in said.splitlines() if line.startswith(("smartgen:", "Traceback"))]
    wrong = [one for one in found.wrong if not re.search(r"can(not)? be written", one)]
    if code == 0:  # there was room
        return f"exit code 0, {found.whole['record']} cells kept", not wrong and digests(outputs) == expected
    good = code == BAD_INPUT and bool(told) and "Traceback" not in said and not wrong
    line = (
        f"exit code {code}, {found.whole['record']} cells kept, {len(told)} lines, the last one {told[-1:]}"
    )
    return line + (f", wrong: {wrong}" if wrong else ""), good


def _again(command: Work, scratch: Path, outputs: Path, expected: dict[str, str]) -> tuple[str, bool]:
    """What the next run came to, which can write."""
    code = command.start(outputs, told=scratch).wait()
    same = digests(outputs) == expected
    return f"with room: exit code {code}, equal: {same}", code == 0 and same


def read_only(works: tuple[str, ...] = ("basic", "faulty")) -> Report:
    """Outputs that may only be read: a line, exit code 2, nothing written; recorded cells are still told."""
    powerless = _powerless()
    if powerless is None:
        yield (
            "read-only outputs: root may write everywhere, and there is no setpriv to change that; not run",
            None,
        )
        return
    for name in works:
        with _tried(name) as (command, scratch, expected):
            outputs = scratch / "whole"
            _let_write(outputs, False)
            before = _listing(outputs)
            for cells, words in {"new cells": ("seed=7",), "recorded cells": ()}.items():
                with_words = replace(command, words=(*command.words, *words))
                code = with_words.start(outputs, powerless).wait()
                said = command.said(scratch, "whole").strip()
                same = _listing(outputs) == before and digests(outputs) == expected
                good = code == BAD_INPUT and same and "Traceback" not in said
                yield f"read-only outputs, {name}, {cells}: exit code {code}, {said.splitlines()[-1:]}", good
            done = subprocess.run(
                [*powerless, sys.executable, "-m", "smartgen.commands.report", "failures"],
                env=os.environ | {"SMARTGEN_OUTPUTS": str(records(outputs))},
                capture_output=True,
                check=False,
            )
            same = _listing(outputs) == before
            _let_write(outputs, True)
            good = same and done.returncode == 0
            yield f"read-only outputs, {name}, a report: exit code {done.returncode}", good


def _powerless() -> tuple[str, ...] | None:
    """Words before a command that may not write where it is not allowed to; None where there are none."""
    if os.getuid() != 0:
        return ()
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if shutil.which("setpriv") else None


def _let_write(folder: Path, may: bool) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200 if may else path.stat().st_mode & ~0o222)


def clock() -> Report:
    """A sweep that is killed and goes on days earlier; and one whose clock is set back while it runs."""
    if shutil.which("faketime") is None:
        yield "clock set back: no faketime here (Debian's package of this name); not run", None
        return
    with _tried("joblib") as (command, scratch, expected):
        outputs = scratch / "back"
        later, earlier = (("faketime", "-f", offset) for offset in ("+2d", "-2d"))
        environment = _of_faked_time(scratch)
        process = command.start(outputs, later, more=environment)
        _wait_for(lambda: _recorded(outputs) >= 6 or process.poll() is not None)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        kept = len(digests(outputs))
        code = command.start(outputs, earlier, more=environment).wait()
        again = command.start(outputs, earlier, more=environment).wait()
        skipped = f"{command.cells} recorded before" in command.said(scratch, outputs.name)
        same = digests(outputs) == expected
        line = f"clock set back by four days, {kept} cells recorded before: exit codes {code} and {again}"
        good = kept >= 1 and same and skipped and code == again == 0
        yield f"{line}, all skipped then: {skipped}, equal: {same}", good
        yield from _set_back_meanwhile(command, scratch, expected)


def _set_back_meanwhile(command: Work, scratch: Path, expected: dict[str, str]) -> Report:
    outputs, told = scratch / "meanwhile", scratch / "clock"
    told.write_text("+2d\n")
    library = {"LD_PRELOAD": _faketime_library(), "FAKETIME_TIMESTAMP_FILE": str(told)}
    process = command.start(outputs, more=_of_faked_time(scratch) | library | {"FAKETIME_NO_CACHE": "1"})
    _wait_for(lambda: _recorded(outputs) >= 6 or process.poll() is not None)
    kept = len(digests(outputs))
    told.write_text("-30d\n")
    code = process.wait()
    same = digests(outputs) == expected
    line = f"clock set back by a month while a sweep runs, {kept} cells recorded before"
    yield f"{line}: exit code {code}, equal: {same}", kept >= 1 and same and code == 0


def together(
    works: tuple[str, ...] = ("basic", "joblib", "faulty"), sweeps: int = 2, seed: int = 1
) -> Report:
    """Sweeps started on the same outputs, under both launchers and asking an LLM; one of them killed."""
    pause = random.Random(seed)
    for name in works:
        for killed in (False, True):
            with _tried(name) as (command, scratch, expected):
                outputs = scratch / "both"
                codes = _started_together(command, outputs, sweeps, killed, pause)
                found, same = look_through(records(outputs), expected), digests(outputs) == expected
            told = f"{sweeps} sweeps at once, {name}{', one of them killed' if killed else ''}"
            good = same and not any(codes) and not found.wrong
            yield f"{told}: exit codes {codes}, equal: {same}, wrong: {found.wrong or 0}", good


def _started_together(
    command: Work, outputs: Path, sweeps: int, killed: bool, pause: random.Random
) -> list[int]:
    """Exit codes of those that were not killed."""
    running = []
    for _ in range(sweeps):
        running.append(command.start(outputs))
        time.sleep(pause.uniform(0, 0.5))
    if killed:
        first = running.pop(0)
        _wait_for(lambda: _recorded(outputs) or first.poll() is not None)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    return [process.wait() for process in running]


@contextmanager
def mounted(folder: Path, kilobytes: int) -> Iterator[bool]:
    """A file system of this size in a folder; False where none can be mounted."""
    options = f"size={kilobytes}k"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)


def _limited(command: Work, outputs: Path, size: int) -> int:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    outputs.mkdir()
    # What it says goes through a pipe: to a file it would be limited, too.
    done = subprocess.run(
        [sys.executable, "-m", "smartgen", *command.words],
        env=os.environ | {"SMARTGEN_OUTPUTS": str(outputs), "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1])),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    (outputs.parent / f"{outputs.name}.said").write_bytes(done.stdout)
    return done.returncode


def _recorded(outputs: Path) -> int:
    """How many results there are. No look into the cache, where folders come and go meanwhile."""
    return len(list(records(outputs).glob("runs/*/result.json")))


def _wait_for(there: Callable[[], object], seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not there() and time.monotonic() < until:
        time.sleep(0.02)


def _of_faked_time(folder: Path) -> dict[str, str]:
    """What a Python under faketime needs: clocks that only run forward as they are, and another sleep.

    faketime turns the moment until which Python sleeps, by such a clock, into one that the system refuses.
    """
    start = folder / "start"
    start.mkdir(exist_ok=True)
    (start / "sitecustomize.py").write_text(
        "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n"
    )
    paths = os.pathsep.join(filter(None, (str(start), os.environ.get("PYTHONPATH"))))
    return {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": paths}


def _faketime_library() -> str:
    found = sorted(Path("/usr/lib").rglob("libfaketimeMT.so.1"))
    if not found:
        raise RuntimeError("faketime is here, but not its library")
    return str(found[0])


def _listing(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}
