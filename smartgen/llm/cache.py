"""Every answer of an LLM, kept raw in one SQLite file: paid once, read as often as parsers change.

Safe under several processes and under a kill at any moment: each answer is a transaction of its own, and the
first one of a request stays.
"""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import AsyncFileLock, FileLock
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    create_engine,
    event,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from smartgen.core.atomic import unwritable
from smartgen.core.errors import SmartgenError
from smartgen.core.keys import canonical_json, content_key
from smartgen.llm.requests import Answer, Request

FILE = "answers.sqlite"
WAIT_SECONDS = 60  # for another process that is writing

_BUSY: Final = "another process is writing it: wait until it is done"
_NO_ROOM: Final = "free space on its disk, or see whether the disk is sound"
_NO_RIGHT: Final = "give the right to read and write it and its folder"
# What ends one day, by the first word of SQLite's name for it: the answers are sound, and were paid for.
_PASSING: Final = {
    **dict.fromkeys(("BUSY", "LOCKED"), _BUSY),
    **dict.fromkeys(("FULL", "IOERR"), _NO_ROOM),
    **dict.fromkeys(("READONLY", "CANTOPEN", "PERM"), _NO_RIGHT),
}

_META = MetaData()
_ANSWERS = Table(
    "answers",
    _META,
    Column("key", String, primary_key=True),
    Column("provider", String, nullable=False),
    Column("model", String, nullable=False),
    Column("request", String, nullable=False),
    Column("text", String, nullable=False),
    Column("finish_reason", String, nullable=False),
    Column("prompt_tokens", Integer),
    Column("completion_tokens", Integer),
    Column("seconds", Float, nullable=False),
    Column("arrived", String, nullable=False),
)
_BATCHES = Table(
    "batches",
    _META,
    Column("id", String, primary_key=True),
    Column("provider", String, nullable=False),
    Column("requests", String, nullable=False),
    Column("open", Integer, nullable=False),
    Column("submitted", String, nullable=False),
)
_REFUSALS = Table(
    "refusals",
    _META,
    Column("key", String, primary_key=True),
    Column("reason", String, nullable=False),
)


class AnswerCache:
    """Answers by the key of their request.

    Args:
        path: the file; made with its folder when first written to.

    Raises:
        SmartgenError: from every method, where the file is no such database or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine: Engine | None = None
        self._opening = threading.Lock()

    def get(self, requests: Iterable[Request]) -> dict[str, Answer]:
        """Those of the requests that were answered before, by key."""
        keys = [request.key for request in requests]
        if not self._exists():
            return {}
        found: dict[str, Answer] = {}
        with self._begin() as connection:
            for start in range(0, len(keys), 500):
                wanted = _ANSWERS.c.key.in_(keys[start : start + 500])
                rows = connection.execute(select(_ANSWERS).where(wanted))
                found |= {row.key: _answer(row) for row in rows}
        return found

    def put(self, request: Request, answer: Answer) -> Answer:
        """Keep an answer; returns the one that is kept, which may be another process's earlier one."""
        row = {
            "key": request.key,
            "provider": request.provider,
            "model": request.model,
            "request": canonical_json(request.content),
            "arrived": _now(),
            **vars(answer),
        }
        with self._begin() as connection:
            connection.execute(insert(_ANSWERS).values(row).on_conflict_do_nothing())
            kept = connection.execute(select(_ANSWERS).where(_ANSWERS.c.key == request.key)).one_or_none()
            if kept is None:
                raise _NoAnswerError("an answer that was kept a moment ago is not there")
            return _answer(kept)

    def refusal(self, provider: str, model: str, schema: str) -> str:
        """Why this endpoint takes no such schema, as it said before; empty where it never did."""
        if not self._exists():
            return ""
        wanted = _REFUSALS.c.key == content_key([provider, model, schema])
        with self._begin() as connection:
            return connection.execute(select(_REFUSALS.c.reason).where(wanted)).scalar() or ""

    def refuse(self, provider: str, model: str, schema: str, reason: str) -> str:
        """An endpoint takes no such schema: it is not sent there again. Returns the reason with its day."""
        dated = f"{reason}, on {_now()[:10]}"
        row = {"key": content_key([provider, model, schema]), "reason": dated}
        with self._begin() as connection:
            connection.execute(insert(_REFUSALS).values(row).prefix_with("OR REPLACE"))
        return dated

    @asynccontextmanager
    async def claim(self, request: Request) -> AsyncIterator[None]:
        """A lock on a request: of several processes that want its answer, one asks and the others wait.

        It is the operating system's, so that it ends with a process that is killed.
        """
        path = self.path.parent / "claims" / f"{request.key}.lock"
        lock = AsyncFileLock(path)
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            await lock.acquire()
        try:
            yield
            # Who waits for the claim meanwhile finds the answer, on whichever file it holds the lock.
            with _told(path):
                path.unlink(missing_ok=True)
        finally:
            await lock.release()

    @contextmanager
    def claim_batches(self) -> Iterator[None]:
        """A lock on submitting batches, likewise."""
        with self._locked(".batches.lock"):
            yield

    def add_batch(self, batch: str, provider: str, requests: Iterable[Request]) -> None:
        """A batch was submitted for these requests."""
        asked = json.dumps([request.content for request in requests])
        row = {"id": batch, "provider": provider, "requests": asked, "open": 1, "submitted": _now()}
        with self._begin() as connection:
            connection.execute(insert(_BATCHES).values(row))

    def batches(self, provider: str) -> dict[str, dict[str, Request]]:
        """All batches that were ever submitted: id to the requests by key; none where it was collected."""
        if not self._exists():
            return {}
        with self._begin() as connection:
            rows = connection.execute(select(_BATCHES).where(_BATCHES.c.provider == provider)).all()
        try:
            return {row.id: _requests(row.requests) if row.open else {} for row in rows}
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self._damaged("a batch whose requests cannot be read") from error

    def close_batch(self, batch: str) -> None:
        """All that a batch brought is kept; what it did not answer may be submitted anew."""
        with self._begin() as connection:
            connection.execute(update(_BATCHES).where(_BATCHES.c.id == batch).values(open=0, requests="[]"))

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        """A transaction whose errors are told in a line with the file."""
        try:
            with self._opening:
                if self._engine is None:
                    self._engine = self._open()
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            raise self._refused(error) from error
        # Of damaged pages SQLite also says that memory is short, or tells the fault with damaged bytes.
        except (MemoryError, UnicodeDecodeError, _NoAnswerError) as error:
            raise self._damaged(str(error) or type(error).__name__) from error

    def _refused(self, error: DatabaseError) -> SmartgenError:
        """What the person is to do: nobody is told to move paid answers away while they are sound."""
        name = getattr(error.orig, "sqlite_errorname", "")  # such as SQLITE_IOERR_WRITE
        todo = _PASSING.get(name.removeprefix("SQLITE_").partition("_")[0])
        if todo is None or self.path.is_dir():
            return self._damaged(str(error.orig))
        return self._unusable(str(error.orig), f"{todo}, then run again; keep the file, its answers are paid")

    def _damaged(self, why: str) -> SmartgenError:
        return self._unusable(why, "move it away, or choose another paths.outputs")

    def _unusable(self, why: str, todo: str) -> SmartgenError:
        return SmartgenError(
            f"{self.path}: expected a database of answers that can be written ({why}); {todo}"
        )

    def _exists(self) -> bool:
        with _told(self.path):
            return self.path.is_file()

    @contextmanager
    def _locked(self, suffix: str) -> Iterator[None]:
        """Alone among all processes, by a file beside the answers."""
        path = self.path.with_suffix(suffix)
        lock = FileLock(path)
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _open(self) -> Engine:
        # NullPool: a connection may not be carried into another process or thread.
        engine = create_engine(
            f"sqlite:///{self.path}", poolclass=NullPool, connect_args={"timeout": WAIT_SECONDS}
        )
        event.listen(engine, "connect", _durable)
        # Changing the journal's mode does not wait for other connections, as all else does: one at a time.
        with self._locked(".open.lock"), engine.connect() as connection:
            if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
                # A log of writes lets readers go on while one process writes; the file remembers it.
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            for table in _META.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            connection.commit()
        return engine


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the system refuses is told in a line with the file."""
    try:
        yield
    except OSError as error:
        raise unwritable(Path(error.filename or path), error) from error


def _durable(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")  # survives a power cut, too
    cursor.close()


class _NoAnswerError(Exception):
    """A row holds something else; SQLite keeps what it is given in any column."""


def _answer(row: Row[tuple[str, ...]]) -> Answer:
    counts, texts = (row.prompt_tokens, row.completion_tokens), (row.text, row.finish_reason)
    sound = all(isinstance(one, str) for one in texts) and isinstance(row.seconds, int | float)
    if not sound or any(one is not None and not isinstance(one, int) for one in counts):
        raise _NoAnswerError("an answer with values of other types")
    return Answer(row.text, row.finish_reason, row.prompt_tokens, row.completion_tokens, row.seconds)


def _requests(text: str) -> dict[str, Request]:
    """The requests of a batch by key."""
    requests = map(Request.from_content, json.loads(text))
    return {request.key: request for request in requests}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
