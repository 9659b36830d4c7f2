"""What an LLM answers, and how an endpoint wraps it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from openai._models import construct_type
from openai.types.chat import ChatCompletion

from fuzzing.mutate import json_mutated, with_tokens
from fuzzing.readers.home import HOME, LOG, check_sequences
from fuzzing.target import Reader
from smartgen.data.vocabulary import HOURS
from smartgen.llm.batch import read_line
from smartgen.llm.client import MOST_TOKENS, checked
from smartgen.llm.inventory import Inventory
from smartgen.llm.parse import ParsedAnswer, parse_answer
from smartgen.llm.parse_json import read_answer
from smartgen.llm.requests import Answer
from smartgen.llm.shifts import USES, read_shifts, shift_devices

INVENTORY = Inventory.of(HOME, LOG)
ANSWERS = (
    "Sure:\n[['Monday','(6~9)','Light','Light:on','Monday','(6~9)','Fan','Fan:off'],['Sunday','(0~3)','Fan','']]",
    "[\n ['Sunday', '(0~3)', 'Heater', 'Heater:on'],\n ['Friday', '(3~6)', 'Lamp', 'Lamp:on'],\n]",
    json.dumps(
        {
            "sequences": [
                [{"day": "Monday", "hour": "(6~9)", "action": "Light:on"}, {"day": "x"}],
                [],
                [{"action": 1}],
            ]
        }
    ),
    json.dumps({"devices": {"Fan": "never", "Light": "more"}, "hours": {HOURS[2]: "less", "x": "same"}}),
    "```json\n[[\"Monday\",\"(6~9)\",\"Light\",\"Light:on\"]]\n``` [['Monday', '(6~9)', 'Fan', 'Fan:off']",
)
ANSWER_TOKENS = (
    *(
        b"[[",
        b"]]",
        b"[",
        b"]",
        b"{",
        b"}",
        b"'",
        b'"',
        b"\\",
        b",",
        b"'Monday'",
        b'"(6~9)"',
        b"Light:on",
        b"\n",
        b"`",
    ),
    *(
        b"[" * 300,
        b"(" * 300,
        b"[[" * 5000,
        b"[{" * 3000,
        b'{"a":' * 3000,
        b"\\ud800",
        b"\\x00",
        b"\xf0\x9f\x92\xa1",
    ),
    *(
        b"1" * 5000,
        b"1e999",
        b"NaN",
        b"-" * 500,
        b"None",
        b"b'x'",
        b"f'{1}'",
        b"__import__('os')",
        b"\0",
        b"#",
    ),
)


def answers(folder: Path) -> Reader:
    """Any text as an answer: read as sequences and as shifts; never an invalid behavior."""
    change = with_tokens(*ANSWER_TOKENS)

    def read(data: bytes) -> bool:
        text = data.decode("utf-8", "replace")
        _check_answer(parse_answer(text, HOME, recover=False))
        _check_answer(parse_answer(text, HOME))
        found = read_answer(text, INVENTORY)
        _check_answer(found)
        values = found.sequences.values
        assert INVENTORY.holds(values[:, 2], values[:, 3]).all(), "an action of another device"
        shifts = read_shifts(text, shift_devices(INVENTORY))
        if shifts is not None:
            assert set(shifts.devices) <= set(HOME.devices), shifts
            assert set(shifts.hours) <= set(HOURS), shifts
            assert {*shifts.devices.values(), *shifts.hours.values()} <= set(USES), shifts
        return bool(len(found.sequences)) or shifts is not None

    def mutate(data: bytes, rng: Random) -> bytes:
        words = ("Monday", "(6~9)", "Light:on", "Fan", "sequences", "devices", "hours", "more")
        return json_mutated(data, rng, words) if data[:1] == b"{" else change(data, rng)

    seeds = tuple(text.encode() for text in ANSWERS)
    return Reader("answers", read, seeds, mutate, "", frozenset({"compile"}), ANSWER_TOKENS)


def _check_answer(parsed: ParsedAnswer) -> None:
    check_sequences(parsed.sequences)
    assert parsed.sequences.lengths.all(), "an empty sequence"
    assert all(one.reason for one in parsed.rejects)


REPLY: dict[str, Any] = {
    "id": "x",
    "object": "chat.completion",
    "created": 0,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "[[]]"}}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
}


def replies(folder: Path) -> Reader:
    """JSON of an endpoint, built as the openai package builds it; and lines of a batch's output."""
    batch = {"custom_id": "k", "response": {"status_code": 200, "body": REPLY}, "error": None}

    def read(data: bytes) -> bool:
        text = data.decode("utf-8", "replace")
        key, answer = read_line(text)
        assert isinstance(key, str)
        if isinstance(answer, Answer):
            _check_reply(answer)
            return True
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return False
        try:
            found = checked(construct_type(type_=ChatCompletion, value=value), 1.0)
        except ValueError:  # how it refuses a reply, which is then asked for again
            return False
        _check_reply(found)
        return True

    seeds = [REPLY, REPLY | {"usage": None}, batch, batch | {"error": {"message": "no"}}]
    refusal = {"index": 0, "finish_reason": "length", "message": {"role": "assistant", "refusal": "no"}}
    seeds.append(REPLY | {"choices": [refusal]})
    return Reader("replies", read, tuple(json.dumps(one).encode() for one in seeds), json_mutated)


def _check_reply(answer: Answer) -> None:
    """Of the types that the cache keeps."""
    assert isinstance(answer.text, str), answer
    assert isinstance(answer.finish_reason, str), answer
    (answer.text + answer.finish_reason).encode()
    for count in (answer.prompt_tokens, answer.completion_tokens):
        assert count is None or (isinstance(count, int) and 0 <= count < MOST_TOKENS), answer
