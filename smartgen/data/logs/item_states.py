"""Which rows of a log of states change something: an item that keeps its state has done nothing (ours).

A persistence service writes an item's state every minute, whatever happens. Such a row is an action only
where the state is another than the item's last one, in time order, however the rows stand in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from itertools import repeat
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from smartgen.data.logs.events import Events, action_name
from smartgen.data.logs.mapping import LogMapping
from smartgen.data.logs.tally import Tally

if TYPE_CHECKING:
    from smartgen.data.logs.blocks import Block

AS_BEFORE: Final = "the state that its item had before (dataset.mapping)"
BLOCK: Final = 1 << 18  # rows that are judged at once
_REMEMBERED: Final = 200_000  # values, and items that show no action: more are no items but damage
_NO_STATE: Final = 0  # the key of a row that tells none

Mask = NDArray[np.bool_]


class ItemStates:
    """The states of all items: twelve bytes a row beside its behavior, no text of it.

    A row that the mapping leaves out though its item has that state (a washing machine's ``IDLE``, beside
    ``RUN``, which is an action) is kept until the end, for the ``RUN`` after it is an action again. Items
    that have shown no action so far (thermometers, most rows of a log) need none of this and take no memory.

    Args:
        mapping: says which values are events and not states.
        tally: where rows that change nothing are counted.
    """

    def __init__(self, mapping: LogMapping, tally: Tally) -> None:
        self._mapping, self._tally = mapping, tally
        self._items: dict[str, int] = {}
        self._item_of: dict[int, int] = {}  # of an action
        self._acted = np.zeros(0, np.bool_)  # items that have shown an action
        self._passed = _Spans()  # of rows that stand in blocks before an item's first action
        self._judged = _Spans()  # of all others
        self._known: dict[str, int] = {}
        self._keys, self._lines = bytearray(), bytearray()
        self._unit = ""

    def add(
        self, block: Block, actions: NDArray[np.int32], told: Mask
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The next block's rows that are needed to judge, in its order.

        Args:
            block: of rows.
            actions: (n,) int32 places of their actions, below 0: none.
            told: (n,) which of the rows without an action tell a state all the same.

        Returns:
            (k,) int64 the rows; (k,) int32 their actions, or -1 less the item where there is none.
        """
        acts, told = block.stamps.readable & (actions >= 0), block.stamps.readable & told
        items = self._numbers(block, acts, told)
        places, first = np.unique(actions[acts], return_index=True)
        self._item_of.update(zip(places.tolist(), items[acts][first].tolist(), strict=True))
        self._acted[items[acts]] = True
        judged = (acts | told) & (items >= 0)
        judged[judged] = self._acted[items[judged]]
        passed = told & ~judged & (items >= 0)
        for spans, some in ((self._passed, passed), (self._judged, judged)):
            spans.add(items[some], block.stamps.times[some], len(self._items))
        rows = np.flatnonzero(judged)
        keys = np.fromiter(map(self._key, map(block.values.__getitem__, rows.tolist())), np.int64, len(rows))
        self._keys += keys.tobytes()
        self._lines += block.lines[rows].astype(np.uint32).tobytes()
        self._unit = block.unit
        return rows, np.where(acts, actions, -1 - items)[rows]

    def _numbers(self, block: Block, acts: Mask, told: Mask) -> NDArray[np.int32]:
        """(n,) int32 numbers of the rows' items, -1 of rows that say nothing of one."""
        texts = list(zip(block.devices, block.attributes or repeat(""), strict=False))
        number_of = dict.fromkeys(texts, -1)
        for rows in (acts, told):
            for text in dict.fromkeys(texts[row] for row in np.flatnonzero(rows).tolist()):
                name = action_name(text[0], text[1].lower())
                if rows is acts or name in self._items or len(self._items) < _REMEMBERED:
                    number_of[text] = self._items.setdefault(name, len(self._items))
        self._acted = np.pad(self._acted, (0, len(self._items) - len(self._acted)))
        return np.fromiter(map(number_of.__getitem__, texts), np.int32, len(texts))

    def _key(self, value: str) -> int:
        """What stands for a state: eight bytes of its digest."""
        if value not in self._known:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            state = self._mapping.state(value)
            digest = blake2b(state.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            self._known[value] = _NO_STATE if not state else int.from_bytes(digest, "little", signed=True)
        return self._known[value]

    def changes(self, events: Events) -> Events:
        """The rows that change their item's state; those that do not are counted.

        The first state of an item counts as a change, for what was before is not told.

        Args:
            events: all rows that ``add`` returned, in their order, on the home's clock.
        """
        self._note_unseen()
        changed, acts = self._changed(events), events.actions >= 0
        same = np.flatnonzero(acts & ~changed)
        if len(same):
            row = int(same[0])
            line = int(np.frombuffer(self._lines, np.uint32)[row])
            first = f"{self._unit} {line:,}: {events.names[int(events.actions[row])]!r}"
            self._tally.drop(AS_BEFORE, len(same), first)
        self._keys, self._lines = bytearray(), bytearray()  # make room for the columns below
        acts &= changed
        if acts.all():
            return events
        return replace(
            events, times=events.times[acts], offsets=events.offsets[acts], actions=events.actions[acts]
        )

    def _note_unseen(self) -> None:
        """Tell of items whose rows are in no order, so that what was passed over belongs between actions."""
        items = np.flatnonzero(self._acted & self._passed.overlap(self._judged))
        if len(items):
            name = list(self._items)[items[0]].rstrip(":")
            self._tally.note(
                f"rows are not in time order, and {len(items):,} items, as {name!r}, have values that the "
                "mapping leaves out before their first action in the file: states that are dropped as those "
                "before may be actions; sort the file by time"
            )

    def _changed(self, events: Events) -> Mask:
        """(n,) whether a row's state is another than its item's last; rows that tell none do."""
        keys = np.frombuffer(self._keys, np.int64)
        item_of = np.zeros(len(events.names), np.int64)
        item_of[list(self._item_of)] = list(self._item_of.values())
        changed = np.ones(len(keys), np.bool_)
        last = np.full(len(self._items), _NO_STATE, np.int64)
        for part in self._in_time_order(events.times):
            rows = part[keys[part] != _NO_STATE]
            actions = events.actions[rows].astype(np.int64)
            items = np.where(actions >= 0, item_of[np.maximum(actions, 0)], -1 - actions)
            order = np.argsort(items, kind="stable")
            rows, items = rows[order], items[order]
            changed[rows] = keys[rows] != _before(items, keys[rows], last)
            last[items] = keys[rows]  # of several the last one stays
        return changed

    def _in_time_order(self, times: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """All rows, some at a time; of one instant in the order in which the file runs."""
        rising, falling = int((times[1:] > times[:-1]).sum()), int((times[1:] < times[:-1]).sum())
        order = None
        if falling > rising:  # the newest row first
            order = len(times) - 1 - np.argsort(times[::-1], kind="stable")
        elif falling:
            order = np.argsort(times, kind="stable")
        for start in range(0, len(times), BLOCK):
            end = min(start + BLOCK, len(times))
            yield np.arange(start, end) if order is None else order[start:end]


class _Spans:
    """First and last time of each item, as the stamps are written."""

    def __init__(self) -> None:
        self._first, self._last = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def add(self, items: NDArray[np.int32], times: NDArray[np.int64], count: int) -> None:
        """Rows of items, of which there are ``count``."""
        more = (0, count - len(self._first))
        self._first = np.pad(self._first, more, constant_values=np.iinfo(np.int64).max)
        self._last = np.pad(self._last, more, constant_values=np.iinfo(np.int64).min)
        np.minimum.at(self._first, items, times)
        np.maximum.at(self._last, items, times)

    def overlap(self, other: _Spans) -> Mask:
        """Of which items the spans overlap by more than an instant."""
        return (self._first < other._last) & (other._first < self._last)


def _before(items: NDArray[np.int64], keys: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the state before each row's, of rows sorted by item; before the first of an item its ``last``."""
    before = np.roll(keys, 1)
    heads = np.ones(len(items), np.bool_)
    heads[1:] = items[1:] != items[:-1]
    before[heads] = last[items[heads]]
    return before
