"""The Batch API: submitted once, found again after a restart, collected when it is done."""

from __future__ import annotations

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.llm.batch import BatchClient, read_line
from smartgen.llm.cache import AnswerCache
from smartgen.llm.errors import NoSchemaError, WaitingError
from smartgen.llm.ledger import CostLimitError, Ledger, Purse
from smartgen.llm.prices import Price
from smartgen.llm.requests import Request
from smartgen.synthesizer_settings import LlmSettings

SAMPLING = {"temperature": 0, "top_p": 0, "seed": 1, "max_tokens": 10}
WANTED = [Request("p", "m", ({"role": "user", "content": f"call {i}"},), SAMPLING) for i in range(6)]


def says(body, silent: int | None = None) -> str | None:
    """What is answered to a line; nothing to the call of this number."""
    asked = body["messages"][0]["content"]
    return None if asked == f"call {silent}" else f"to {asked}"


@pytest.fixture
def server(endpoint):
    return endpoint(lambda *_: pytest.fail("no direct call is wanted"))


@pytest.fixture
def make(tmp_path, server):
    def build(purse=None, price=None, **changes):
        settings = LlmSettings(name="t", model="m", key_variable=None, max_tokens=10, mode="batch", **changes)
        cache = AnswerCache(tmp_path / "answers.sqlite")
        return BatchClient(settings, server.url, cache, Ledger(price), purse or Purse(), poll_seconds=0.05)

    return build


def test_submit_restart_collect(server, make):
    with pytest.raises(
        WaitingError, match=r"batch-0 is in_progress, 1 of 3 calls answered; run the same command"
    ):
        make()(WANTED)
    with pytest.raises(WaitingError):
        make()(WANTED)  # another process: nothing is submitted twice
    assert len(server.batches) == 1
    server.finish_batch("batch-0", says)
    client = make()
    answers = client(WANTED)
    assert [answers[one.key].text for one in WANTED] == [f"to call {i}" for i in range(6)]
    assert (client.ledger.calls, client.ledger.prompt_tokens) == (6, 600)
    assert client.cache.batches(server.url) == {"batch-0": {}}  # collected


def test_a_batch_that_was_submitted_by_a_process_that_died_is_found(server, make, monkeypatch):
    monkeypatch.setattr(AnswerCache, "add_batch", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        make()(WANTED)
    monkeypatch.undo()
    server.finish_batch("batch-0", says)
    assert len(make()(WANTED)) == 6
    assert len(server.batches) == 1


def test_waiting_as_long_as_wanted(server, make):
    calls = []

    def get(path, original=server.get):
        calls.append(path)
        if sum("/batches/" in one for one in calls) == 3:
            server.finish_batch("batch-0", says)
        return original(path)

    server.get = get
    assert len(make(batch_wait_seconds=30)(WANTED)) == 6


def test_cells_share_a_batch(server, make):
    with pytest.raises(WaitingError):
        make()(WANTED)
    with pytest.raises(WaitingError):
        make()(WANTED[:2])
    assert len(server.batches) == 1
    server.finish_batch("batch-0", says)
    assert len(make()(WANTED[:2])) == 2
    assert len(make()(WANTED)) == 6  # the others are not lost with the first cell's collecting
    assert len(server.batches) == 1


def test_lines_that_lack_are_told_and_submitted_anew(server, make):
    with pytest.raises(WaitingError):
        make()(WANTED)
    server.finish_batch("batch-0", lambda body: says(body, silent=4))
    client = make()
    with pytest.raises(SmartgenError, match=r"1 of 6 calls got no answer by the batch"):
        client(WANTED)
    assert len(client.cache.get(WANTED)) == 5
    with pytest.raises(WaitingError):
        make()([WANTED[4]])
    assert len(server.batches) == 2


def test_a_batch_of_which_nothing_came_is_submitted_anew(server, make):
    with pytest.raises(WaitingError):
        make()(WANTED)
    server.finish_batch("batch-0", lambda _: None)
    with pytest.raises(SmartgenError, match="6 of 6 calls got no answer"):
        make()(WANTED)
    with pytest.raises(WaitingError, match="batch-1"):
        make()(WANTED)
    assert len(server.batches) == 2


def test_calls_that_another_cell_cached_do_not_keep_a_batch_open(server, make):
    with pytest.raises(WaitingError):
        make()(WANTED)
    server.finish_batch("batch-0", lambda body: says(body, silent=5))
    assert len(make()(WANTED[:2])) == 2  # collects for all
    client = make()
    assert len(client.cache.get(WANTED)) == 5
    with pytest.raises(WaitingError, match="batch-1"):
        client([WANTED[5]])


def test_an_output_file_that_is_gone_is_told_once(server, make):
    with pytest.raises(WaitingError):
        make()(WANTED)
    server.batches["batch-0"] |= {"status": "completed", "output_file_id": "gone"}
    with pytest.raises(SmartgenError, match="its file gone is gone"):
        make()(WANTED)
    with pytest.raises(WaitingError, match="batch-1"):
        make()(WANTED)


def test_a_schema_that_is_refused_falls_back(server, make):
    with pytest.raises(WaitingError):
        make()(WANTED)
    server.batches["batch-0"] |= {
        "status": "failed", "errors": {"object": "list", "data": [{"message": "unknown response_format"}]}
    }  # fmt: skip
    with pytest.raises(NoSchemaError):
        make()(WANTED)


def test_a_batch_that_cannot_be_submitted_costs_nothing(server, make):
    purse = Purse(limit=1.0)
    server.upload = lambda _: (400, {}, b'{"error": {"message": "no files here"}}')
    with pytest.raises(SmartgenError, match="no files here"):
        make(purse, Price(0.0, 1000.0, "test"))(WANTED)
    assert (purse.spent, purse.reserved) == (0.0, 0.0)


def test_a_failed_batch_says_why(server, make):
    with pytest.raises(WaitingError):
        make()(WANTED)
    server.batches["batch-0"] |= {
        "status": "failed",
        "errors": {"object": "list", "data": [{"message": "bad line"}]},
    }
    with pytest.raises(SmartgenError, match="bad line"):
        make()(WANTED)


def test_the_limit_holds_before_anything_is_submitted(server, make):
    with pytest.raises(CostLimitError):
        make(Purse(limit=0.05), Price(0.0, 1000.0, "test"))(WANTED)
    assert not server.batches
    assert not server.files


@pytest.mark.parametrize(
    ("line", "key", "told"),
    [
        ("{", "", "no JSON object"),
        ('{"id": 1}', "", "no JSON object"),
        ('{"custom_id": "a", "error": {"message": "late"}}', "a", "late"),
        ('{"custom_id": "a", "response": {"status_code": 500, "body": {}}}', "a", "500"),
        (
            '{"custom_id": "a", "response": {"status_code": 200, "body": {"choices": []}}}',
            "a",
            "no completion",
        ),
        ('{"custom_id": "a", "response": {"status_code": 200}}', "a", "no completion"),
    ],
)
def test_lines_without_an_answer(line, key, told):
    found, reason = read_line(line)
    assert found == key
    assert isinstance(reason, str)
    assert told in reason
