"""From the words of an answer to the ids of the home, all words of an answer at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, DEVICE, FIELDS, Behavior, Sequences
from smartgen.data.vocabulary import Vocabulary

EMPTY: Final = "empty sequence: no valid behavior"
_NO_LIST: Final = "wrong type: expected a list of strings"
_WIDTH: Final = len(FIELDS)
_SHOWN: Final = 120


@dataclass(frozen=True)
class Reject:
    """Something in an answer that became no behavior.

    Args:
        sequence: its sequence's position in the answer; None if it belongs to none.
        position: the quadruple's position in that sequence; None if it is not one quadruple.
        text: what stood there, shortened.
        reason: what is wrong with it.
    """

    sequence: int | None
    position: int | None
    text: str
    reason: str


def map_quadruples(
    quadruples: Iterable[object], vocabulary: Vocabulary
) -> tuple[Sequences, tuple[Reject, ...]]:
    """Strings to ids by the release's rule.

    Position modulo 4 selects the table. An unknown action is tried again with the element before it and a
    colon in front (``Heater``, ``switch on``). A quadruple with a string that stays unknown is dropped, and
    so is a sequence without a behavior. Whether the action belongs to the device is not asked (D16), and
    length is not limited.

    Args:
        quadruples: one flat list of strings a sequence; whatever else stands there is rejected.
        vocabulary: the home's.
    """
    rows = list(quadruples)
    flats: list[Sequence[object]] = [row if isinstance(row, (list, tuple)) else () for row in rows]
    sizes = np.fromiter(map(len, flats), np.int64, len(flats))
    counts = sizes // _WIDTH
    owner = np.repeat(np.arange(len(rows)), counts)
    position = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    ids = _look_up(flats, vocabulary)
    rejects: list[Reject] = []
    for i in np.flatnonzero(ids[:, ACTION] < 0).tolist():
        row, place = int(owner[i]), int(position[i])
        quadruple = flats[row][_WIDTH * place : _WIDTH * place + _WIDTH]
        behavior = _behavior(quadruple, vocabulary)
        if isinstance(behavior, Behavior):
            ids[i] = behavior
        else:
            rejects.append(Reject(row, place, shorten(quadruple), behavior))
    for row in np.flatnonzero(sizes % _WIDTH).tolist():
        place = int(counts[row])
        rejects.append(Reject(row, place, shorten(flats[row][_WIDTH * place :]), "incomplete quadruple"))
    kept, empty = keep(ids, owner, ids[:, ACTION] >= 0, len(rows))
    for number in empty:
        is_list = isinstance(rows[number], (list, tuple))
        rejects.append(Reject(number, None, shorten(rows[number]), EMPTY if is_list else _NO_LIST))
    return kept, in_order(rejects)


def keep(
    ids: NDArray[np.int32], owner: NDArray[np.int64], good: NDArray[np.bool_], count: int
) -> tuple[Sequences, list[int]]:
    """The sequences of the good behaviors, and the positions of those that have none.

    Args:
        ids: (n_behaviors, 4) of all sequences one after another.
        owner: (n_behaviors,) the sequence of each, rising.
        good: (n_behaviors,) whether it stays.
        count: sequences.
    """
    sizes = np.bincount(owner[good], minlength=count)
    offsets = np.append(0, np.cumsum(sizes[sizes > 0]))
    return Sequences(ids[good], offsets), np.flatnonzero(sizes == 0).tolist()


def in_order(rejects: Iterable[Reject]) -> tuple[Reject, ...]:
    """By sequence and position; what says something of a whole sequence behind its behaviors."""

    def place(one: Reject) -> tuple[float, float]:
        return (
            np.inf if one.sequence is None else one.sequence,
            np.inf if one.position is None else one.position,
        )

    return tuple(sorted(rejects, key=place))


def shorten(value: object, most: int = _SHOWN) -> str:
    """A value as a reject shows it."""
    try:
        shown = value if isinstance(value, str) else repr(value)
    except ValueError:  # an integer of more digits than Python prints
        shown = f"a {type(value).__name__} too long to show"
    return shown if len(shown) <= most else shown[: most - 3] + "..."


def _look_up(flats: Sequence[Sequence[object]], vocabulary: Vocabulary) -> NDArray[np.int32]:
    """(n, 4) ids of the whole quadruples; four times -1 where the home lacks a word, or one is no word."""
    whole = (flat[: len(flat) - len(flat) % _WIDTH] if len(flat) % _WIDTH else flat for flat in flats)
    words = list(chain.from_iterable(whole))
    if not set(map(type, words)) <= {str}:
        words = [word if isinstance(word, str) else None for word in words]  # all can be looked up then
    ids = np.empty((len(words) // _WIDTH, _WIDTH), dtype=np.int32)
    for column, table in enumerate(vocabulary.ids):
        known: Mapping[Any, int] = table
        ids[:, column] = np.fromiter(map(known.get, words[column::_WIDTH], repeat(-1)), np.int32, len(ids))
    ids[(ids < 0).any(axis=1)] = -1
    return ids


def _behavior(quadruple: Sequence[object], vocabulary: Vocabulary) -> Behavior | str:
    """The ids, or the reason why there are none."""
    words = [word for word in quadruple if isinstance(word, str)]
    if len(words) < _WIDTH:
        return "wrong type: expected four strings"
    ids = [table.get(word, -1) for table, word in zip(vocabulary.ids, words, strict=True)]
    if ids[ACTION] < 0:
        ids[ACTION] = vocabulary.ids[ACTION].get(f"{words[DEVICE]}:{words[ACTION]}", -1)
    unknown = [name for name, number in zip(FIELDS, ids, strict=True) if number < 0]
    return f"unknown {unknown[0]}" if unknown else Behavior(*ids)
