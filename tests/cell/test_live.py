"""Cells that an LLM writes for, against an endpoint on loopback: one record, nothing asked twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.llm.cache import AnswerCache
from smartgen.settings import DetectorSettings, PathSettings, SimilaritySscSettings, StageSettings
from smartgen.synthesizer_settings import EmbeddedSettings, LlmSettings, PriceSettings

KEY = "sk-planted-in-the-environment"
LISTED = (
    "[['Monday', '(0~3)', 'Light', 'Light:switch on', 'Monday', '(3~6)', 'Light', 'Light:switch off'],"
    "['Sunday', '(0~3)', 'Light', 'Light:switch on', 'Sunday', '(3~6)', 'Light', 'Light:switch off']]"
)


def sequences(body, count=2) -> str:
    """An answer that keeps to the schema of a request, if it has one; its sequences differ."""
    if "response_format" not in body:
        return LISTED
    actions = _behavior(body)["action"]["enum"]
    written = [
        [
            {"day": "Monday", "hour": "(0~3)", "action": actions[number]},
            {"day": "Sunday", "hour": "(21~24)", "action": actions[-1]},
        ]
        for number in range(count)
    ]
    return json.dumps({"sequences": written})


def _behavior(body):
    schema = body["response_format"]["json_schema"]["schema"]
    return schema["properties"]["sequences"]["items"]["items"]["properties"]


@pytest.fixture
def live(cell, tmp_path):
    def build(url, outputs=tmp_path, **changes):
        stage = StageSettings(ssc=SimilaritySscSettings(name="similarity", share=0.3))
        llm = LlmSettings(
            name="test", model="m", base_url=url, key_variable="SMARTGEN_TEST_KEY", max_tokens=500
        )
        for name, value in changes.items():
            setattr(llm, name, value)
        return cell(outputs, synthesizer=llm, stage=stage, detector=DetectorSettings(name="seen"))

    return build


def record(outputs: Path):
    (path,) = outputs.glob("runs/*/result.json")
    return json.loads(path.read_text())


def test_a_cell_and_its_record(live, run, endpoint, tmp_path):
    server = endpoint(lambda _, body: {"text": sequences(body)})
    outcome = run(live(server.url))
    told = record(tmp_path)
    chunks = told["result"]["synthesis"]["chunks"]
    assert outcome.status == "done"
    assert server.calls == len(chunks) == told["result"]["counts"]["answers"]
    assert told["result"]["counts"]["written"] == 2 * len(chunks)
    assert told["result"]["counts"]["behaviors_rejected"] == 0
    assert told["result"]["synthesis"]["hints"] == {"all": len(chunks)}
    assert told["run"]["ledger"]["calls"] == len(chunks)
    assert told["run"]["ledger"]["usd"] is None
    assert told["result"]["inputs"]["prompt"] == told["result"]["synthesis"]["prompt"]
    assert all(body["seed"] == 2024 and body["max_tokens"] == 500 for body in server.bodies)

    again = live(server.url)
    again.force = True
    first = told["result"]
    run(again)
    assert server.calls == len(chunks)  # answers stay, also with force
    assert record(tmp_path)["result"] == first
    assert record(tmp_path)["run"]["ledger"] | {"seconds": 0} == told["run"]["ledger"] | {
        "calls": 0, "hits": len(chunks), "prompt_tokens": 0, "completion_tokens": 0, "seconds": 0, "usd": 0.0,
        "hit_prompt_tokens": 100 * len(chunks), "hit_completion_tokens": 10 * len(chunks),
    }  # fmt: skip


def test_keys_hold_prompt_and_sampling_but_not_how_the_endpoint_is_reached(live, run, endpoint):
    server = endpoint(lambda _, body: {"text": sequences(body)})
    base = run(live(server.url)).key
    same = (
        ("concurrency", 2),
        ("retries", 1),
        ("timeout_seconds", 9.0),
        ("max_cost_usd", None),
        ("mode", "direct"),
    )
    assert {run(live(server.url, **{name: value})).key for name, value in same} == {base}
    other = (
        ("temperature", 0.5),
        ("seed", 1),
        ("model", "n"),
        ("chunk", 5),
        ("answer", "text"),
        ("alias", True),
    )
    keys = {run(live(server.url, **{name: value})).key for name, value in other}
    changed = live(server.url)
    changed.transition.after = "It is a cold spring."
    assert len({base, run(changed).key, *keys}) == len(other) + 2


def test_an_endpoint_without_schemas_is_asked_in_the_papers_format(live, run, endpoint, tmp_path):
    def script(_, body):
        if "response_format" in body:
            return {"status": 400, "message": "unknown parameter: response_format"}
        return {"text": LISTED}

    server = endpoint(script)
    run(live(server.url, concurrency=1))
    told = record(tmp_path)["result"]
    assert server.calls == told["counts"]["answers"] + 1
    plan = live(server.url, concurrency=1)
    plan.plan = plan.force = True
    assert run(plan).plan.asked  # the schema, tried again
    plan.force, plan.detector = False, DetectorSettings(name="length")
    assert not run(plan).plan.asked  # the refusal is remembered
    assert told["synthesis"]["answer"] == "text"
    assert "response_format" in record(tmp_path)["run"]["ledger"]["note"]
    assert told["counts"]["behaviors_read"] == 4 * told["counts"]["answers"]
    before = server.calls
    other = live(server.url, concurrency=1)
    other.detector = DetectorSettings(name="length")
    run(other)
    assert server.calls == before  # nothing is sent, all is read
    again = live(server.url, concurrency=1)
    again.force = True
    run(again)
    assert server.calls == before + 1
    (path,) = tmp_path.glob("runs/*-seen-*/result.json")
    assert "response_format" in json.loads(path.read_text())["run"]["ledger"]["note"]


def test_a_home_too_large_for_a_schema_is_told(live, run, endpoint, tmp_path, monkeypatch):
    monkeypatch.setattr("smartgen.llm.schema.MAX_VALUES", 20)
    server = endpoint(lambda _, body: {"text": sequences(body)})
    run(live(server.url))
    assert not any("response_format" in body for body in server.bodies)
    assert "enumeration" in record(tmp_path)["run"]["ledger"]["note"]


def test_a_truncated_answer_gives_its_whole_sequences(live, run, endpoint, tmp_path):
    server = endpoint(lambda _, body: {"text": sequences(body, 3)[:-40], "finish_reason": "length"})
    run(live(server.url))
    counts = record(tmp_path)["result"]["counts"]
    assert counts["truncated_answers"] == counts["lost_sequences"] == counts["answers"]
    assert counts["written"] == 2 * counts["answers"]
    told = record(tmp_path)["run"]["ledger"]["note"]
    assert told == "{0} of {0} answers cut off at max_tokens, {0} sequences lost".format(counts["answers"])


def test_what_nobody_can_read_is_asked_again_with_the_next_seed(live, run, endpoint, tmp_path):
    server = endpoint(lambda _, body: {"text": sequences(body) if body["seed"] == 2026 else "Sorry."})
    run(live(server.url, retry_unparsable=2))
    counts = record(tmp_path)["result"]["counts"]
    assert server.calls == 3 * counts["answers"]
    assert (counts["asked_again"], counts["unparsable_answers"]) == (2 * counts["answers"], 0)
    assert sorted({body["seed"] for body in server.bodies}) == [2024, 2025, 2026]


def test_not_one_valid_behavior_is_an_error(live, run, endpoint, tmp_path):
    with pytest.raises(SmartgenError, match=r"answers hold not one valid behavior: unparsable answer"):
        run(live(endpoint(lambda *_: {"text": "I would rather not."}).url, retry_unparsable=0))
    cut = endpoint(lambda *_: {"text": "I", "finish_reason": "length"}).url
    with pytest.raises(SmartgenError, match=r"the first begins 'I'; raise synthesizer.max_tokens"):
        run(live(cut, retry_unparsable=0))
    assert not list(tmp_path.glob("runs/*/result.json"))


def test_aliases_leave_and_ids_come_back(live, run, endpoint, tmp_path, monkeypatch):
    monkeypatch.setattr("smartgen.llm.aliases.KINDS", frozenset({"Light"}))
    server = endpoint(lambda _, body: {"text": sequences(body)})
    plain, hidden = tmp_path / "plain", tmp_path / "hidden"
    run(live(server.url, plain))
    asked = server.calls
    run(live(server.url, hidden, alias=True))
    sent = json.dumps(server.bodies[asked:])
    assert "Heater:" not in sent
    assert "Device 1" in sent
    written = [record(one)["result"]["metrics"]["recall"] for one in (plain, hidden)]
    assert written[0] == written[1]


def test_a_plan_asks_nobody_and_leaves_no_record(live, run, endpoint, tmp_path):
    server = endpoint(lambda _, body: {"text": sequences(body)})
    planned = live(server.url, usd_per_million=PriceSettings(1.0, 2.0))
    planned.plan = True
    plan = run(planned).plan
    assert (server.calls, list(tmp_path.glob("runs/*"))) == (0, [])
    assert plan.completion_tokens == 500 * plan.calls
    assert (plan.prompt_tokens + 1000 * plan.calls) / 1e6 < plan.usd
    run(live(server.url))
    planned.force = True
    after = run(planned).plan
    assert (after.calls, dict(after.asked), after.usd) == (plan.calls, {}, 0)


def test_a_limit_leaves_the_cell_resumable(live, run, endpoint, tmp_path):
    server = endpoint(lambda _, body: {"text": sequences(body)})
    price = PriceSettings(0.0, 1000.0)  # a call: at most .5, in fact .01
    with pytest.raises(SmartgenError, match=r"max_cost_usd is 0.515"):
        run(live(server.url, usd_per_million=price, max_cost_usd=0.515, concurrency=1))
    kept = server.calls
    assert kept == 2
    run(live(server.url, usd_per_million=price, max_cost_usd=100.0))
    assert server.calls == len(record(tmp_path)["result"]["synthesis"]["chunks"])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base_url": "localhost:80"}, "expected http"),
        ({"base_url": "https://me:secret@host/v1"}, "user, a password"),
        ({"base_url": "https://host/v1?key=secret"}, "a query"),
        ({"base_url": "https://host/v1#secret"}, "a fragment"),
        ({"key_variable": "sk-secret"}, "synthesizer.key_variable is no name"),
        ({"max_tokens": 200_000}, "less than synthesizer.context_tokens"),
        ({"answer": "xml"}, "expected one of json_schema, text"),
        ({"mode": "later"}, "expected one of direct, batch"),
        ({"concurrency": 0}, "synthesizer.concurrency is 0"),
        ({"temperature": 3.0}, "synthesizer.temperature is 3.0"),
    ],
)
def test_bad_settings_are_told_before_anything_is_asked(live, run, changes, told):
    with pytest.raises(SmartgenError, match=told) as caught:
        run(live("http://127.0.0.1:9/v1", **changes))
    assert "secret" not in str(caught.value)


def test_the_embedded_model_must_be_there(live, run, tmp_path):
    settings = live("embedded")
    settings.synthesizer = EmbeddedSettings(name="embedded", model="x", base_url="embedded")
    settings.paths = PathSettings(outputs=str(tmp_path), models=str(tmp_path / "none"))
    with pytest.raises(SmartgenError, match="no such file; run `smartgen-data model`"):
        run(settings)
    settings.synthesizer.model_path = str(tmp_path / "other.gguf")
    with pytest.raises(SmartgenError, match=r"synthesizer.model_path is .*other\.gguf"):
        run(settings)


COMMAND = (
    "dataset=demo", "dataset.days=7", "stage/ssc=similarity", "detector=seen",
    "synthesizer=llama-70b", "synthesizer.concurrency=2",
)  # fmt: skip


def start(outputs: Path, url: str, *more: str) -> subprocess.Popen:
    environment = os.environ | {
        "SMARTGEN_OUTPUTS": str(outputs),
        "SMARTGEN_LLM_URL": url,
        "SMARTGEN_LLM_KEY": KEY,
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "smartgen", *COMMAND, *more]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.slow
def test_killed_in_mid_run_no_answered_call_is_repeated(endpoint, tmp_path):
    release = threading.Event()

    def script(number, body):
        if number >= 3:
            release.wait(60)
        return {"text": sequences(body)}

    server = endpoint(script)
    process = start(tmp_path, server.url, "tracking=none")
    deadline = time.monotonic() + 60
    while server.calls < 5 and time.monotonic() < deadline:  # three answered, two in flight
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    cached = _cached(tmp_path)
    assert (server.calls, cached) == (5, 3)
    release.set()
    done = start(tmp_path, server.url, "tracking=none")
    output, _ = done.communicate(timeout=120)
    assert done.returncode == 0, output
    chunks = record(tmp_path)["result"]["synthesis"]["chunks"]
    asked = [json.dumps(body["messages"]) for body in server.bodies]
    repeated = len(asked) - len(set(asked))
    assert len(set(asked)) == len(chunks)
    assert repeated == 2  # those in flight, at most synthesizer.concurrency


@pytest.mark.slow
def test_the_key_appears_nowhere(endpoint, tmp_path):
    """Not in records, cache, W&B's files or what is printed, whether the cell succeeds or fails."""
    good = endpoint(lambda _, body: {"text": sequences(body)})
    bad = endpoint(lambda *_: {"status": 401, "message": f"no such key: {KEY}"})
    printed = ""
    for url, code in ((good.url, 0), (bad.url, 2)):
        process = start(tmp_path, url, "tracking=wandb", "tracking.mode=offline")
        output, _ = process.communicate(timeout=120)
        assert process.returncode == code, output
        printed += output
    sent = {name.lower(): value for name, value in good.headers[0].items()}
    assert sent["authorization"] == f"Bearer {KEY}"
    assert KEY not in printed
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any("wandb" in str(path) for path in files)
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def _cached(outputs: Path) -> int:
    from sqlalchemy import text

    cache = AnswerCache(outputs / "cache" / "answers.sqlite")
    with cache._begin() as connection:
        return connection.execute(text("select count(*) from answers")).scalar_one()
