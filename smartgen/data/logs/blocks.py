"""Blocks of a table's rows on their way to behaviors: what is dropped, and what the rest is called (ours)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.events import Collected, Events, action_name
from smartgen.data.logs.home_clock import HomeClock
from smartgen.data.logs.item_states import ItemStates
from smartgen.data.logs.mapping import NOTHING, READING, UNNAMED, LogMapping
from smartgen.data.logs.stamps import EXPECTED, Stamps
from smartgen.data.logs.tally import Tally

TIME: Final = f"time that cannot be read, expected {EXPECTED}"
NO_DEVICE: Final = "empty device"
NO_ACTION: Final = "empty action"
# As programs write a cell that holds nothing.
_EMPTY: Final = frozenset(("", "nan", "null", "none", "<na>", "nat", "n/a"))
_REASONS: Final = (NO_DEVICE, NO_ACTION, READING, NOTHING, UNNAMED)
_STATES: Final = tuple(-1 - _REASONS.index(reason) for reason in (READING, UNNAMED))  # no action, but a state
_MOST_NAMES: Final = 50_000
_REMEMBERED: Final = 200_000
_SHOWN: Final = 60


@dataclass(frozen=True)
class Block:
    """Some rows of a table, in its order.

    Args:
        stamps: of their times.
        devices, values, attributes: texts; ``attributes`` only if a mapping asks for them.
        lines: (n,) int64 places of the rows in the file, from 1.
        unit: what they count, ``line`` or ``row``.
        time: the time of a row, as it is written.
    """

    stamps: Stamps
    devices: Sequence[str]
    values: Sequence[str]
    attributes: Sequence[str] | None
    lines: NDArray[np.int64]
    unit: str
    time: Callable[[int], str]

    def where(self, row: int) -> str:
        """The place of a row, as ``line 7``."""
        return f"{self.unit} {int(self.lines[row]):,}"

    def shown(self, row: int) -> tuple[str, str]:
        """Where a row is, and its time as it is written."""
        return self.where(row), self.time(row)[:_SHOWN]


def collect(
    blocks: Iterable[Block], zone: str | None, mapping: LogMapping | None, path: Path, tally: Tally
) -> Events:
    """The behaviors of all blocks; rows that are none are counted in the tally, beside those read.

    Raises:
        SmartgenError: the time zone is not known, or the actions are so many that they are readings.
    """
    clock, collected = HomeClock(zone, path, tally), Collected()
    names = _Names(collected, mapping, path)
    states = None if mapping is None or mapping.repeats else ItemStates(mapping, tally)
    for block in blocks:
        tally.rows += len(block.devices)
        places = names.places(block)
        kept = np.flatnonzero(block.stamps.readable & (places >= 0))
        if len(kept) < len(places):
            _count_dropped(block, places, tally)
        if states is not None:
            kept, places = states.add(block, places, np.isin(places, _STATES))
        else:
            places = places[kept]
        if len(kept):
            times, offsets = block.stamps.times[kept], block.stamps.offsets[kept]
            placed = clock.place(times, offsets, partial(_shown, block, kept))
            collected.add(*placed, places)
    events = clock.settle(collected.events())
    return events if states is None else states.changes(events)


def _count_dropped(block: Block, places: NDArray[np.int32], tally: Tally) -> None:
    unread = np.flatnonzero(~block.stamps.readable)
    if len(unread):
        where, text = block.shown(int(unread[0]))
        tally.drop(TIME, len(unread), f"{where}: {text!r}")
    for place, reason in enumerate(_REASONS):
        rows = np.flatnonzero(block.stamps.readable & (places == -1 - place))
        if len(rows):
            row = int(rows[0])
            cells = [block.devices[row], *(block.attributes or [])[row : row + 1], block.values[row]]
            text = " ".join(cells)
            tally.drop(reason, len(rows), f"{block.where(row)}: {text[:_SHOWN]!r}")


def _shown(block: Block, rows: NDArray[np.int64], row: int) -> tuple[str, str]:
    return block.shown(int(rows[row]))


class _Names:
    """From a row's texts to the place of its action in the table of names, or below 0 to why it has none."""

    def __init__(self, collected: Collected, mapping: LogMapping | None, path: Path) -> None:
        self._collected, self._mapping, self._path = collected, mapping, path
        self._known: dict[tuple[str, ...], int] = {}

    def places(self, block: Block) -> NDArray[np.int32]:
        """(n,) int32: a place, or -1 less the position of the reason in ``_REASONS``."""
        columns = [block.devices, block.values, *([] if block.attributes is None else [block.attributes])]
        known = self._known
        if len(known) > _REMEMBERED:
            known.clear()
        for texts in dict.fromkeys(zip(*columns, strict=True)):  # in the order of the rows
            if texts not in known:
                known[texts] = self._place(*texts)
        return np.fromiter(map(known.__getitem__, zip(*columns, strict=True)), np.int32, len(block.devices))

    def _place(self, device: str, value: str, attribute: str | None = None) -> int:
        if device.strip().casefold() in _EMPTY:
            return -1 - _REASONS.index(NO_DEVICE)
        if not value.strip() or (self._mapping is None and value.strip().casefold() in _EMPTY):
            return -1 - _REASONS.index(NO_ACTION)
        command, reason = (value, "") if self._mapping is None else self._mapping.command(value, attribute)
        if command is None:
            return -1 - _REASONS.index(reason)
        place = self._collected.place(action_name(device, command))
        if place >= _MOST_NAMES:
            raise SmartgenError(
                f"{self._path}: more than {_MOST_NAMES:,} different actions, as {device[:40]!r}: "
                f"{value[:40]!r}; these are readings, which a mapping leaves out: dataset.mapping=openhab"
            )
        return place
