"""Prompts: their words, the names that may leave the machine, and the context that they must fit."""

from __future__ import annotations

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Behavior, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.aliases import aliased
from smartgen.llm.budget import Budget, fit, weekday_chunks
from smartgen.llm.inventory import Inventory
from smartgen.llm.parse_json import read_answer
from smartgen.llm.prompt import Scene, estimated_tokens, messages, prompt_hash
from smartgen.llm.schema import answer_schema, is_too_large

HOME = Vocabulary(
    ("Light", "Other", "Anna's lamp"),
    ("Light:off", "Light:on", "None:location", "Light:refresh refresh", "Anna's lamp:on"),
)
LOG = Sequences.from_lists([[0, 2, 0, 1, 0, 2, 1, 2], [3, 5, 0, 0], [0, 4, 2, 4, 1, 4, 0, 1]])
SCENE = Scene("It is winter.", "It is spring.")
INVENTORY = Inventory.of(HOME, LOG)
HINTS = {1: [(2, 3), (0, 1)], 0: [], 4: [(1, 9)]}


def text_of(prompt) -> str:
    return "\n".join(message["content"] for message in prompt)


def test_the_inventory_is_what_is_valid_and_worth_writing():
    assert INVENTORY.offered == ((0, 0), (0, 1), (1, 2), (2, 4))
    assert INVENTORY.pairs == ((0, 0), (0, 1), (0, 3), (1, 2), (2, 4))
    assert INVENTORY.labels == ("Light:off", "Light:on", "Other > None:location", "Anna's lamp:on")
    assert INVENTORY.text().splitlines() == [
        "Light: off, on",
        "Other: Other > None:location",
        "Anna's lamp: on",
    ]
    logged = Inventory.of(HOME, Sequences.from_lists([[0, 0, 0, 3]]))
    assert (0, 3) in logged.offered  # a refresh that the log has
    everything = product(range(len(HOME.devices)), range(len(HOME.actions)))
    pairs = {(device, action) for _, _, device, action in LOG.values.tolist()}
    assert set(INVENTORY.pairs) == {pair for pair in everything if HOME.is_valid(*pair, pairs)}
    assert read_answer(json.dumps([[INVENTORY.fields(Behavior(0, 2, 0, 3))]]), INVENTORY).rejects == ()


@pytest.mark.parametrize("answer", ["json_schema", "text"])
def test_all_elements_are_there(answer):
    prompt = messages(INVENTORY, SCENE, LOG, HINTS, answer)
    whole = text_of(prompt)
    for part in (
        "It is winter.",
        "It is spring.",
        "Light: off, on",
        "Light:on -> None:location 3, Light:off 1",
    ):
        assert part in whole
    assert [message["role"] for message in prompt] == ["system", "user"]
    assert "$" not in whole
    lines = prompt[1]["content"].split("Former sequences:\n")[1].split("\n\n")[0].splitlines()
    read = [json.loads(line) for line in lines]
    if answer == "text":
        assert read[1] == ["Thursday", "(15~18)", "Light", "Light:off"]
    else:
        assert read[0][1] == {"day": "Monday", "hour": "(6~9)", "action": "Other > None:location"}


def test_without_gss_there_are_no_hints():
    user = messages(INVENTORY, SCENE, LOG, {}, "text")[1]["content"]
    assert "->" not in user
    assert "Habits" not in user


def test_the_hash_changes_with_the_scene():
    assert prompt_hash(SCENE) == prompt_hash(Scene("It is winter.", "It is spring."))
    assert prompt_hash(SCENE) != prompt_hash(Scene("It is winter.", "It is summer."))


def test_aliases_keep_ids_and_hide_names():
    hidden = aliased(HOME)
    assert hidden.devices == ("Light", "Other", "Device 1")
    assert hidden.actions[:3] == ("Light:off", "Light:on", "None:State 1")
    assert hidden.actions[4] == "Device 1:on"
    inventory = Inventory.of(hidden, LOG)
    assert (inventory.pairs, inventory.offered) == (INVENTORY.pairs, INVENTORY.offered)
    whole = text_of(messages(inventory, SCENE, LOG, HINTS, "json_schema"))
    assert "Anna" not in whole + json.dumps(answer_schema(inventory, 1))
    assert "Device 1: on" in whole


def test_nothing_but_day_bucket_device_and_action_leaves():
    """Time stamps and ids stay here: the same behaviors at other seconds give the same prompt."""
    stamped = [
        Sequences(LOG.values, LOG.offsets, LOG.values[:, 0] * 86_400 + second)
        for second in (1_700_000_000, 7)
    ]
    first, second = (text_of(messages(INVENTORY, SCENE, one, HINTS, "text")) for one in stamped)
    assert first == second
    assert "1700" not in first


def test_the_schema_binds_every_field():
    schema = answer_schema(INVENTORY, 4)
    sequences = schema["properties"]["sequences"]
    behavior = sequences["items"]["items"]
    assert sequences["minItems"] == 4
    assert behavior["properties"]["action"]["enum"] == list(INVENTORY.labels)
    assert len(behavior["properties"]["day"]["enum"]) == 7
    assert len(behavior["properties"]["hour"]["enum"]) == 8
    for node in (schema, behavior):
        assert node["required"] == list(node["properties"])
        assert node["additionalProperties"] is False


@pytest.mark.parametrize(
    ("count", "width", "large"), [(200, 200, False), (300, 40, False), (300, 60, True), (1000, 1, True)]
)
def test_what_strict_endpoints_would_refuse(count, width, large):
    actions = tuple(f"Light:{i:0{width}}" for i in range(count))
    home = Vocabulary(("Light",), actions)
    assert is_too_large(Inventory.of(home, Sequences.from_lists([[0, 0, 0, 0]]))) is large


def test_chunks_are_consecutive_sequences_of_one_weekday():
    log = Sequences.from_lists([[i % 2, 0, 0, 0] * (1 + i % 3) for i in range(100)])
    chunks = list(weekday_chunks(log, 30))
    assert [len(chunk) for chunk in chunks] == [30, 20, 30, 20]
    assert Sequences.concatenate(chunks[:2]) == log[::2]
    assert list(weekday_chunks(Sequences.from_lists([]), 30)) == []


@given(
    sizes=st.lists(st.integers(1, 10), min_size=1, max_size=30),
    room=st.integers(1000, 3000),
    answer=st.sampled_from(["json_schema", "text"]),
)
def test_prompts_fit_and_no_sequence_is_left_out(sizes, room, answer):
    chunk = Sequences.from_lists(
        [[0, i % 8, *INVENTORY.offered[i % 4]] * size for i, size in enumerate(sizes)]
    )
    budget = Budget(context=room + 100, answer=100, characters_per_token=4)
    shown = []

    def write(part, hints):
        prompt = messages(INVENTORY, SCENE, part, hints, answer)
        shown.append((prompt, part, hints))
        return prompt

    prompts = list(fit(chunk, HINTS, budget, write))
    assert sum(prompt.sequences for prompt in prompts) == len(chunk)
    assert all(estimated_tokens(prompt.messages, 4) <= room for prompt in prompts)
    parts = [next(part for seen, part, _ in shown if seen is prompt.messages) for prompt in prompts]
    assert Sequences.concatenate(parts) == chunk
    if len(prompts) > 1:  # the hints shrank first, to the actions of each part
        assert {prompt.hints for prompt in prompts} == {"chunk"}
    for prompt in prompts:
        hints = next(hints for seen, _, hints in shown if seen is prompt.messages)
        own = set(next(part for seen, part, _ in shown if seen is prompt.messages).values[:, 3].tolist())
        assert hints == (HINTS if prompt.hints == "all" else {a: HINTS[a] for a in HINTS if a in own})


def test_a_context_that_not_even_one_sequence_fits_is_told():
    budget = Budget(context=200, answer=100, characters_per_token=4)
    with pytest.raises(SmartgenError, match=r"context_tokens is 200.*needs about \d+"):
        list(fit(LOG, HINTS, budget, lambda part, hints: messages(INVENTORY, SCENE, part, hints, "text")))
