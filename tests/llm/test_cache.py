"""One SQLite file for all answers: several writers, a kill at any moment, and files that are none."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest

from smartgen.core.errors import SmartgenError
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
