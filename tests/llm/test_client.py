"""Faults of endpoints: each is survived, told or final, and what arrived is kept."""

from __future__ import annotations

import json
import random
import threading
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.llm.cache import AnswerCache
from smartgen.llm.client import Client
from smartgen.llm.errors import EndpointError, NoSchemaError
from smartgen.llm.ledger import CostLimitError, Ledger, Purse
from smartgen.llm.prices import Price
from smartgen.llm.requests import Request
from smartgen.synthesizer_settings import LlmSettings


def settings(**changes):
    base = {
        "name": "test",
        "model": "m",
        "timeout_seconds": 2.0,
        "retries": 3,
        "concurrency": 4,
        "max_tokens": 10,
    }
    return LlmSettings(**(base | {"key_variable": "SMARTGEN_TEST_KEY"} | changes))


def requests(count: int) -> list[Request]:
    sampling = {"temperature": 0, "top_p": 0, "seed": 1, "max_tokens": 10}
    return [Request("p", "m", ({"role": "user", "content": f"call {i}"},), sampling) for i in range(count)]


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setattr("smartgen.llm.client.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("smartgen.llm.client.LONGEST_PAUSE", 5.0)

    def build(url, purse=None, price=None, **changes):
        cache = AnswerCache(tmp_path / "answers.sqlite")
        return Client(settings(**changes), url, cache, Ledger(price), purse or Purse())

    return build


def _ok(text, finish_reason="stop"):
    return {"text": text, "finish_reason": finish_reason}


def _fail(status, message="told so", code=None, **headers):
    return {"status": status, "message": message, "code": code, "headers": headers}


def call_number(body) -> int:
    return int(body["messages"][0]["content"].split()[1])


def test_answers_come_back_by_key_and_are_kept(endpoint, make):
    server = endpoint(lambda _, body: _ok(f"answer {call_number(body)}"))
    client, wanted = make(server.url), requests(9)
    answers = client(wanted)
    assert [answers[one.key].text for one in wanted] == [f"answer {i}" for i in range(9)]
    assert client.cache.get(wanted) == answers
    told = client.ledger.told()
    assert (told["calls"], told["prompt_tokens"], told["completion_tokens"]) == (9, 900, 90)
    assert (told["usd"], told["retries"], told["lost"]) == (None, 0, 0)  # unknown, never 0


def test_no_more_calls_at_once_than_allowed(endpoint, make):
    server = endpoint(lambda _, __: (time.sleep(0.05), _ok("x"))[1])
    make(server.url, concurrency=3)(requests(12))
    assert server.most_in_flight == 3


@pytest.mark.parametrize(
    ("fault", "lost"),
    [
        (lambda: _fail(429, retry_after="0.3"), 0),
        (lambda: _fail(500), 1),
        (lambda: "cut", 1),
        (lambda: {"raw": b"{not json"}, 1),
        (lambda: {"raw": b'{"choices": []}'}, 1),
        (lambda: {"raw": b"<html>busy</html>", "headers": {"Content-Type": "text/html"}}, 1),
        (lambda: "hang", 1),
    ],
    ids=["429", "500", "cut", "malformed", "no choice", "html", "hang"],
)
def test_passing_faults_are_tried_again(endpoint, make, fault, lost):
    server = endpoint(lambda number, _: fault() if number == 0 else _ok("at last"))
    client, wanted = make(server.url, timeout_seconds=1.0), requests(1)
    start = time.monotonic()
    assert client(wanted)[wanted[0].key].text == "at last"
    assert (client.ledger.retries, client.ledger.lost, client.ledger.calls) == (1, lost, 1)
    assert time.monotonic() - start < 4


def test_retry_after_is_heeded(endpoint, make):
    times = []

    def script(number, _):
        times.append(time.monotonic())
        return _fail(429, retry_after="0.7") if number == 0 else _ok("x")

    make(endpoint(script).url)(requests(1))
    assert times[1] - times[0] >= 0.7


@pytest.mark.parametrize(("seconds", "retries"), [(2, 1), (3600, 0)])
def test_retry_after_may_be_a_date(endpoint, make, seconds, retries):
    times = []

    def script(number, _):
        times.append(time.time())
        until = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        return _fail(429, retry_after=until) if number == 0 else _ok("x")

    client = make(endpoint(script).url)
    # A pause longer than a call may last ends the round.
    with nullcontext() if retries else pytest.raises(SmartgenError, match="got no answer"):
        client(requests(1))
    assert client.ledger.retries == retries
    assert len(times) == 1 or times[1] - times[0] > seconds - 1.1  # dates have whole seconds


def test_half_a_character_is_kept_as_a_question_mark(endpoint, make):
    reply = {"choices": [{"index": 0, "finish_reason": "length", "message": {"content": "cut \ud83d"}}]}
    server = endpoint(lambda *_: {"raw": json.dumps(reply).encode()})
    client, wanted = make(server.url), requests(1)
    assert client(wanted)[wanted[0].key].text == "cut ?"
    assert client.cache.get(wanted)[wanted[0].key].text == "cut ?"


def test_a_longer_pause_than_a_call_may_last_ends_the_round(endpoint, make):
    client = make(endpoint(lambda *_: _fail(429, "come tomorrow", retry_after="86400")).url)
    start = time.monotonic()
    with pytest.raises(SmartgenError, match=r"1 of 1 calls got no answer.*come tomorrow.*same command"):
        client(requests(1))
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (
            lambda: _fail(401, "no key"),
            EndpointError,
            r"wants a key .*set the environment variable SMARTGEN_",
        ),
        (lambda: _fail(404, "no such model"), EndpointError, "synthesizer.model"),
        (lambda: _fail(400, "odd request"), EndpointError, "refuses a call .400: odd request"),
        (
            lambda: _fail(400, "too long", "context_length_exceeded"),
            EndpointError,
            "lower synthesizer.context_tokens",
        ),
        (lambda: _fail(400, "request exceeds the available context size"), EndpointError, "context_tokens"),
        (lambda: _fail(400, "response_format is unknown"), NoSchemaError, "no such answer format"),
        (lambda: _fail(429, "quota", "insufficient_quota"), EndpointError, "quota is used up"),
    ],
)
def test_final_faults_end_the_round_and_keep_what_arrived(endpoint, make, reply, kind, told):
    gate = threading.Event()

    def script(number, body):
        if call_number(body) == 3:
            gate.wait(5)
            return reply()
        if call_number(body) == 2:
            gate.set()
        return _ok("fine")

    server = endpoint(script)
    client, wanted = make(server.url, concurrency=2), requests(50)
    with pytest.raises(kind, match=told):
        client(wanted)
    kept = client.cache.get(wanted)
    assert len(kept) == server.answered == client.ledger.calls
    assert 3 <= len(kept) < 49  # what was not begun was never asked
    assert client.ledger.retries == 0


def test_one_call_that_never_succeeds_does_not_take_the_others_along(endpoint, make):
    server = endpoint(lambda _, body: _fail(503) if call_number(body) == 5 else _ok("fine"))
    client, wanted = make(server.url), requests(20)
    with pytest.raises(SmartgenError, match=r"1 of 20 calls got no answer.*503"):
        client(wanted)
    assert len(client.cache.get(wanted)) == 19
    assert client.ledger.retries == 3


def test_nobody_listens(make):
    client = make("http://127.0.0.1:9/v1", retries=1)
    with pytest.raises(SmartgenError, match=r"connection failed"):
        client(requests(1))
    assert client.ledger.lost == 0  # nothing was sent


def test_two_hundred_calls_with_random_faults(endpoint, make):
    """Every answer that arrived is kept, those lost on the wire are counted, the time is bounded."""
    draw = random.Random(7)
    faults = ["429", "500", "hang", "cut", "malformed", "truncated", "schema", "empty"]
    plan = {(i, k): draw.choice(faults) for i in range(200) for k in range(2) if draw.random() < 0.3}
    seen: dict[int, int] = {}
    lock = threading.Lock()

    def script(_, body):
        number = call_number(body)
        with lock:
            attempt = seen.get(number, 0)
            seen[number] = attempt + 1
        replies = {
            "429": lambda: _fail(429, retry_after="0.05"),
            "500": lambda: _fail(500),
            "hang": lambda: "hang",
            "cut": lambda: "cut",
            "malformed": lambda: {"raw": b"{"},
            "truncated": lambda: _ok('{"sequences":[[', "length"),
            "schema": lambda: _ok('{"other": 1}'),
            "empty": lambda: _ok(""),
        }
        return replies.get(plan.get((number, attempt), ""), lambda: _ok(f"answer {number}"))()

    server = endpoint(script)
    client = make(server.url, concurrency=16, timeout_seconds=1.0, retries=4)
    wanted = requests(200)
    start = time.monotonic()
    answers = client(wanted)
    seconds = time.monotonic() - start
    assert len(answers) == 200 == len(client.cache.get(wanted))
    lost_kinds = {"500", "hang", "cut", "malformed"}
    met = [plan[(i, k)] for i, count in seen.items() for k in range(count) if (i, k) in plan]
    retried = [kind for kind in met if kind in lost_kinds | {"429"}]
    assert client.ledger.retries == len(retried) == server.calls - 200
    assert client.ledger.lost == sum(kind in lost_kinds for kind in retried)
    assert seconds < 30
    before = server.calls
    assert client.cache.get(wanted) == answers
    assert server.calls == before


def test_the_key_is_sent_but_never_shown(endpoint, make, monkeypatch, tmp_path):
    monkeypatch.setenv("SMARTGEN_TEST_KEY", "sk-planted-key")
    server = endpoint(lambda *_: _fail(401, "sk-planted-key is no key of ours"))
    client = make(server.url)
    with pytest.raises(EndpointError) as caught:
        client(requests(1))
    sent = {name.lower(): value for name, value in server.headers[0].items()}
    assert sent["authorization"] == "Bearer sk-planted-key"
    assert "sk-planted-key" not in str(caught.value)
    assert "refuses the key in SMARTGEN_TEST_KEY (401: *** is no key of ours)" in str(caught.value)


def test_a_long_key_in_a_long_message_is_not_cut_before_it_is_hidden(endpoint, make, monkeypatch):
    key = "sk-" + "k" * 160
    monkeypatch.setenv("SMARTGEN_TEST_KEY", key)
    with pytest.raises(EndpointError) as caught:
        make(endpoint(lambda *_: _fail(401, f"{'x' * 100} {key}")).url)(requests(1))
    assert "kkkk" not in str(caught.value)


ODD = [
    {"usage": "none"},
    {"usage": {"prompt_tokens": "7", "completion_tokens": "8"}},
    {"choices": {"0": 1}},
    {"choices": ["text"]},
    {"choices": [{"index": 0, "finish_reason": "stop", "message": "text"}]},
    {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ["x"]}}]},
]


@pytest.mark.parametrize("odd", ODD)
def test_replies_of_another_form_are_tried_again(endpoint, make, odd):
    good = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [good]} | odd
    server = endpoint(lambda number, _: {"raw": json.dumps(whole).encode()} if number == 0 else _ok("x"))
    client = make(server.url)
    assert len(client(requests(1))) == 1
    assert (client.ledger.lost, client.ledger.calls) == (1, 1)


@pytest.mark.parametrize("key", ["sk-planted\nkey", "sk-plänted", "sk planted"])
def test_a_key_that_no_header_can_hold_is_refused_unseen(make, monkeypatch, key):
    monkeypatch.setenv("SMARTGEN_TEST_KEY", key)
    with pytest.raises(SmartgenError, match="SMARTGEN_TEST_KEY holds") as caught:
        make("http://127.0.0.1:9/v1")(requests(1))
    assert "plan" not in str(caught.value).replace("no key has", "")


def test_the_limit_stops_before_the_call_that_would_pass_it(endpoint, make):
    server = endpoint(lambda *_: _ok("x"))
    price = Price(prompt=0.0, completion=1000.0, source="test")  # a call: .01
    client = make(server.url, Purse(limit=0.055), price, concurrency=1)
    wanted = requests(20)
    with pytest.raises(CostLimitError, match=r"max_cost_usd is 0.055.*a higher limit goes on"):
        client(wanted)
    assert server.calls == 5 == len(client.cache.get(wanted))
    assert client.ledger.usd == pytest.approx(5 * 0.01)
    client = make(server.url, Purse(limit=1.0), price)
    client([one for one in wanted if one.key not in client.cache.get(wanted)])
    assert server.calls == 20


def test_an_answer_that_was_lost_may_have_to_be_paid(endpoint, make):
    server = endpoint(lambda *_: "cut")
    price = Price(prompt=0.0, completion=1000.0, source="test")  # a call: .01
    with pytest.raises(CostLimitError):
        make(server.url, Purse(limit=0.025), price, retries=9)(requests(1))
    assert server.calls == 2


def test_a_limit_needs_a_price(endpoint, make):
    server = endpoint(lambda *_: _ok("x"))
    with pytest.raises(CostLimitError, match=r"price is unknown.*usd_per_million"):
        make(server.url, Purse(limit=1.0))(requests(1))
    assert server.calls == 0


def test_clients_that_want_the_same_pay_once(endpoint, make):
    """Two at once, as two processes of a sweep are: each request is claimed before it is asked."""
    server = endpoint(lambda *_: (time.sleep(0.05), _ok("x"))[1])
    wanted, found = requests(8), []
    clients = [make(server.url, concurrency=3) for _ in range(2)]
    threads = [threading.Thread(target=lambda one=one: found.append(one(wanted))) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [len(one) for one in found] == [8, 8]
    assert server.calls == 8
    assert sum(one.ledger.calls for one in clients) == 8 == sum(one.ledger.hits for one in clients)
    assert not list(clients[0].cache.path.parent.glob("claims/*"))


def test_where_nobody_answers_the_round_ends(endpoint, make):
    server = endpoint(lambda *_: _fail(503))
    client = make(server.url, retries=1, concurrency=2)
    with pytest.raises(SmartgenError, match=r"60 of 60 calls got no answer"):
        client(requests(60))
    assert server.calls <= 2 * 4  # two tries each of the first three, and of one in flight


@pytest.mark.parametrize("value", ["0", "-3", "nan", "inf", "soon"])
def test_a_pause_that_is_none_is_not_heeded(endpoint, make, value):
    server = endpoint(lambda number, _: _fail(429, retry_after=value) if number == 0 else _ok("x"))
    client = make(server.url)
    client(requests(1))
    assert client.ledger.retries == 1


def test_without_a_key_that_is_needed_nothing_is_sent(endpoint, make, monkeypatch):
    monkeypatch.delenv("SMARTGEN_TEST_KEY", raising=False)
    server = endpoint(lambda *_: _ok("x"))
    with pytest.raises(SmartgenError, match="SMARTGEN_TEST_KEY is not set"):
        make(server.url, needs_key=True)(requests(1))
    assert server.calls == 0


def test_what_the_environment_has_for_others_is_not_sent(endpoint, make, monkeypatch):
    """Neither OpenAI's account to another endpoint, nor anything on this machine to a proxy."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-planted")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-planted")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Planted: planted")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server = endpoint(lambda *_: _ok("x"))
    make(server.url)(requests(1))
    assert "planted" not in str(server.headers[0]).lower()


def test_a_running_loop_is_no_obstacle(endpoint, make):
    import asyncio

    client, wanted = make(endpoint(lambda *_: _ok("x")).url), requests(2)

    async def notebook():
        return client(wanted)

    assert len(asyncio.run(notebook())) == 2
