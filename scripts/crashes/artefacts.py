"""What lies in an outputs folder after a crash: which files are whole, and what was left behind."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_cases, read_records, result_digest
from smartgen.core.store import load_arrays
from smartgen.saved import load_model

LOCK_SECONDS = 2.0
LOGS = ("-wal", "-journal")  # beside a database


@dataclass
class Found:
    """What was looked at.

    Args:
        whole: files that were read, by kind.
        left: files and folders under a temporary name, which nothing reads, by kind.
        wrong: a line for each half-written file, other result, or lock that is still held.
    """

    whole: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def look_through(outputs: Path, expected: dict[str, str]) -> Found:
    """Read every file that smartgen would read.

    Args:
        outputs: with ``runs`` and ``cache``; no process may be using it.
        expected: digests of the results of an undisturbed run, by key.
    """
    found = Found()
    for path in sorted(outputs.rglob("*")) if outputs.is_dir() else []:
        kind = left_behind(path, outputs)
        if kind:
            found.left[kind] += 1
        elif path.is_file() and not any(left_behind(above, outputs) for above in path.parents):
            _look_at(path, found)
    _look_at_records(outputs, expected, found)
    return found


def left_behind(path: Path, outputs: Path) -> str:
    """The kind of a temporary thing, or ""."""
    if path == outputs or outputs not in path.parents:
        return ""
    if path.parent.name == "journals":
        return "journal"
    if path.name.startswith(".") and path.suffix == ".tmp":
        return "file"
    return "folder" if path.name.startswith(".") and path.is_dir() else ""


def _look_at(path: Path, found: Found) -> None:
    kind = path.suffix.removeprefix(".")
    try:
        if kind == "npz":
            load_arrays(path)
        elif kind == "json":
            json.loads(path.read_text(encoding="utf-8"))
        elif kind == "sqlite":
            found.wrong += [f"{path}: {line}" for line in sqlite_faults(path)]
        elif kind == "lock":
            with FileLock(path, timeout=LOCK_SECONDS):
                pass
        else:
            return
    except Timeout:
        found.wrong.append(f"{path}: still held, though no process lives")
    except Exception as error:  # whatever a half-written file may raise is what is looked for
        found.wrong.append(f"{path}: {type(error).__name__}: {error}")
    found.whole[kind] += 1


def sqlite_faults(path: Path) -> Iterator[str]:
    """What SQLite's own check says of a database, and answers that are not whole.

    A copy is opened: SQLite would roll in and remove the log that a kill left, before smartgen has met it.
    """
    with tempfile.TemporaryDirectory() as scratch, closing(_copied(path, Path(scratch))) as connection:
        (said,) = connection.execute("pragma integrity_check").fetchone()
        if said != "ok":
            yield said
        begun = connection.execute("select 1 from sqlite_master where name = 'answers'").fetchone()
        # Where there was no room for its tables yet, smartgen makes them.
        for key, request in connection.execute("select key, request from answers") if begun else ():
            try:
                json.loads(request)
            except ValueError as error:
                yield f"answer {key}: {error}"


def _copied(path: Path, folder: Path) -> sqlite3.Connection:
    """A copy of a database with its log, opened; the index of the log is made anew."""
    for one in (path, *(path.with_name(path.name + end) for end in LOGS)):
        if one.is_file():
            shutil.copyfile(one, folder / one.name)
    return sqlite3.connect(folder / path.name)


def _look_at_records(outputs: Path, expected: dict[str, str], found: Found) -> None:
    try:
        for record in read_records(outputs):
            _look_at_record(record, expected, found)
    except SmartgenError as error:
        found.wrong.append(str(error))


def _look_at_record(record: Record, expected: dict[str, str], found: Found) -> None:
    if not record.ok:
        found.wrong.append(f"{record.path}: failed: {(record.error or {}).get('message')}")
        return
    found.whole["record"] += 1
    if expected.get(record.key) != result_digest(record):
        found.wrong.append(f"{record.path}: another result than that of the undisturbed run")
    if record.error is not None:
        found.wrong.append(f"{record.path}: has a result and an error")
    if record.result.get("cases"):
        read_cases(record)
    for name in record.run.get("models", ()):
        load_model(record.path / "models" / f"{name}.json")
        found.whole["model"] += 1
