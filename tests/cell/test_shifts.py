"""An LLM that names shifts: one call, words for every device and hour, and the old log moved by them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.llm.inventory import Inventory
from smartgen.llm.prompt import Scene
from smartgen.llm.shifts import read_shifts, shift_devices, shift_messages, shift_schema
from smartgen.pipeline import Pipeline, make_store
from smartgen.settings import DetectorSettings
from smartgen.stages.synthesize.shifts import named_shares
from smartgen.stages.tss import split_sequences
from smartgen.synthesizer_settings import LlmSettings

HOME = demo_vocabulary()
LOG = split_sequences(simulate("winter", 2024, 7), HOME)
HEATER = HOME.devices.index("Heater")


def words(body, **said: str) -> str:
    """An answer that keeps to the schema; devices are the same but for those that are named."""
    schema = body["response_format"]["json_schema"]["schema"]["properties"]
    found = {part: dict.fromkeys(schema[part]["properties"], "same") for part in ("devices", "hours")}
    found["devices"] |= said
    return json.dumps(found)


@pytest.fixture
def asking(cell, tmp_path):
    def build(url, **changes):
        llm = LlmSettings(name="test", model="m", base_url=url, key_variable=None, answer="shifts")
        llm.max_tokens, llm.shifted = 500, 80
        for name, value in changes.items():
            setattr(llm, name, value)
        return cell(tmp_path, synthesizer=llm, detector=DetectorSettings(name="seen"))

    return build


def record(outputs: Path):
    (path,) = outputs.glob("runs/*/result.json")
    return json.loads(path.read_text())


def test_one_call_moves_the_old_log(asking, run, endpoint, tmp_path):
    server = endpoint(lambda _, body: {"text": words(body, Heater="never", Fan="more")})
    run(asking(server.url))
    told = record(tmp_path)["result"]
    assert server.calls == told["counts"]["answers"] == 1
    assert told["counts"]["written"] == 80
    assert told["synthesis"]["answer"] == "shifts"
    assert told["synthesis"]["shifts"]["devices"]["Heater"] == "never"
    assert told["inputs"]["prompt"] == told["synthesis"]["prompt"]
    assert told["metrics"]["set_validity"] == 1
    assert "ssc" not in told["config"]["stage"]

    again = asking(server.url)
    again.force = True
    run(again)
    assert server.calls == 1
    assert record(tmp_path)["result"] == told


def test_what_never_is_used_is_not_written_and_the_rest_stays(asking, endpoint, tmp_path):
    from smartgen.data.homes import load_home

    server = endpoint(lambda _, body: {"text": words(body, Heater="never")})
    settings = asking(server.url)
    home = load_home(settings.dataset, settings.transition, "", settings.seed)
    written = Pipeline(settings, home, make_store(str(tmp_path))).written
    assert HEATER in LOG.values[:, 2]
    assert HEATER not in written.values[:, 2]
    same = endpoint(lambda _, body: {"text": words(body)})
    unmoved = Pipeline(asking(same.url), home, make_store(str(tmp_path))).written
    assert set(unmoved.contents()) <= set(split_sequences(home.source, HOME).contents())


def test_without_schemas_the_first_object_counts(asking, run, endpoint, tmp_path):
    def script(_, body):
        if "response_format" in body:
            return {"status": 400, "message": "unknown parameter: response_format"}
        return {"text": 'Well {x}: {"devices": {"Heater": "never", "Ufo": "more", "Fan": "much"}} so.'}

    run(asking(endpoint(script).url))
    told = record(tmp_path)["result"]
    assert told["synthesis"]["answer"] == "shifts_text"
    assert told["synthesis"]["shifts"] == {"devices": {"Heater": "never"}, "hours": {}}
    assert told["synthesis"]["rejects"] == {"unknown name or word": 2}


def test_what_nobody_can_read_is_asked_again_and_then_told(asking, run, endpoint):
    server = endpoint(lambda _, __: {"text": "I cannot say."})
    with pytest.raises(SmartgenError, match="the first begins 'I cannot say"):
        run(asking(server.url, retry_unparsable=2))
    assert [body["seed"] for body in server.bodies] == [2024, 2025, 2026]


def test_a_question_beyond_the_context_is_refused_before_it_is_asked(asking, run, endpoint):
    server = endpoint(lambda _, body: {"text": words(body)})
    with pytest.raises(SmartgenError, match="context_tokens is 900, but the question for shifts"):
        run(asking(server.url, context_tokens=900))
    assert server.calls == 0


def test_the_prompt_names_every_device_with_its_share():
    inventory = Inventory.of(HOME, LOG)
    system, user = shift_messages(inventory, Scene("It was cold.", "It is warm."), {"Heater": 0.25}, {})
    assert "Heater (25%): " in user["content"]
    assert "It is warm." in user["content"]
    assert all(f"{name} (" in user["content"] for name in shift_devices(inventory))
    assert '"devices":{"' in system["content"]
    assert "$" not in system["content"] + user["content"]
    schema = shift_schema(shift_devices(inventory))
    assert schema["properties"]["devices"]["required"] == list(shift_devices(inventory))


def test_shares_follow_the_words():
    old = np.array([0.5, 0.3, 0.2, 0.0])
    names = ("a", "b", "c", "d")
    assert named_shares(old, names, {}).tolist() == old.tolist()
    new = named_shares(old, names, {"a": "never", "b": "less", "d": "more"})
    assert new[0] == 0
    assert new.tolist() == pytest.approx([0, 0.15 / 0.95, 0.2 / 0.95, 0.6 / 0.95])
    assert named_shares(old, names, dict.fromkeys(names, "never")).tolist() == old.tolist()


@given(st.text(alphabet='{}[]":,deviceshours never same more 0~3()Fan', max_size=80))
def test_no_answer_breaks_the_reader(text):
    found = read_shifts(text, ("Fan",))
    assert found is None or set(found.devices) <= {"Fan"}
