"""Words to ids: all words of an answer at once, and what was wrong with the others, as one by one."""

from __future__ import annotations

import ast
import json
import re
import warnings
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartgen.core.types import ACTION, DEVICE, FIELDS, Behavior, Sequences
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary
from smartgen.llm import recovery
from smartgen.llm.inventory import Inventory
from smartgen.llm.literal import read_literal
from smartgen.llm.mapping import Reject, map_quadruples, shorten
from smartgen.llm.parse import ParsedAnswer
from smartgen.llm.parse_json import parse_json_answer, without_invalid

HOME = Vocabulary(("Fan", "Heater"), ("Fan:off", "Fan:on", "Heater:switch on"))
KNOWN = (DAYS[:2], HOURS[:2], HOME.devices, HOME.actions)
OTHERS = st.sampled_from(["switch on", "Fan", "", "Moonday", 7, None, True, ["Fan"], {"a": 1}])
WORDS = [st.one_of(st.sampled_from(table), OTHERS) for table in KNOWN]
BEHAVIORS = st.one_of(st.tuples(*map(st.sampled_from, KNOWN)), st.tuples(*WORDS)).map(list)
FLATS = st.builds(lambda behaviors, rest: [*chain(*behaviors), *rest], st.lists(BEHAVIORS), st.lists(OTHERS))
ROWS = st.lists(st.one_of(FLATS, FLATS.map(tuple), OTHERS), max_size=8)


def naive(rows: list[object]) -> tuple[list[list[int]], list[Reject]]:
    """Quadruple by quadruple."""
    kept, rejects = [], []
    for number, flat in enumerate(rows):
        if not isinstance(flat, (list, tuple)):
            rejects.append(Reject(number, None, shorten(flat), "wrong type: expected a list of strings"))
            continue
        behaviors: list[int] = []
        for position in range(-(-len(flat) // 4)):
            quadruple = flat[4 * position : 4 * position + 4]
            read = naive_behavior(quadruple)
            if isinstance(read, list):
                behaviors += read
            else:
                rejects.append(Reject(number, position, shorten(quadruple), read))
        if behaviors:
            kept.append(behaviors)
        else:
            rejects.append(Reject(number, None, shorten(flat), "empty sequence: no valid behavior"))
    return kept, rejects


def naive_behavior(quadruple: list[object]) -> list[int] | str:
    if len(quadruple) < 4:
        return "incomplete quadruple"
    words = [word for word in quadruple if isinstance(word, str)]
    if len(words) < 4:
        return "wrong type: expected four strings"
    ids = [table.get(word, -1) for table, word in zip(HOME.ids, words, strict=True)]
    if ids[ACTION] < 0:
        ids[ACTION] = HOME.ids[ACTION].get(f"{words[DEVICE]}:{words[ACTION]}", -1)
    unknown = [name for name, number in zip(FIELDS, ids, strict=True) if number < 0]
    return f"unknown {unknown[0]}" if unknown else ids


@given(ROWS)
@settings(max_examples=500)
def test_words_are_mapped_as_one_by_one(rows):
    found, rejects = map_quadruples(rows, HOME)
    kept, reasons = naive(rows)
    assert found == Sequences.from_lists(kept)
    assert rejects == tuple(reasons)


PAIRS = st.builds(Behavior, st.integers(0, 6), st.integers(0, 7), st.integers(0, 1), st.integers(0, 2))


@given(st.lists(st.lists(PAIRS, min_size=1, max_size=4), max_size=6))
def test_pairs_are_checked_as_one_by_one(lists):
    inventory = Inventory.of(HOME, Sequences.from_lists([[0, 0, 1, 0]]))
    before = Reject(None, None, "so", "found before")
    sequences = Sequences.from_lists([[number for b in one for number in b] for one in lists])
    checked = without_invalid(ParsedAnswer([], sequences, (before,)), inventory)
    valid = {(0, 0), (0, 1), (1, 2), (1, 0)}
    kept = [[b for b in one if (b.device, b.action) in valid] for one in lists]
    assert list(checked.sequences) == [tuple(one) for one in kept if one]
    told = [(r.sequence, r.position, r.text) for r in checked.rejects[1:]]
    wanted = []
    for number, one in enumerate(lists):
        wrong = [(p, b) for p, b in enumerate(one) if (b.device, b.action) not in valid]
        wanted += [(number, position, shorten(HOME.words(b))) for position, b in wrong]
        wanted += [] if kept[number] else [(number, None, "")]
    assert told == wanted
    assert checked.rejects[0] == before


PIECES = [
    *"[],'\"#/\n ",
    "//",
    "'a'",
    "'Monday'",
    "(0~3)",
    "x y",
    "- Sequence 1: ",
    "original sequences:",
    "[",
]
TEXTS = st.lists(st.sampled_from([*PIECES, "['Monday', 'b']", "]" * 3, "[" * 60]), max_size=40).map("".join)
ONE_BY_ONE = re.compile(r"(?P<comment>(?<![^\s,\]\[])(?:#|//)[^\n]*)|[\[\],]|[^\[\],#/]+|[#/]")


@given(TEXTS)
@settings(max_examples=1000)
def test_plain_lists_are_read_at_once_as_word_by_word(text):
    found = recovery.candidates(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recovery, "_TOKEN", ONE_BY_ONE)
        assert recovery.candidates(text) == found


SOURCES = st.lists(
    st.sampled_from(["['a', 'b']", '["a", "b"]', "[", "]", ", ", "'a'", '"', "'", "\n", " ", "\\", "\ud800"]),
    max_size=9,
).map("".join)


@given(SOURCES)
@settings(max_examples=1000)
def test_a_literal_is_python_s(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            literal = ast.literal_eval(source)
        wanted = (literal, "") if isinstance(literal, list) else (None, "not a list")
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        wanted = (None, f"not a Python literal ({type(error).__name__})")
    assert read_literal(source) == wanted


FIELD = st.sampled_from([*DAYS[:1], HOURS[0], "Fan:on", "Heater:switch on", "so", 3, None, [], {}])
OBJECTS = st.one_of(
    st.fixed_dictionaries({}, optional={"day": FIELD, "hour": FIELD, "action": FIELD}),
    st.fixed_dictionaries(
        {
            "day": st.sampled_from(DAYS),
            "hour": st.sampled_from(HOURS),
            "action": st.sampled_from(HOME.actions),
        }
    ),
    FIELD,
)


def naive_object(value: object, inventory: Inventory) -> tuple[int, ...] | str:
    words = [value.get(name) for name in ("day", "hour", "action")] if isinstance(value, dict) else [None] * 3
    if not all(isinstance(word, str) for word in words):
        return "wrong type: expected day, hour and action"
    tables = {"day": HOME.ids[0], "hour": HOME.ids[1], "action": inventory.ids}
    for (name, table), word in zip(tables.items(), words, strict=True):
        if word not in table:
            return f"unknown {name}"
    return (DAYS.index(words[0]), HOURS.index(words[1]), *inventory.ids[words[2]])


@given(st.lists(st.lists(OBJECTS, max_size=4), max_size=4))
def test_objects_are_mapped_as_one_by_one(lists):
    inventory = Inventory.of(HOME, Sequences.from_lists([[0, 0, 1, 0]]))
    marked = [[{"action": "Fan:on", "day": "Monday", "hour": HOURS[0]}, *one] for one in lists]
    parsed = parse_json_answer(json.dumps({"sequences": marked}), inventory)
    if not lists:
        assert parsed is None
        return
    read = [[naive_object(value, inventory) for value in one] for one in marked]
    assert [list(one) for one in parsed.sequences] == [
        [b for b in one if isinstance(b, tuple)] for one in read
    ]
    wrong = [(n, p, b) for n, one in enumerate(read) for p, b in enumerate(one) if isinstance(b, str)]
    assert [(r.sequence, r.position, r.reason) for r in parsed.rejects] == wrong
