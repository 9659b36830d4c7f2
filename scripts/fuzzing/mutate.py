"""Seeded mutations of bytes and of JSON; the same case and random state give the same mutation."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

LARGEST = 1 << 16  # bytes of a case
NUMBERS = (0, 1, -1, 2, 7, 8, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63)
# Values that a file of JSON may hold where another was expected.
STRANGE: tuple[Any, ...] = (
    *(None, True, False, *NUMBERS, -5, 10**30, 0.5, 1e308, -1e308, 1e-320, float("nan"), float("inf")),
    *("", " ", "0", "x" * 300, "\ud800", "a\0b", "\x1b[31mred", "two\nlines", "\u202e", "é", "../../x", "/"),
    *([], {}, [[]], [None], {"": None}, {"x": 1}),
)
WHOLE = (b"", b"\0", b"[" * 20_000, b"{}", b"[]", b"null", b"\xef\xbb\xbf{}", b"\xff\xfe", b'"')


def mutated(data: bytes, rng: Random, tokens: Sequence[bytes] = ()) -> bytes:
    """One to six changes of bytes: bits, numbers, spans cut, doubled or moved, tokens put in."""
    changed = bytearray(data)
    for _ in range(1 + int(rng.random() ** 2 * 6)):
        _CHANGES[rng.randrange(len(_CHANGES))](changed, rng)
        if tokens and rng.random() < 0.3:
            place = rng.randrange(len(changed) + 1)
            changed[place : place + rng.choice((0, 0, 1, 4))] = rng.choice(tokens)
    return bytes(changed[:LARGEST])


def with_tokens(*tokens: bytes) -> Callable[[bytes, Random], bytes]:
    """``mutated`` with these tokens."""
    return partial(mutated, tokens=tokens)


def _place(data: bytearray, rng: Random) -> int:
    return rng.randrange(len(data)) if data else 0


def _span(data: bytearray, rng: Random) -> slice:
    start = _place(data, rng)
    return slice(start, start + 1 + int(rng.random() ** 3 * 64))


def _flip(data: bytearray, rng: Random) -> None:
    if data:
        data[_place(data, rng)] ^= 1 << rng.randrange(8)


def _set(data: bytearray, rng: Random) -> None:
    if data:
        data[_place(data, rng)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def _number(data: bytearray, rng: Random) -> None:
    size = rng.choice((1, 2, 4, 8))
    number = rng.choice(NUMBERS) % (1 << (8 * size))
    place = _place(data, rng)
    data[place : place + size] = number.to_bytes(size, rng.choice(("little", "big")))


def _cut(data: bytearray, rng: Random) -> None:
    del data[_span(data, rng)]


def _end(data: bytearray, rng: Random) -> None:
    del data[_place(data, rng) :]


def _double(data: bytearray, rng: Random) -> None:
    span = _span(data, rng)
    data[span.start : span.start] = data[span] * rng.choice((1, 1, 2, 30))


def _move(data: bytearray, rng: Random) -> None:
    piece = data[_span(data, rng)]
    place = _place(data, rng)
    data[place : place + len(piece)] = piece


def _insert(data: bytearray, rng: Random) -> None:
    place = _place(data, rng)
    data[place:place] = rng.randbytes(1 + int(rng.random() ** 3 * 16))


def _figure(data: bytearray, rng: Random) -> None:
    """Another number written in figures, where some stands."""
    places = [i for i, byte in enumerate(data[:4096]) if 48 <= byte < 58]
    if places:
        place = rng.choice(places)
        data[place : place + 1] = str(rng.choice((*NUMBERS, 1e99, "nan", "9" * 400))).encode()


_CHANGES = (_flip, _flip, _set, _set, _number, _cut, _end, _double, _move, _insert, _figure)


def json_mutated(data: bytes, rng: Random, words: Sequence[Any] = ()) -> bytes:
    """A change of a JSON value, at any depth; of its bytes where it is none, and now and then anyway."""
    draw = rng.random()
    if draw < 0.02:
        return rng.choice(WHOLE)
    if draw < 0.25:
        return mutated(data, rng)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return mutated(data, rng)
    for _ in range(1 + int(rng.random() ** 2 * 4)):
        value = changed_value(value, rng, words)
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")[:LARGEST]


def changed_value(value: Any, rng: Random, words: Sequence[Any] = ()) -> Any:
    """The same value with one place of it replaced, left out, doubled or put deeper."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        return _changed_table(dict(value), rng, words)
    if isinstance(value, list) and value and rng.random() < 0.85:
        return _changed_list(list(value), rng, words)
    draw = rng.random()
    if draw < 0.1:
        return [value] if rng.random() < 0.5 else {"x": value}
    if isinstance(value, str) and draw < 0.5:
        return mutated(value.encode("utf-8", "surrogatepass"), rng).decode("utf-8", "replace")
    if isinstance(value, int | float) and draw < 0.5:
        return rng.choice((value + 1, value - 1, -value, value * 1000, rng.choice(NUMBERS)))
    return rng.choice((*STRANGE, *words)) if words and rng.random() < 0.5 else rng.choice(STRANGE)


def _changed_table(table: dict[str, Any], rng: Random, words: Sequence[Any]) -> dict[str, Any]:
    key = rng.choice(list(table))
    draw = rng.random()
    if draw < 0.1:
        del table[key]
    elif draw < 0.2:
        table[str(rng.choice((*STRANGE, *words)))] = table[key]
    elif draw < 0.3:
        table[rng.choice(list(table))] = table[key]
    else:
        table[key] = changed_value(table[key], rng, words)
    return table


def _changed_list(values: list[Any], rng: Random, words: Sequence[Any]) -> list[Any]:
    place = rng.randrange(len(values))
    draw = rng.random()
    if draw < 0.1:
        del values[place]
    elif draw < 0.2:
        values[place:place] = values[place : place + 1] * rng.choice((1, 2, 60))
    elif draw < 0.3:
        values[place] = rng.choice(values)
    else:
        values[place] = changed_value(values[place], rng, words)
    return values
