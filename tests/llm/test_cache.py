"""One SQLite file for all answers: several writers, a kill at any moment, and files that are none."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.llm import cache as cache_module
from smartgen.llm.cache import AnswerCache
from smartgen.llm.requests import Answer, Request


def request(number: int, **changes) -> Request:
    sampling = {"temperature": 0, "seed": 1, "max_tokens": 10} | changes
    return Request("p", "m", ({"role": "user", "content": str(number)},), sampling)


def answer(text: str) -> Answer:
    return Answer(text, "stop", 1, 2, 0.5)


def test_the_key_holds_all_that_can_change_an_answer():
    base = request(1)
    others = [
        request(2),
        request(1, temperature=0.5),
        request(1, max_tokens=11),
        base.again(),
        Request("q", "m", base.messages, base.sampling),
        Request("p", "n", base.messages, base.sampling),
    ]
    assert len({one.key for one in [base, *others]}) == 7
    assert request(1).key == base.key


def test_a_further_attempt_takes_the_next_seed():
    assert request(1).again().again().body["seed"] == 3
    assert request(1).body["seed"] == 1


def test_the_first_answer_stays(tmp_path):
    cache = AnswerCache(tmp_path / "new" / "answers.sqlite")
    assert cache.get([request(1)]) == {}
    assert not cache.path.exists()  # reading makes nothing
    assert cache.put(request(1), answer("first")).text == "first"
    assert cache.put(request(1), answer("second")).text == "first"
    assert cache.get([request(1), request(2)]) == {request(1).key: answer("first")}


def test_many_answers_at_once(tmp_path):
    cache = AnswerCache(tmp_path / "a.sqlite")
    cache.put(request(1200), answer("x"))
    assert len(cache.get([request(i) for i in range(1500)])) == 1


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "answers.sqlite"
    path.write_bytes(content)
    with pytest.raises(SmartgenError, match=r"answers\.sqlite: expected a database of answers"):
        AnswerCache(path).get([request(1)])
    assert path.read_bytes() == content


class Limited:
    """No file may grow beyond so many bytes, as on a disk that is full."""

    def __init__(self, size):
        self.size = size

    def __enter__(self):
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.before[1]))

    def __exit__(self, *_):
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


def pragma(monkeypatch, statement):
    """Each connection of a cache begins with this."""
    monkeypatch.setattr(cache_module, "_durable", lambda connection, _: connection.execute(statement))


def refused(cache):
    """The line of a refused write, which tells nobody to move the answers away; they are there afterwards."""
    with pytest.raises(SmartgenError, match=r"answers\.sqlite: expected a database of answers") as caught:
        cache.put(request(2), answer("x" * 100_000))
    told = str(caught.value)
    assert "\n" not in told
    assert "move it away" not in told
    assert told.endswith(", then run again; keep the file, its answers are paid")
    return told


@pytest.fixture
def paid(tmp_path, monkeypatch):
    """A file with an answer."""
    monkeypatch.setattr(cache_module, "WAIT_SECONDS", 0.05)
    path = tmp_path / "answers.sqlite"
    AnswerCache(path).put(request(1), answer("paid"))
    yield path
    monkeypatch.undo()
    assert AnswerCache(path).get([request(1)]) == {request(1).key: answer("paid")}


def test_a_file_that_another_process_writes_to_is_to_be_waited_for(paid):
    with closing(sqlite3.connect(paid, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "(database is locked); another process is writing it: wait" in refused(AnswerCache(paid))
        other.execute("ROLLBACK")


def test_a_full_disk_is_to_be_given_space(paid, monkeypatch):
    with Limited(70_000):
        assert "(disk I/O error); free space on its disk" in refused(AnswerCache(paid))
    pragma(monkeypatch, "PRAGMA max_page_count=10")
    assert "is full); free space on its disk" in refused(AnswerCache(paid))


def test_a_right_that_lacks_is_to_be_given(paid, monkeypatch):
    def gone(*_):
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorname = "SQLITE_CANTOPEN_FULLPATH"
        raise error

    cache = AnswerCache(paid)
    cache.get([request(1)])
    pragma(monkeypatch, "PRAGMA query_only=ON")
    assert "readonly database); give the right to read and write it" in refused(AnswerCache(paid))
    monkeypatch.setattr(cache_module, "_durable", gone)
    assert "database file); give the right to read and write it" in refused(AnswerCache(paid))


def test_a_folder_in_the_files_place_is_to_be_moved_away(tmp_path):
    (tmp_path / "answers.sqlite").mkdir()
    with pytest.raises(SmartgenError, match=r"answers\.sqlite: .*; move it away, or choose another"):
        AnswerCache(tmp_path / "answers.sqlite").put(request(1), answer("x"))


def _claim(cache):
    async def claimed():
        async with cache.claim(request(1)):
            raise AssertionError("nothing was claimed")

    asyncio.run(claimed())


def _claim_batches(cache):
    with cache.claim_batches():
        raise AssertionError("nothing was claimed")


WRITES = {
    "claim": (_claim, f"claims/{request(1).key}.lock"),
    "batches": (_claim_batches, "answers.batches.lock"),
    "put": (lambda cache: cache.put(request(1), answer("x")), "answers.open.lock"),
}


@pytest.mark.parametrize("what", WRITES)
def test_a_folder_that_cannot_be_made_is_a_line(tmp_path, what):
    act, _ = WRITES[what]
    in_place = tmp_path / ("cache/claims" if what == "claim" else "cache")
    in_place.parent.mkdir(exist_ok=True)
    in_place.write_text("a file")
    with pytest.raises(
        SmartgenError, match=rf"{in_place}: cannot be written \(File exists\); choose another"
    ):
        act(AnswerCache(tmp_path / "cache" / "answers.sqlite"))


@pytest.mark.parametrize("what", WRITES)
def test_a_lock_that_cannot_be_taken_is_a_line(tmp_path, what):
    act, lock = WRITES[what]
    (tmp_path / lock).mkdir(parents=True)
    with pytest.raises(SmartgenError, match=rf"{lock}: cannot be written \(Is a directory\); choose another"):
        act(AnswerCache(tmp_path / "answers.sqlite"))


def test_a_folder_that_may_not_be_read_is_a_line(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", denied)
    cache = AnswerCache(tmp_path / "answers.sqlite")
    for read in (lambda: cache.get([request(1)]), lambda: cache.batches("p"), lambda: cache.refusal(*"pms")):
        with pytest.raises(SmartgenError, match=r"answers\.sqlite: cannot be written \(Permission denied\)"):
            read()


def test_a_claim_is_alone_and_leaves_no_file_behind_an_answer(tmp_path):
    cache, order = AnswerCache(tmp_path / "answers.sqlite"), []

    async def one(name):
        async with cache.claim(request(1)):
            order.append(f"{name} begins")
            await asyncio.sleep(0.05)
            order.append(f"{name} ends")

    async def fails():
        async with cache.claim(request(2)):
            raise OSError("the endpoint's own")

    async def both():
        await asyncio.gather(one("a"), one("b"))
        with pytest.raises(OSError, match="the endpoint's own"):
            await fails()

    asyncio.run(both())
    assert [line.split()[1] for line in order] == ["begins", "ends"] * 2
    assert [path.name for path in (tmp_path / "claims").iterdir()] == [f"{request(2).key}.lock"]


def _write(path, first, count, gate=None):
    cache = AnswerCache(path)
    if gate:
        gate.wait(60)  # all open a file that is not there yet in the same moment
    for number in range(first, first + count):
        cache.put(request(number), answer(f"by {first}"))


def test_eight_processes_write_the_same_and_other_requests(tmp_path):
    path = tmp_path / "answers.sqlite"
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(8)
    workers = [context.Process(target=_write, args=(path, first, 20, gate)) for first in range(0, 80, 10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 8
    found = AnswerCache(path).get([request(i) for i in range(90)])
    assert len(found) == 90
    assert all(one.text.startswith("by ") for one in found.values())


def test_a_killed_writer_leaves_whole_answers(tmp_path):
    path = tmp_path / "answers.sqlite"
    worker = multiprocessing.get_context("spawn").Process(target=_write, args=(path, 0, 100_000))
    worker.start()
    deadline = time.monotonic() + 30
    while not AnswerCache(path).get([request(20)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(10)
    cache = AnswerCache(path)
    kept = cache.get([request(i) for i in range(100_000)])
    assert {one.text for one in kept.values()} == {"by 0"}
    assert all(request(i).key in kept for i in range(len(kept)))  # in order, without a hole
    cache.put(request(200_000), answer("after"))
    assert len(cache.get([request(200_000)])) == 1


def test_names_with_an_at_sign_reach_the_endpoint_whole():
    base = request(1)
    assert Request("p", "@cf/meta/llama", base.messages, base.sampling).body["model"] == "@cf/meta/llama"
    assert Request("embedded", "SmolLM2@b179", base.messages, base.sampling).body["model"] == "SmolLM2"
