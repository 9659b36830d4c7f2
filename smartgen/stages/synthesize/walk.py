"""Random walks on the behavior graph, moved to the new context: a control that an LLM has to beat (ours)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, HOUR, MAX_BEHAVIORS, Sequences
from smartgen.data.vocabulary import HOURS, Vocabulary

Edges = Mapping[int, Sequence[tuple[int, int]]]


@dataclass(frozen=True)
class Change:
    """What the new context changes, as far as a control can follow it.

    Args:
        hour_shift: buckets of three hours by which all activity moves.
        replace: device that goes -> devices that come in its place.
        lengthen: factor on the number of behaviors of a sequence.
    """

    hour_shift: int
    replace: Mapping[str, Sequence[str]]
    lengthen: float


def walk(
    pieces: Sequences,
    edges: Edges | None,
    vocabulary: Vocabulary,
    change: Change,
    size: int,
    rng: np.random.Generator,
    log: Sequences | None = None,
) -> Sequences:
    """Random walks on the behavior graph, moved to the new context's hours and devices.

    A walk takes its day, first hour, first action and length from a random piece of the old log, follows
    the graph's transition shares, and never has fewer than two behaviors. Hours advance as in the log.

    Args:
        pieces: the old log's TSS pieces, or what SSC kept of them, whose first behaviors, lengths and pace
            the walks take over.
        edges: the graph of GSS; None draws every action by its frequency (GSS switched off).
        size: sequences to write.
        log: what the graph was counted on, which tells each action's device; None: the pieces.

    Raises:
        SmartgenError: no piece to start from.
    """
    if not len(pieces):
        raise SmartgenError("the walk has no sequence to start from; the source context is empty")
    walker = _Walker(pieces, edges, vocabulary, change, rng, pieces if log is None else log)
    return Sequences.from_lists(walker.sequence(int(i)) for i in rng.integers(0, len(pieces), size))


class _Walker:
    """The tables of one walk, and the walk itself."""

    def __init__(
        self,
        pieces: Sequences,
        edges: Edges | None,
        vocabulary: Vocabulary,
        change: Change,
        rng: np.random.Generator,
        log: Sequences,
    ) -> None:
        self.pieces, self.change, self.rng = pieces, change, rng
        self.actions = pieces.values[:, ACTION]
        self.device_of = _usual_devices(log)
        self.pace = _hour_steps(pieces)
        self.stand_ins = _stand_ins(vocabulary, change.replace)
        self.shares = {action: _shares(after) for action, after in (edges or {}).items() if after}

    def sequence(self, template: int) -> list[int]:
        """One new sequence in the release's layout, in the style of this piece."""
        day, hour, _, action = self.pieces.values[self.pieces.offsets[template]].tolist()
        length = round(int(self.pieces.lengths[template]) * self.change.lengthen)
        hours = hour + self.change.hour_shift
        flat: list[int] = []
        for _ in range(min(max(length, 2), MAX_BEHAVIORS)):
            device, moved = self._in_new_context(action)
            flat += [(day + hours // len(HOURS)) % 7, hours % len(HOURS), device, moved]
            hours += int(self.pace[self.rng.integers(len(self.pace))])
            action = self._next(action)
        return flat

    def _next(self, action: int) -> int:
        known = self.shares.get(action)
        if known is None:
            return int(self.actions[self.rng.integers(len(self.actions))])
        successors, up_to = known
        return successors[bisect_right(up_to, self.rng.random())]

    def _in_new_context(self, action: int) -> tuple[int, int]:
        device = self.device_of[action]
        choices = self.stand_ins.get(device)
        if not choices:
            return device, action
        return choices[int(self.rng.integers(len(choices)))]


def _shares(successors: Sequence[tuple[int, int]]) -> tuple[list[int], list[float]]:
    """The actions that follow, and their shares' running sum, which a uniform draw is looked up in."""
    counts = np.array([count for _, count in successors], dtype=float)
    up_to = np.cumsum(counts / counts.sum())
    return [action for action, _ in successors], (up_to / up_to[-1]).tolist()


def _usual_devices(pieces: Sequences) -> dict[int, int]:
    """Each action's most frequent device in the log."""
    pairs = pieces.pairs()
    return {action: device for device, action in sorted(pairs, key=lambda pair: pairs[pair])}


def _hour_steps(pieces: Sequences) -> NDArray[np.int64]:
    """Buckets between neighbors of a sequence, as often as the log has each; [0] without neighbors."""
    hours = pieces.values[:, HOUR].astype(np.int64)
    inner = np.ones(len(hours), dtype=bool)
    inner[pieces.offsets[:-1][pieces.lengths > 0]] = False
    steps = np.diff(hours, prepend=hours[:1])[inner] % len(HOURS)
    return steps if len(steps) else np.zeros(1, dtype=np.int64)


def _stand_ins(
    vocabulary: Vocabulary, replace: Mapping[str, Sequence[str]]
) -> dict[int, list[tuple[int, int]]]:
    """Device that goes -> (device, action) pairs of the devices that come, as far as the home has them."""
    devices = vocabulary.ids[2]
    by_device: dict[int, list[int]] = {}
    for action in range(len(vocabulary.actions)):
        prefix = vocabulary.prefix_device(action)
        if prefix is not None:
            by_device.setdefault(prefix, []).append(action)
    return {
        devices[gone]: [(devices[n], a) for n in come if n in devices for a in by_device.get(devices[n], [])]
        for gone, come in replace.items()
        if gone in devices
    }
