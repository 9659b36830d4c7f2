"""The release's rule, its mapping, and what recovery reads and leaves."""

from __future__ import annotations

import ast
import json
import re
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartgen.core.types import Behavior, Sequences
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary
from smartgen.llm.literal import read_literal
from smartgen.llm.mapping import map_quadruples
from smartgen.llm.parse import MAX_CHARACTERS, longest_span, parse_answer

HOME = Vocabulary(
    ("Fan", "Heater", "Light"),
    ("Fan:off", "Fan:on", "Heater:off", "Heater:switch on", "Light:off", "Light:on"),
)
MONDAY = "'Monday', '(0~3)', 'Heater', 'Heater:switch on'"
TUESDAY = "'Tuesday', '(3~6)', 'Light', 'Light:on'"
MON, TUE = [0, 0, 1, 3], [1, 1, 2, 5]

BEHAVIORS = st.builds(
    Behavior, st.integers(0, 6), st.integers(0, 7), st.integers(0, 2), st.integers(0, len(HOME.actions) - 1)
)
SEQUENCES = st.lists(st.lists(BEHAVIORS, min_size=1, max_size=5), min_size=1, max_size=5)
WORDS = [*"[],'\"#/\n` ", "//", "[[", "]]", "seq", "<seq ", "```", "original sequences:"]
WORDS += [f"'{word}'" for word in (*DAYS[:2], HOURS[0], *HOME.devices, *HOME.actions[:3])]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=60).map("".join))


LITERALS = st.lists(
    st.sampled_from(
        [*"[],'\" \n\t#\\b1", "[[", "]]", "', '", '", "', "''", '""', "None", "\ud800", "\x00", "\x0c"]
    ),
    max_size=14,
).map(lambda parts: f"[[{''.join(parts)}]]")


@given(LITERALS)
@settings(max_examples=2000)
def test_lists_of_strings_read_as_json_are_the_literal(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            literal = ast.literal_eval(source)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        literal = None
    assert read_literal(source)[0] == (literal if isinstance(literal, list) else None)


def flat(sequences: list[list[Behavior]]) -> list[list[str]]:
    return [[word for behavior in one for word in HOME.words(behavior)] for one in sequences]


def nested(sequences: list[list[Behavior]]) -> list[list[list[str]]]:
    return [[list(HOME.words(behavior)) for behavior in one] for one in sequences]


def by_lines(sequences: list[list[Behavior]]) -> str:
    lines = ",\n    ".join(map(str, flat(sequences)))
    return f"### Final set\n```python\n<seq [\n    {lines}\n] seq>\n```\nIt adapts, as wanted."


RENDERINGS = {
    "format": lambda sequences: f"Step 1, think.\n<seq {flat(sequences)} seq>\nDone.",
    "lines": by_lines,
    "bullets": lambda sequences: "\n".join(f"- Sequence {i}: {one}" for i, one in enumerate(flat(sequences))),
    "unquoted": lambda sequences: str(flat(sequences)).replace("'", ""),
    "json": lambda sequences: json.dumps({"sequences": flat(sequences)}),
    "nested json": lambda sequences: json.dumps({"sequences": nested(sequences)}, indent=1),
}


def ids(sequences: list[list[Behavior]]) -> Sequences:
    return Sequences.from_lists([[number for behavior in one for number in behavior] for one in sequences])


def lists(text: str, recover: bool = True) -> list[list[int]]:
    return parse_answer(text, HOME, recover).sequences.to_lists()


@pytest.mark.parametrize("render", RENDERINGS.values(), ids=RENDERINGS)
@given(sequences=SEQUENCES)
def test_a_rendered_answer_comes_back(render, sequences):
    assert parse_answer(render(sequences), HOME).sequences == ids(sequences)


@pytest.mark.parametrize("render", RENDERINGS.values(), ids=RENDERINGS)
@given(sequences=SEQUENCES, data=st.data())
def test_a_cut_answer_gives_its_first_whole_sequences(render, sequences, data):
    text = render(sequences)
    cut = data.draw(st.integers(0, len(text)))
    found = parse_answer(text[:cut], HOME).sequences
    assert found == ids(sequences)[: len(found)]


@given(TEXTS)
def test_no_text_raises_and_all_ids_are_known(text):
    for recover in (False, True):
        parsed = parse_answer(text, HOME, recover)
        for behavior in (behavior for one in parsed.sequences for behavior in one):
            words = HOME.words(behavior)
            assert all(word in text for word in words[:3])
            assert words[3] in text or words[3].removeprefix(f"{words[2]}:") in text
        assert all(parsed.sequences.lengths)
        assert parsed.quadruples is not None or parsed.recovered or parsed.rejects


@given(TEXTS)
def test_spans_are_those_of_the_released_regular_expression(text):
    matches = re.findall(r"\[\[.*?\]\]", text, re.DOTALL)
    span = longest_span(text)
    assert (None if span is None else text[slice(*span)]) == (max(matches, key=len) if matches else None)


def test_the_released_rule_takes_the_longest_list_and_drops_what_it_cannot_read():
    text = f"For example [[{MONDAY}]]. Final: <seq [[{MONDAY}, {TUESDAY}], [{TUESDAY}]] seq>"
    parsed = parse_answer(text, HOME, recover=False)
    assert parsed.quadruples == [
        ["Monday", "(0~3)", "Heater", "Heater:switch on", "Tuesday", "(3~6)", "Light", "Light:on"],
        ["Tuesday", "(3~6)", "Light", "Light:on"],
    ]
    assert parsed.sequences.to_lists() == [MON + TUE, TUE]
    broken = parse_answer(f"<seq [\n[{MONDAY}],\n[{TUESDAY}]\n] seq>", HOME, recover=False)
    assert broken.quadruples is None
    assert [reject.reason for reject in broken.rejects] == ["unparsable answer: no [[ ... ]]"]
    assert (
        parse_answer("[[1, f()]]", HOME)
        .rejects[0]
        .reason.startswith("unparsable answer: not a Python literal")
    )


@pytest.mark.parametrize(
    ("quadruple", "reason"),
    [
        (["Moonday", "(0~3)", "Heater", "Heater:off"], "unknown day"),
        (["Monday", "(1~3)", "Heater", "Heater:off"], "unknown hour"),
        (["Monday", "(0~3)", "Heating", "Heater:off"], "unknown device"),
        (["Monday", "(0~3)", "Heater", "Heater:sing"], "unknown action"),
        (["Monday", "(0~3)", "Heater", 7], "wrong type: expected four strings"),
        (["Monday", "(0~3)", ["Heater"], "Heater:off"], "wrong type: expected four strings"),
        (["Monday", "(0~3)", "Heater"], "incomplete quadruple"),
    ],
)
def test_an_invalid_quadruple_is_rejected_alone(quadruple, reason):
    good = ["Monday", "(0~3)", "Heater", "Heater:off"]
    found, rejects = map_quadruples([good + quadruple], HOME)
    assert found.to_lists() == [[0, 0, 1, 2]]
    assert [(one.sequence, one.position, one.reason) for one in rejects] == [(0, 1, reason)]


def test_mapping_repairs_a_bare_command_keeps_foreign_actions_and_drops_empty_sequences():
    found, rejects = map_quadruples(
        [["Sunday", "(21~24)", "Heater", "switch on"], [], "prose", ["Monday", "(0~3)", "Light", "Fan:on"]],
        HOME,
    )
    assert found.to_lists() == [[6, 7, 1, 3], [0, 0, 2, 1]]
    assert [(one.sequence, one.reason) for one in rejects] == [
        (1, "empty sequence: no valid behavior"),
        (2, "wrong type: expected a list of strings"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"[\n[{MONDAY}], # warm, [up]\n[{TUESDAY}] // light\n]", [MON, TUE], id="comments"),
        pytest.param(f"[ [{MONDAY}], Then at night: [{TUESDAY}] ]", [MON, TUE], id="prose between"),
        pytest.param(f"[[{MONDAY}], [{TUESDAY}, [{MONDAY}]]", [MON, TUE, MON], id="no closing bracket"),
        pytest.param(f"[[{MONDAY}], {TUESDAY}], [{MONDAY}]]", [MON, TUE, MON], id="no opening bracket"),
        pytest.param(f"[[{MONDAY}], ['Tuesday, '(3~6)', Light, \"Light:on\"]]", [MON, TUE], id="quotes"),
        pytest.param(
            f"[\n[{MONDAY}, 'Monday', '(0~3)', 'Fan', 'Fan:on [50]', {TUESDAY}]]", [MON + TUE], id="list"
        ),
        pytest.param("Use [Light, Fan] and [Heater].", [], id="other lists"),
        pytest.param(f"Change [{MONDAY}] to [{TUESDAY}].", [], id="examples in a sentence"),
        pytest.param(
            f"The original sequences are:\n```\n[[{MONDAY}]]\n```\nand then", [MON], id="released anyway"
        ),
        pytest.param(
            f"Original sequence:\n[ [{MONDAY}], [{MONDAY}] ]\nNew:\n[ [{TUESDAY}] ]", [TUE], id="restated"
        ),
        pytest.param(
            f"Original sequence: [[{MONDAY}]]\nNew:\n[\n[{TUESDAY}]\n]", [TUE], id="restated, readable"
        ),
        pytest.param(f"Format [['......'], ['......']]\n[ [{MONDAY}] ]", [MON], id="placeholder"),
        pytest.param(
            f"As before:\n[ [{MONDAY}] ]\nNew:\n[ ['Monday', '(1~2)', 'Fan', 'Fan:on', {TUESDAY[:-1]}x'] ]",
            [],
            id="larger list invalid",
        ),
    ],
)
def test_recovery(text, expected):
    assert lists(text) == expected


def test_recovery_gives_reasons():
    parsed = parse_answer(
        f"[\n[{MONDAY}, 'Monday', '(1~3)', 'Fan', 'Fan:on'],\nat last\n[{TUESDAY}, 'Mon", HOME
    )
    assert parsed.recovered
    assert parsed.quadruples is None
    assert [one.reason for one in parsed.rejects] == [
        "unknown hour",
        "text between lists",
        "cut off before its end",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[[" * 200_000,
        "[" * 400_000 + "]" * 400_000,
        "[[" + "-" * 300_000 + "1]]",
        "[[" + "1+" * 100_000 + "1]]",
        "[[" + "'x'," * 99_000 + "]]",
        "[[" + "'x'," * 200_000 + "]]",
        "[[" + "9" * 5_000 + "]]",
        "[[{[]: 1}]]",
        "[[0x" + "f" * 5_000 + "], 0x" + "f" * 5_000 + ", []]",
        "[[0x" + "f" * 5_000 + "]]",
        "[['\udc80\x00\\N{x}\\d']]",
        "#/" * 200_000,
        "['[" * 130_000,
        "- [x] y\n" * 50_000,
        f"[\n[{MONDAY}]," * 8_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_answers_are_read_in_reasonable_time(text):
    start = time.perf_counter()
    parsed = parse_answer(text, HOME)
    assert time.perf_counter() - start < 5
    assert parsed.rejects


def test_an_answer_beyond_the_limit_is_rejected_by_name():
    text = f"[[{MONDAY}], [{'0,' * MAX_CHARACTERS}]]"
    assert (
        f"more than {MAX_CHARACTERS:,} characters"
        in parse_answer(text, HOME, recover=False).rejects[0].reason
    )
