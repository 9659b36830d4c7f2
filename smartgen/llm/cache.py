"""Every answer of an LLM, kept raw in one SQLite file: paid once, read as often as parsers change.

Safe under several processes and under a kill at any moment: each answer is a transaction of its own, and the
first one of a request stays.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

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

from smartgen.core.errors import SmartgenError
from smartgen.core.keys import canonical_json, content_key
from smartgen.llm.requests import Answer, Request

FILE = "answers.sqlite"
WAIT_SECONDS = 60  # for another process that is writing

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
        if not self.path.is_file():
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
        if not self.path.is_file():
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

    def claim(self, request: Request) -> AsyncFileLock:
        """A lock on a request: of several processes that want its answer, one asks and the others wait.

        It is the operating system's, so that it ends with a process that is killed.
        """
        folder = self.path.parent / "claims"
        folder.mkdir(parents=True, exist_ok=True)
        return AsyncFileLock(folder / f"{request.key}.lock")

    def claim_batches(self) -> FileLock:
        """A lock on submitting batches, likewise."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self.path.with_suffix(".batches.lock"))

    def add_batch(self, batch: str, provider: str, requests: Iterable[Request]) -> None:
        """A batch was submitted for these requests."""
        asked = json.dumps([request.content for request in requests])
        row = {"id": batch, "provider": provider, "requests": asked, "open": 1, "submitted": _now()}
        with self._begin() as connection:
            connection.execute(insert(_BATCHES).values(row))

    def batches(self, provider: str) -> dict[str, dict[str, Request]]:
        """All batches that were ever submitted: id to the requests by key; none where it was collected."""
        if not self.path.is_file():
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
            raise self._damaged(str(error.orig)) from error
        # Of damaged pages SQLite also says that memory is short, or tells the fault with damaged bytes.
        except (MemoryError, UnicodeDecodeError, _NoAnswerError) as error:
            raise self._damaged(str(error) or type(error).__name__) from error

    def _damaged(self, why: str) -> SmartgenError:
        return SmartgenError(
            f"{self.path}: expected a database of answers that can be written ({why}); "
            "move it away, or choose another paths.outputs"
        )

    def _open(self) -> Engine:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # NullPool: a connection may not be carried into another process or thread.
        engine = create_engine(
            f"sqlite:///{self.path}", poolclass=NullPool, connect_args={"timeout": WAIT_SECONDS}
        )
        event.listen(engine, "connect", _durable)
        # Changing the journal's mode does not wait for other connections, as all else does: one at a time.
        with FileLock(self.path.with_suffix(".open.lock")), engine.connect() as connection:
            if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
                # A log of writes lets readers go on while one process writes; the file remembers it.
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            for table in _META.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            connection.commit()
        return engine


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
