"""The property that every case is held to, and what watches it: time, memory, and what the process does."""

from __future__ import annotations

import encodings.utf_8_sig  # what JSON's reader of bytes and codecs import when first asked
import encodings.utf_16_be
import encodings.utf_16_le
import encodings.utf_32_be
import encodings.utf_32_le  # noqa: F401
import io
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from benchmark.measure import mark_peak, peak_mb

from fuzzing.target import Finding, Outcome, Reader
from smartgen.commands.told import complain
from smartgen.core.errors import SmartgenError

SECONDS = 10.0  # of processor time
MEGABYTES = 1024  # that a case may raise the process's memory by
CHARACTERS = 4000  # of a line
_RUNS = frozenset(
    [
        "compile",
        "exec",
        "import",
        "marshal.loads",
        "code.__new__",
        "pickle.find_class",
        "os.system",
        "os.exec",
        "os.spawn",
        "os.posix_spawn",
        "os.fork",
        "os.forkpty",
        "subprocess.Popen",
        "socket.connect",
        "socket.bind",
        "socket.getaddrinfo",
        "urllib.Request",
        "ctypes.dlopen",
        "webbrowser.open",
        "os.putenv",
        "os.kill",
    ]
)
_WRITES = frozenset(
    ["os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate"]
)
_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Hang(BaseException):
    """A case took too long; no ``except Exception`` of the product may take it for damage."""


class Guard:
    """Watches one process; made once, as an audit hook stays for good.

    Args:
        scratch: the only folder that a case may write to.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = os.path.realpath(scratch)
        self._armed = False
        self._allowed: frozenset[str] = frozenset()
        self._events: list[str] = []
        sys.addaudithook(self._hear)
        signal.signal(signal.SIGPROF, _too_long)

    def check(self, reader: Reader, data: bytes) -> Outcome:
        """Read one case and hold it to the property."""
        self._events.clear()
        before = mark_peak()
        self._allowed = reader.allowed
        start = time.perf_counter()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        self._armed = True
        try:
            outcome = Outcome("whole" if reader.read(data) else "empty")
        except SmartgenError as error:
            self._armed = False
            outcome = _refused(reader, error)
        except (Exception, SystemExit, _Hang) as error:  # SystemExit would end the run, as if all were done
            self._armed = False  # a traceback opens and parses sources
            outcome = Outcome("finding", findings=[_raised(error)])
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_PROF, 0)
        outcome.seconds = time.perf_counter() - start
        outcome.findings += self._seen(peak_mb() - before)
        if outcome.findings:
            outcome.kind = "finding"
        return outcome

    def _seen(self, raised: float) -> Iterator[Finding]:
        for event in dict.fromkeys(self._events):
            yield Finding("event", event.partition(" ")[0], event)
        if raised > MEGABYTES:
            yield Finding("memory", "", f"raised the process's memory by {raised:,.0f} MB")

    def _hear(self, event: str, told: tuple[Any, ...]) -> None:
        if not self._armed:
            return
        if event in _RUNS:
            if event not in self._allowed:
                self._events.append(f"{event} {told!r:.200}")
        elif event == "open":
            _, mode, flags = told
            writes = any(one in (mode or "") for one in "wax+") or (flags or 0) & _FLAGS
            if writes and not self._inside(told[0]):
                self._events.append(f"open {told!r:.200}")
        elif event in _WRITES and not self._inside(told[0], told[-1]):
            self._events.append(f"{event} {told!r:.200}")

    def _inside(self, path: Any, folder: Any = -1) -> bool:
        """Whether a path is in the scratch folder; it may begin at an open folder, given by its number."""
        if isinstance(path, int):
            return True  # a file that is open already
        try:
            beneath = (
                os.readlink(f"/proc/self/fd/{folder}") if isinstance(folder, int) and folder >= 0 else ""
            )
            where = os.path.realpath(os.path.join(beneath, os.fsdecode(path)))
        except ValueError:  # a NUL, which no system call takes
            return True
        return os.path.commonpath([where, self._scratch]) == self._scratch or where == os.devnull


def _too_long(*_: object) -> None:
    raise _Hang(f"took more than {SECONDS:g} s")


def _refused(reader: Reader, error: SmartgenError) -> Outcome:
    """A refusal has to be one printable line that names what is refused."""
    heard = io.StringIO()
    with redirect_stderr(heard):  # as a command says it
        complain("fuzz", error)
    told = heard.getvalue().removeprefix("fuzz: ").removesuffix("\n")
    wrong = ""
    if not told.strip() or not told.isprintable():
        wrong = "is not one printable line"
    elif len(told) > CHARACTERS:
        wrong = f"has over {CHARACTERS:,} characters"
    elif reader.names not in told:
        wrong = f"does not name {reader.names}"
    found = [Finding("line", wrong + _place(error), f"the refusal {wrong}: {told!r:.300}")] if wrong else []
    return Outcome("refused", told=told, findings=found)


def _raised(error: BaseException) -> Finding:
    kind = "hang" if isinstance(error, _Hang) else type(error).__name__
    trace = "".join(traceback.format_exception(error, limit=-12))[-4000:]
    return Finding(kind, "" if kind == "hang" else _place(error), f"{kind}: {error!s:.200}", trace)


def _place(error: BaseException) -> str:
    """The innermost line of the product, else of this package."""
    steps = [(step.tb_frame.f_code.co_filename, step.tb_lineno) for step in _steps(error)]
    own = [one for one in steps if f"{os.sep}smartgen{os.sep}" in one[0]] or steps
    return f" {Path(own[-1][0]).name}:{own[-1][1]}" if own else ""


def _steps(error: BaseException) -> Iterator[Any]:
    step = error.__traceback__
    while step is not None:
        yield step
        step = step.tb_next


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for a process's cases, in memory where there is such."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=shared if shared.is_dir() else None) as name:
        yield Path(name)
