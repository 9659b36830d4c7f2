"""Pickles and the vocabulary of a release."""

from __future__ import annotations

import encodings.raw_unicode_escape  # noqa: F401  # which pickle imports for a text of protocol 0
import json
import pickle
import unicodedata  # noqa: F401  # which the parser imports for names beyond ASCII
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from fuzzing.mutate import changed_value, json_mutated, with_tokens
from fuzzing.readers.home import ACTIONS, HOME, ROWS, check_sequences
from fuzzing.target import Mutate, Reader
from smartgen.data.release import check_ids, read_sequences, read_vocabulary, vocabulary_tables
from smartgen.data.unpickle import load_pickle
from smartgen.data.vocabulary import Vocabulary
from smartgen.llm.replay import read_answer

FILE = "case.pkl"
PLAIN = (list, tuple, dict, set, frozenset, str, bytes, bytearray, int, float, complex, bool, type(None))
# Opcodes that name, call and build, with what a hostile pickle would call.
OPCODES = (
    *(
        b"cos\nsystem\n",
        b"cposix\nsystem\n",
        b"csubprocess\nPopen\n",
        b"cbuiltins\nexec\n",
        b"cbuiltins\neval\n",
    ),
    *(b"\x8c\x02os\x8c\x06system\x93", b"\x8c\x05a\n\x1b[m\x8c\x03b\nc\x93", b"ios\nsystem\n", b"\x82\x01"),
    *(b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n"),
    *(b"cnumpy._core.multiarray\nscalar\n", b"cnumpy\nload\n", b"X\x04\x00\x00\x00echo", b"K\x01", b"N"),
    *(
        b"(",
        b")",
        b"t",
        b"]",
        b"}",
        b"R",
        b"b",
        b"o",
        b"\x81",
        b"\x92",
        b"\x85",
        b"\x86",
        b"Q",
        b"Pid\n",
        b"0",
    ),
    *(b"r\xff\xff\xff\x0f", b"j\xff\xff\xff\x7f", b"\x8e\xff\xff\xff\xff\x00\x00\x00\x00", b"p99999999\n"),
    *(b"\x95\xff\xff\xff\xff\x00\x00\x00\x00", b"\x8b\xff\xff\xff\x7f", b"T\xff\xff\xff\x7f", b"2", b"."),
    *(
        b"I1e5\n",
        b"L9999999999L\n",
        b"F1e999\n",
        b"V\\ud800\n",
        b"S'a'\n",
        b"\x80\x05",
        b"a",
        b"s",
        b"u",
        b"e",
    ),
)


def pickles(folder: Path) -> Reader:
    """``load_pickle``: nothing is imported, called or executed, and nothing but plain values comes back."""
    path = folder / FILE

    def read(data: bytes) -> bool:
        path.write_bytes(data)
        _check_plain(load_pickle(path), set())
        return True

    arrays = [
        np.arange(6).reshape(2, 3),
        np.float64(0.5),
        np.array(["a", "bc"]),
        np.array([True]),
        np.int32(7),
    ]
    plain: list[Any] = [ROWS, {"a": (1, 2.5, None)}, ["text", 2**70]]
    values = [*plain, [b"bytes", (1, "two")], arrays]
    # Protocols below 3 write bytes as a call, and 5 arrays as another one, which are refused.
    seeds = tuple(pickle.dumps(one, 4) for one in values)
    seeds += tuple(pickle.dumps(one, protocol) for protocol in (0, 2, 5) for one in plain)
    return Reader("pickle", read, seeds, _mutate(values), FILE, tokens=OPCODES)


def sequences(folder: Path) -> Reader:
    """``read_sequences`` and ``check_ids`` on the pickle of a part of the release."""
    path = folder / FILE

    def read(data: bytes) -> bool:
        path.write_bytes(data)
        found = read_sequences(path)
        check_sequences(found, None)
        check_ids(found, HOME, path)
        check_sequences(found)
        return bool(len(found))

    values: list[Any] = [
        ROWS,
        tuple(map(tuple, ROWS)),
        [np.array(row) for row in ROWS],
        np.array([ROWS[0][:4]]),
    ]
    seeds = (pickle.dumps(ROWS, 0), pickle.dumps(ROWS, 2), *(pickle.dumps(value, 4) for value in values))
    return Reader("sequences", read, seeds, _mutate([ROWS]), FILE, tokens=OPCODES)


def recordings(folder: Path) -> Reader:
    """A recorded answer of an LLM, as ``synthesizer=replay`` reads it."""
    path = folder / FILE
    answer = "Here:\n[['Monday','(6~9)','Light','Light:on','Monday','(6~9)','Fan','Fan:off']]\nDone."
    loose = "[ ['Sunday', '(0~3)', 'Heater', 'Heater:on'], ['Friday', '(3~6)', 'Lamp', 'Lamp:on'], ]"

    def read(data: bytes) -> bool:
        path.write_bytes(data)
        for recover in (False, True):
            parsed = read_answer(path, HOME, recover)
            check_sequences(parsed.sequences)
        return bool(len(parsed.sequences))

    seeds = tuple(pickle.dumps(text, protocol) for protocol in (0, 4) for text in (answer, loose))
    compile_ = frozenset({"compile"})  # of a literal: ast.literal_eval
    return Reader("recordings", read, seeds, _mutate([answer, loose]), FILE, compile_, OPCODES)


def vocabulary(folder: Path) -> Reader:
    """The vocabulary of a release: dictionary.json, or the literals of dictionary.py, of which none runs."""
    root = folder / "release"
    (root / "SmartGen").mkdir(parents=True)
    tables = {
        "toy_devices_dict": {name: i for i, name in enumerate(HOME.devices)},
        "toy_actions": {name: i for i, name in enumerate(ACTIONS)},
        "toy_actions_off": {name: i for i, name in enumerate(ACTIONS) if name.endswith("off")},
    }
    code = "import os\nos.system('true')\n" + "".join(
        f"{name} = {table!r}\n" for name, table in tables.items()
    )

    def read(data: bytes) -> bool:
        for ending, mark in (("json", b"J"), ("py", b"P")):
            path = root / f"SmartGen/dictionary.{ending}"
            path.unlink(missing_ok=True)
            if data[:1] == mark:
                path.write_bytes(data[1:])
        vocabulary_tables(root)
        found = read_vocabulary(root, "toy")
        _check_vocabulary(found)
        return bool(found.devices and found.actions)

    words = (
        b"toy_actions",
        b"eval('1')",
        b"{[]: 1}",
        b"-" * 3000,
        b"(" * 300,
        b"\\d",
        b"1j",
        b"{**{}}",
        b"= ",
    )
    of_code = with_tokens(*words)

    def mutate(data: bytes, rng: Random) -> bytes:
        change = json_mutated if data[:1] == b"J" else of_code
        mark = rng.choice((b"J", b"P")) if rng.random() < 0.02 else data[:1]
        return mark + change(data[1:], rng)

    seeds = (b"J" + json.dumps(tables).encode(), b"P" + code.encode())
    return Reader("vocabulary", read, seeds, mutate, str(root), frozenset({"compile"}), words)


def _check_vocabulary(found: Vocabulary) -> None:
    for names in (found.devices, found.actions):
        assert all(isinstance(name, str) for name in names), names
        assert len(set(names)) == len(names), names
    assert all(0 <= number < len(found.actions) for number in found.off_actions), found.off_actions
    assert found.pad >= max(len(found.actions), len(found.devices))


def _mutate(values: list[Any]) -> Mutate:
    """Bytes of a pickle changed, opcodes put in; or another value pickled anew."""
    raw = with_tokens(*OPCODES)

    def mutate(data: bytes, rng: Random) -> bytes:
        if rng.random() < 0.6:
            return raw(data, rng)
        value = rng.choice(values)
        for _ in range(rng.randrange(4)):
            value = changed_value(value, rng)
        if isinstance(value, list) and rng.random() < 0.3:
            value = np.array(value, dtype=object) if rng.random() < 0.2 else [_array(row) for row in value]
        return pickle.dumps(value, rng.randrange(6))

    return mutate


def _array(row: Any) -> Any:
    """A row as an array, where it can be one."""
    try:
        return np.array(row)
    except ValueError:
        return row


def _check_plain(value: Any, seen: set[int], depth: int = 0) -> None:
    """Only values that no code comes with, each looked at once; deeper than a hundred levels nobody looks."""
    if isinstance(value, np.ndarray | np.generic):
        assert value.dtype.kind in "biufSU", value.dtype
        return
    if type(value).__module__ == "smartgen.data.unpickle":
        return  # a stand-in, which does nothing
    assert type(value) in PLAIN or (
        isinstance(value, type) and value.__module__ == "smartgen.data.unpickle"
    ), value
    if depth < 100 and isinstance(value, list | tuple | set | frozenset | dict) and id(value) not in seen:
        seen.add(id(value))
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        for one in inner:
            _check_plain(one, seen, depth + 1)
