"""A recorder database as a file: read only, its faults told in one line, nothing left beside it (ours)."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from smartgen.core.errors import SmartgenError

MAGIC: Final = b"SQLite format 3\0"
HEADER: Final = 100  # bytes
WITH_LOG: Final = b"\2\2"  # bytes 18 and 19 of a database that is written with a write-ahead log
WAIT_SECONDS: Final = 5.0  # for a lock
OLDEST_SCHEMA: Final = 38  # the first whose states name their entity by metadata_id; Home Assistant 2023.4
TABLES: Final = {"states_meta", "state_attributes"}
COLUMNS: Final = {"metadata_id", "last_updated_ts", "attributes_id"}  # of states, since then
LONGEST: Final = 16 << 20  # bytes of a value; the recorder itself cuts states at 255 and attributes at 16,384
STEPS: Final = 1_000_000  # of SQLite's machine between two looks at how many there were
STEPS_A_BYTE: Final = 30  # of the file; reading it whole takes under two
STEPS_OF_ANY: Final = 20_000_000  # of a small file, a second
AGAIN: Final = "copy it again, with its -wal file, while Home Assistant is stopped"


def is_sqlite(path: Path) -> bool:
    """Whether a file is a SQLite database, by its first bytes.

    Raises:
        SmartgenError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise SmartgenError(f"{path}: cannot be read ({error.strerror})") from error


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """One read transaction on a recorder database, which may be in use.

    Raises:
        SmartgenError: it is no recorder database, one of a schema before 2023.4, damaged or locked; also for
            faults inside the ``with``.
    """
    if not is_sqlite(path):
        raise SmartgenError(f"{path}: no SQLite database; expected Home Assistant's home-assistant_v2.db")
    try:
        with ExitStack() as stack:
            database = stack.enter_context(closing(_connect(path, stack)))
            database.text_factory = _text
            _bound(database, path)
            database.execute("BEGIN")
            _check_tables(database, path)
            yield database
    # Of damaged pages SQLite also says that memory is short, or tells the fault with damaged bytes.
    except (sqlite3.Error, MemoryError, UnicodeDecodeError) as error:
        raise SmartgenError(f"{path}: {_told(error)}") from error


def _bound(database: sqlite3.Connection, path: Path) -> None:
    """Keep what the file says of itself from filling the memory or going on for ever.

    A view may count without end, a generated column may make a gigabyte of one byte, and damaged pages may
    name each other again and again.
    """
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    left = (STEPS_OF_ANY + STEPS_A_BYTE * path.stat().st_size) // STEPS

    def stop() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    database.set_progress_handler(stop, STEPS)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _connect(path: Path, stack: ExitStack) -> sqlite3.Connection:
    """A connection that cannot write.

    A database with a write-ahead log that nobody has open has no ``-wal`` file. SQLite would make one even to
    read, and leave it; it does not where the file is told never to change, which is checked at the end. A log
    without the ``-shm`` file beside it is a copy's: SQLite would make that one, so both are read elsewhere.
    """
    log, shared = (path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm"))
    how = "mode=ro"
    if _has_log(path):
        pending = log.exists() and log.stat().st_size > 0
        if pending and not shared.exists():
            path = _copied(path, log, stack)
        elif not pending and not (log.exists() and shared.exists()):
            how = "mode=ro&immutable=1"
            stack.enter_context(_unchanged(path))
    uri = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None)


def _has_log(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(HEADER)[18:20] == WITH_LOG


def _copied(path: Path, log: Path, stack: ExitStack) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smartgen-")))
    try:
        for file in (path, log):
            shutil.copyfile(file, folder / file.name)
    except OSError as error:
        raise SmartgenError(f"{path}: cannot be copied to {folder} to be read ({error.strerror})") from error
    return folder / path.name


@contextmanager
def _unchanged(path: Path) -> Iterator[None]:
    """Afterwards the file has to be what it was.

    Raises:
        SmartgenError: it is not.
    """
    before = path.stat()
    yield
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SmartgenError(f"{path}: was changed while it was read; read it again")


def _check_tables(database: sqlite3.Connection, path: Path) -> None:
    """Raises SmartgenError for anything but a recorder database since 2023.4."""
    # A virtual table has no page of its own.
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
    tables = [name for (name,) in database.execute(query)]
    if "states" not in tables:
        found = ", ".join(sorted(tables)[:8]) or "none"
        raise SmartgenError(
            f"{path}: no database of Home Assistant's recorder, for it has no table states (tables: {found})"
        )
    columns = {row[1] for row in database.execute("PRAGMA table_info(states)")}
    if TABLES.issubset(tables) and COLUMNS.issubset(columns):
        return
    version = schema_version(database) if "schema_changes" in tables else None
    raise SmartgenError(
        f"{path}: recorder schema {'of an unknown version' if version is None else version} is older than "
        f"{OLDEST_SCHEMA} (Home Assistant 2023.4); start a newer Home Assistant on it once, which upgrades it"
    )


def schema_version(database: sqlite3.Connection) -> int | None:
    """The newest schema that ``schema_changes`` tells of; None where it tells none."""
    row = database.execute(
        "SELECT schema_version FROM schema_changes ORDER BY change_id DESC LIMIT 1"
    ).fetchone()
    return row[0] if row else None


def _told(error: Exception) -> str:
    """What a fault of SQLite means, and what to do."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"another program has locked it ({error}); stop Home Assistant, or read a copy of the file"
    if name.startswith("SQLITE_INTERRUPT"):
        return "its tables go on for ever, which the recorder's do not; do not trust the file"
    if name.startswith("SQLITE_TOOBIG"):
        return f"holds a value of over {LONGEST:,} bytes, which the recorder never writes; {AGAIN}"
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH", "SQLITE_READONLY")):
        return f"cannot be opened for reading where it is ({error}); {AGAIN}"
    return f"cut off or damaged ({str(error) or type(error).__name__}); {AGAIN}"
