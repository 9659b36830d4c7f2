"""What the cells of a sweep say of themselves: lines of JSON in a folder, one file a process.

Workers may be other processes, on other machines with the same file system. Each appends to a file of its
own, so that nothing needs a lock; whoever shows the sweep reads them all. A journal holds what a person is
told. Results are in records: a lost journal loses nothing.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from smartgen.core.atomic import unwritable

VARIABLE = "SMARTGEN_JOURNAL"  # of the environment: the folder that a sweep's cells write to
PULSE_SECONDS = 2.0  # between signs of life of a process that runs a cell
SILENCE_SECONDS = 60.0  # without one a process on another machine is taken for dead
# A process here is known by its number, which another may have by now, or in another container. Long, because
# code that holds Python's lock keeps the pulse back.
SILENCE_HERE_SECONDS = 900.0

Cell = tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """One thing that happened to a cell.

    Args:
        kind: ``begun``; then one of ``done``, ``recorded`` (it was there already), ``planned``, ``waiting``
            (for a batch), ``failed``; or ``lost`` (its process died) and ``said`` (a line about no end).
        cell: the overrides that make it.
        text: a line for the console, in rich's markup; may be empty.
        reason: of a failure, in a line.
        bad_input: whether the failure is the user's to mend.
        plan: of its calls to an LLM, where it was only planned.
        host, process: where it happened.
    """

    kind: str
    cell: Cell
    text: str = ""
    reason: str = ""
    bad_input: bool = False
    plan: dict[str, Any] | None = None
    host: str = field(default_factory=platform.node)
    process: int = field(default_factory=os.getpid)


ENDS = ("done", "recorded", "planned", "waiting", "failed")


def journal_of_environment() -> Path | None:
    """The folder that the sweep around this process reads; None for a lone cell."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


def write_event(folder: Path, event: Event) -> None:
    """Append one event; a line is written whole, so a reader sees all of it or none.

    It begins with a line break of its own: a process that was killed, or whose disk was full, may have left
    half a line under the same name.

    Raises:
        SmartgenError: the journal cannot be written.
    """
    path = _file_of(folder, event.host, event.process)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as handle:
            handle.write(b"\n" + json.dumps(asdict(event)).encode() + b"\n")
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def pulse(folder: Path) -> Iterator[None]:
    """Signs of life while a cell runs: its process's file is touched every few seconds."""
    path, over = _file_of(folder, platform.node(), os.getpid()), threading.Event()

    def beat() -> None:
        while not over.wait(PULSE_SECONDS):
            try:
                path.touch()
            except OSError:  # the sweep is over and its journal swept away
                return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Watcher:
    """Tells whether the processes behind events still run, as far as can be told from here.

    A process elsewhere lives while its file's time changes, whatever that time is: clocks of machines differ,
    and one that is set back would make the dead look alive.

    Args:
        folder: the journal.
        clock: seconds that only rise.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder, self.clock = folder, clock
        self._changed: dict[Path, tuple[int, float]] = {}  # time of a file, and when it was first seen so

    def alive(self, event: Event) -> bool:
        """Whether the event's process runs."""
        file = _file_of(self.folder, event.host, event.process)
        if event.host != platform.node():
            return self._beats(file, SILENCE_SECONDS)
        if event.process == os.getpid():
            return False  # who asks is not running a cell meanwhile
        try:
            os.kill(event.process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # another user's, so probably not ours
        return not _zombie(event.process) and self._beats(file, SILENCE_HERE_SECONDS)

    def _beats(self, path: Path, silence: float) -> bool:
        try:
            found = path.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        known, since = self._changed.get(path, (None, 0.0))
        if found != known:
            self._changed[path] = found, since = found, self.clock()
        return self.clock() - since < silence


class JournalReader:
    """Reads a journal while it grows, each event once.

    Args:
        folder: need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[Path, int] = {}

    def news(self) -> list[Event]:
        """Events since the last call; those of one process in their order."""
        found: list[Event] = []
        for path in sorted(self.folder.glob("*.jsonl")) if self.folder.is_dir() else []:
            start, size = self._read.get(path, 0), path.stat().st_size
            if size == start:
                continue
            if size < start:  # it was removed, by a machine whose clock is days ahead, and begun anew
                start = 0
            with path.open("rb") as handle:
                handle.seek(start)
                whole = handle.read()
            whole = whole[: whole.rfind(b"\n") + 1]  # the last line may still be on its way
            self._read[path] = start + len(whole)
            found += [event for line in whole.splitlines() if (event := _event(line)) is not None]
        return found


def cell_of(overrides: Sequence[str]) -> Cell:
    """A cell's identity in a sweep: its overrides, in whatever order."""
    return tuple(sorted(overrides))


def _event(line: bytes) -> Event | None:
    """None of what is no event: half a line, or nothing."""
    try:
        content = json.loads(line)
        event = Event(**content | {"cell": tuple(content["cell"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return event if _is_sound(event) else None


def _is_sound(event: Event) -> bool:
    """Whether its values are of their types; who counts them would fail otherwise."""
    texts = (event.kind, event.text, event.reason, event.host, *event.cell)
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(event.bad_input, bool)
        and (event.plan is None or isinstance(event.plan, dict))
        and type(event.process) is int
        and 0 < event.process < 2**31
    )


def _file_of(folder: Path, host: str, process: int) -> Path:
    return folder / f"{host}-{process}.jsonl"


def _zombie(process: int) -> bool:
    """Whether a process is dead but not yet waited for (Linux tells; elsewhere it counts as alive)."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "Z"
