"""Behaviors and sequences: the values that every stage takes and returns."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from smartgen.core.contents import first_of_each, pair_counts

FIELDS = ("day", "hour", "device", "action")
DAY, HOUR, DEVICE, ACTION = range(4)

MAX_BEHAVIORS = 10  # the release reads the first ten behaviors of a sequence; its raw ones have no more

IntArray = NDArray[np.integer]


class Behavior(NamedTuple):
    """One behavior (paper section 3): day 0-6 (Monday 0), hour bucket 0-7 of 3 h, device id, action id."""

    day: int
    hour: int
    device: int
    action: int


class Sequences(Sequence[tuple[Behavior, ...]]):
    """An immutable list of behavior sequences, stored by columns.

    Ten million behaviors take 160 MB here and several GB as nested Python lists.

    Args:
        values: (n_behaviors, 4) integers, the behaviors of all sequences one after another.
        offsets: (n_sequences + 1,) integers; sequence i is ``values[offsets[i]:offsets[i + 1]]``.
        times: (n_behaviors,) seconds since 1970, where the source has time stamps; the release has none.

    Example:
        >>> home = Sequences.from_lists([[0, 2, 5, 9, 0, 3, 5, 8], [6, 7, 1, 1]])
        >>> len(home), home.lengths.tolist(), home[1]
        (2, [2, 1], (Behavior(day=6, hour=7, device=1, action=1),))
    """

    __slots__ = ("offsets", "times", "values")

    def __init__(self, values: IntArray, offsets: IntArray, times: IntArray | None = None) -> None:
        self.values = _frozen(values, np.int32).reshape(-1, 4)
        self.offsets = _frozen(offsets, np.int64)
        self.times = None if times is None else _frozen(times, np.int64)
        ends_fit = self.offsets.size and self.offsets[0] == 0 and self.offsets[-1] == len(self.values)
        if not ends_fit or (np.diff(self.offsets) < 0).any():
            raise ValueError("offsets must rise from 0 to the number of behaviors")
        if self.times is not None and len(self.times) != len(self.values):
            raise ValueError("times must hold one entry a behavior")

    @classmethod
    def from_lists(cls, lists: Iterable[Sequence[int]]) -> Sequences:
        """From the release's layout: one flat list of ``day, hour, device, action`` a sequence.

        Raises:
            ValueError: a list whose length is no multiple of four; the message has its position.
        """
        values, sizes = _end_to_end(list(lists))
        wrong = np.flatnonzero(sizes % 4)
        if wrong.size:
            row = int(wrong[0])
            raise ValueError(f"sequence {row} has {sizes[row]} numbers, expected a multiple of 4")
        return cls(values, _offsets(sizes // 4))

    @classmethod
    def concatenate(cls, parts: Iterable[Sequences]) -> Sequences:
        """All sequences of the parts in order; time stamps stay if every part has them."""
        kept = list(parts)
        if not kept:
            return cls(np.zeros((0, 4), dtype=np.int32), np.zeros(1, dtype=np.int64))
        lengths = np.concatenate([part.lengths for part in kept])
        stamps = [part.times for part in kept if part.times is not None]
        times = np.concatenate(stamps) if len(stamps) == len(kept) else None
        return cls(_sealed(np.concatenate([part.values for part in kept])), _offsets(lengths), times)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n_sequences,) behaviors in each sequence."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> tuple[Behavior, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequences: ...
    def __getitem__(self, index: int | slice) -> tuple[Behavior, ...] | Sequences:
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        position = range(len(self))[index]
        rows = self.values[self.offsets[position] : self.offsets[position + 1]]
        return tuple(Behavior(*row) for row in rows.tolist())

    def __iter__(self) -> Iterator[tuple[Behavior, ...]]:
        return (self[i] for i in range(len(self)))

    def take(self, index: IntArray | Sequence[int]) -> Sequences:
        """The sequences at these positions, in this order; repeats are allowed."""
        chosen = np.asarray(index, dtype=np.int64)
        lengths = self.lengths[chosen]
        offsets = _offsets(lengths)
        starts = np.repeat(self.offsets[chosen] - offsets[:-1], lengths)
        rows = starts + np.arange(offsets[-1])
        times = None if self.times is None else self.times[rows]
        return Sequences(_sealed(self.values[rows]), offsets, times)

    def with_values(self, values: IntArray) -> Sequences:
        """The same sequences with other behaviors, (n_behaviors, 4); time stamps are dropped."""
        return Sequences(values, self.offsets)

    def to_lists(self) -> list[list[int]]:
        """The release's layout: one flat list a sequence."""
        flat = self.values.reshape(-1).tolist()
        bounds = (self.offsets * 4).tolist()
        return [flat[a:b] for a, b in itertools.pairwise(bounds)]

    def contents(self) -> list[bytes]:
        """One hashable value a sequence, equal exactly where the behaviors are equal."""
        raw, bounds = self.values.tobytes(), (self.offsets * 16).tolist()
        return [raw[a:b] for a, b in itertools.pairwise(bounds)]

    def distinct(self) -> Sequences:
        """Each content once, in the order of first occurrence.

        Example:
            >>> Sequences.from_lists([[0, 2, 5, 9], [1, 2, 5, 9], [0, 2, 5, 9]]).distinct().to_lists()
            [[0, 2, 5, 9], [1, 2, 5, 9]]
        """
        return self.take(self.first_of_each())

    def first_of_each(self) -> NDArray[np.int64]:
        """Positions of the sequences whose content does not occur before, ascending."""
        return first_of_each(self.values, self.offsets)

    def pairs(self) -> dict[tuple[int, int], int]:
        """How often each (device, action) pair occurs, ascending.

        Example:
            >>> Sequences.from_lists([[0, 2, 5, 9, 1, 2, 5, 8], [0, 3, 5, 9]]).pairs()
            {(5, 8): 1, (5, 9): 2}
        """
        return pair_counts(self.values[:, DEVICE], self.values[:, ACTION])

    def digest(self) -> str:
        """SHA-256 of the content, time stamps included."""
        sha = hashlib.sha256(self.offsets.tobytes() + self.values.tobytes())
        sha.update(b"" if self.times is None else self.times.tobytes())
        return sha.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequences):
            return NotImplemented
        pairs = ((self.offsets, other.offsets), (self.values, other.values), (self.times, other.times))
        return all(a is b or (a is not None and b is not None and np.array_equal(a, b)) for a, b in pairs)

    def __hash__(self) -> int:
        return hash((self.offsets.tobytes(), self.values.tobytes()))

    def __repr__(self) -> str:
        return f"Sequences({len(self)} sequences, {len(self.values)} behaviors)"


def as_sequences(sequences: Sequences | Iterable[Sequence[int]]) -> Sequences:
    """Accept the release's flat lists wherever sequences are wanted."""
    return sequences if isinstance(sequences, Sequences) else Sequences.from_lists(sequences)


def _end_to_end(lists: list[Sequence[int]]) -> tuple[IntArray, NDArray[np.int64]]:
    """All numbers of all lists, and how many each list has."""
    if set(map(type, lists)) <= {list, tuple}:
        sizes = np.fromiter(map(len, lists), np.int64, len(lists))
        try:
            numbers = itertools.chain.from_iterable(lists)
            return _sealed(np.fromiter(numbers, np.int32, int(sizes.sum()))), sizes
        except (TypeError, ValueError, OverflowError):
            pass  # lists in lists, or what is no number: numpy reads them, or says what is wrong
    flats = [np.asarray(flat, dtype=np.int64).reshape(-1) for flat in lists]
    sizes = np.array([flat.size for flat in flats], dtype=np.int64)
    return np.concatenate(flats), sizes


def _frozen(array: IntArray, dtype: type[np.integer]) -> NDArray[Any]:
    """The array itself if nobody can write to it, else a copy that nobody can."""
    owner = array if array.base is None else array.base
    sealed = isinstance(owner, np.ndarray) and owner.base is None and not owner.flags.writeable
    if sealed and not array.flags.writeable and array.dtype == dtype and array.flags.c_contiguous:
        return array
    return _sealed(np.array(array, dtype=dtype, order="C"))


def _sealed(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, which from now on nobody writes to; for one that nobody else has."""
    array.setflags(write=False)
    return array


def _offsets(lengths: IntArray) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
