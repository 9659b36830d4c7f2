"""Answers in JSON: what is whole and valid is kept, whatever else stands around it."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartgen.core.types import Behavior, Sequences
from smartgen.data.recording_names import scan
from smartgen.data.recordings import ORIGINAL
from smartgen.data.release import DATA_FOLDER, context_file, read_sequences, read_vocabulary
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary
from smartgen.llm.inventory import Inventory
from smartgen.llm.parse import ParsedAnswer
from smartgen.llm.parse_json import parse_json_answer, read_answer
from smartgen.llm.replay import answer_text

HOME = Vocabulary(("Fan", "Heater", "Other"), ("Fan:off", "Fan:on", "Heater:on", "None:location"))
INVENTORY = Inventory.of(HOME, Sequences.from_lists([[0, 0, 2, 3]]))
BEHAVIORS = st.builds(
    lambda day, hour, pair: Behavior(day, hour, *pair),
    st.integers(0, 6),
    st.integers(0, 7),
    st.sampled_from(INVENTORY.pairs),
)
SEQUENCES = st.lists(st.lists(BEHAVIORS, min_size=1, max_size=5), min_size=1, max_size=5)


def rendered(sequences, **style) -> str:
    return json.dumps({"sequences": [[INVENTORY.fields(b) for b in one] for one in sequences]}, **style)


def flat(sequences) -> list[list[int]]:
    return [[number for behavior in one for number in behavior] for one in sequences]


@given(sequences=SEQUENCES, indent=st.sampled_from([None, 0, 4]))
def test_an_answer_comes_back(sequences, indent):
    for text in (rendered(sequences, indent=indent), f"Here:\n```json\n{rendered(sequences)}\n```\nDone."):
        parsed = read_answer(text, INVENTORY)
        assert parsed.sequences.to_lists() == flat(sequences)
        assert parsed.rejects == ()


@given(sequences=SEQUENCES, data=st.data())
def test_a_cut_answer_gives_its_first_whole_sequences(sequences, data):
    whole = rendered(sequences)
    text = whole[: data.draw(st.integers(15, len(whole) - 1))]
    parsed = read_answer(text, INVENTORY)
    kept = parsed.sequences.to_lists()
    assert kept == flat(sequences)[: len(kept)]
    closed = [rendered(sequences[: n + 1])[:-2] for n in range(len(sequences))]
    assert len(kept) == sum(text.startswith(part) for part in closed)


@pytest.mark.parametrize(
    ("behavior", "reason"),
    [
        ({"day": "Mon", "hour": HOURS[0], "action": "Fan:on"}, "unknown day"),
        ({"day": DAYS[0], "hour": "6-9", "action": "Fan:on"}, "unknown hour"),
        ({"day": DAYS[0], "hour": HOURS[0], "action": "None:location"}, "unknown action"),
        ({"day": DAYS[0], "hour": HOURS[0]}, "wrong type: expected day, hour and action"),
        ({"day": DAYS[0], "hour": HOURS[0], "action": 3}, "wrong type: expected day, hour and action"),
        ("Fan:on", "wrong type: expected day, hour and action"),
        (None, "wrong type: expected day, hour and action"),
    ],
)
def test_an_invalid_behavior_is_rejected_alone(behavior, reason):
    good = INVENTORY.fields(Behavior(1, 2, 0, 1))
    parsed = parse_json_answer(json.dumps({"sequences": [[good, behavior], 7]}), INVENTORY)
    assert parsed is not None
    assert parsed.sequences.to_lists() == [[1, 2, 0, 1]]
    assert [(r.sequence, r.position, r.reason) for r in parsed.rejects] == [(0, 1, reason)]


ONE, TWO, THREE = ([Behavior(day, 2, 0, 1), Behavior(day, 3, 1, 2)] for day in (1, 2, 3))


def part(*sequences) -> str:
    return rendered(sequences)[len('{"sequences": [') : -2]


@pytest.mark.parametrize(
    ("text", "kept", "reasons"),
    [
        (
            f'{{"sequences": [{part(ONE)}, [{{"day": "Mon",}}], {part(TWO, THREE)}]}}',
            [ONE, TWO, THREE],
            ["no JSON"],
        ),
        (f'{{"sequences": [{part(ONE)}, [], 7, "so", {part(TWO)}]}}', [ONE, TWO], []),
        (f"{part(ONE)}\n{part(TWO)}", [ONE, TWO], []),
        (f"[{part(ONE, TWO)}]", [ONE, TWO], []),
        (f'{{"note": "x", "sequences": [{part(ONE)}], "more": [1]}}', [ONE], []),
        (f"The former ones: {rendered([ONE])}\nNew: {rendered([TWO, THREE])}", [TWO, THREE], []),
        (f'{{"sequences": [{part(ONE)}, {part(TWO)[:-9]}', [ONE], ["cut off before its end"]),
    ],
    ids=["broken", "empty", "lines", "bare", "note", "restated", "cut"],
)
def test_what_stands_around_whole_sequences_takes_none_along(text, kept, reasons):
    parsed = read_answer(text, INVENTORY)
    assert parsed.sequences.to_lists() == flat(kept)
    assert [reject.reason for reject in parsed.rejects] == reasons


@pytest.mark.parametrize(
    "piece", ['[{"a":', "[{", "[{}", '[{"action":1},', '[{"a":[{"b":1}]},', '[{"x":"', '[{"action":1}],']
)
def test_hostile_answers_are_read_in_reasonable_time(piece):
    start = time.perf_counter()
    assert not len(read_answer(piece * (400_000 // len(piece)), INVENTORY).sequences)
    assert time.perf_counter() - start < 5


def test_the_other_format_is_read_too():
    listed = "[['Monday', '(0~3)', 'Fan', 'Fan:on', 'Monday', '(3~6)', 'Other', 'None:location']]"
    assert read_answer(listed, INVENTORY).sequences.to_lists() == [[0, 0, 0, 1, 0, 1, 2, 3]]
    as_json = rendered([[Behavior(1, 2, 1, 2)]])
    assert read_answer(as_json, INVENTORY).sequences.to_lists() == [[1, 2, 1, 2]]


def test_an_action_of_another_device_is_dropped():
    listed = "[['Monday', '(0~3)', 'Fan', 'Heater:on', 'Monday', '(3~6)', 'Fan', 'Fan:off']]"
    parsed = read_answer(listed, INVENTORY)
    assert parsed.sequences.to_lists() == [[0, 1, 0, 0]]
    assert [reject.reason for reject in parsed.rejects] == ["the action is not the device's"]


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "drop", "double", "insert", "swap"]),
        st.floats(0, 1),
        st.sampled_from(
            [*"[]{},:\"'\n\\", "Fan:on", "Heater", "null", "]]", '"sequences"', "(0~3)", "\ud83d\ude00"]
        ),
    ),
    min_size=1,
    max_size=8,
)


def mutated(text: str, edits) -> str:
    for kind, share, piece in edits:
        at = int(share * len(text))
        if kind == "cut":
            text = text[:at] if at > len(text) // 2 else text
        elif kind == "drop":
            text = text[:at] + text[at + len(piece) :]
        elif kind == "double":
            text = text[:at] + text[at : at + 40] * 2 + text[at + 40 :]
        elif kind == "insert":
            text = text[:at] + piece + text[at:]
        else:
            text = text.replace(piece, piece[::-1], 3)
    return text


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(sequences=SEQUENCES, edits=EDITS, answer=st.sampled_from(["json_schema", "text"]))
def test_ten_thousand_mutated_answers(sequences, edits, answer):
    """In both formats, never an exception, never an invalid behavior."""
    words = [[word for b in one for word in HOME.words(b)] for one in sequences]
    whole = rendered(sequences) if answer == "json_schema" else f"Steps.\n<seq {words} seq>"
    parsed = read_answer(mutated(whole, edits), INVENTORY)
    check_valid(parsed, INVENTORY)


def check_valid(parsed: ParsedAnswer, inventory: Inventory) -> None:
    for sequence in parsed.sequences:
        assert sequence
        for day, hour, device, action in sequence:
            assert 0 <= day < 7
            assert 0 <= hour < 8
            assert (device, action) in inventory.pairs


@pytest.mark.release
@pytest.mark.slow
def test_ten_thousand_mutations_of_recorded_answers(release: Path):
    """Every recorded answer of FR and SP, each mutated as often as it takes."""
    draw = random.Random(6)
    pieces = [*"[]{},:\"'\n", "'Monday'", "(0~3)", "]]", "[[", "None", "seq", "\\"]
    read = 0
    for dataset in ("fr", "sp"):
        vocabulary = read_vocabulary(release, dataset)
        for folder in sorted((release / DATA_FOLDER / dataset).iterdir()):
            recorded = [one for one in scan(folder) if one.is_answer]
            if not recorded:
                continue
            log = read_sequences(context_file(release, dataset, ORIGINAL[folder.name], "trn.pkl"))
            inventory = Inventory.of(vocabulary, log)
            for one in recorded:
                text = answer_text(one.path)
                for _ in range(16):
                    edits = [
                        (
                            draw.choice(["cut", "drop", "double", "insert", "swap"]),
                            draw.random(),
                            draw.choice(pieces),
                        )
                        for _ in range(draw.randint(1, 6))
                    ]
                    check_valid(read_answer(mutated(text, edits), inventory), inventory)
                    read += 1
    assert read >= 10_000
