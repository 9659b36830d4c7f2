"""The old log moved to the new context's devices and hours, in its own order (ours)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartgen.adaptation.actions import device_actions
from smartgen.adaptation.coupling import Coupling, maximal_coupling
from smartgen.adaptation.shares import compromise, field_shares
from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, DAY, DEVICE, HOUR, MAX_BEHAVIORS, Sequences
from smartgen.data.histories import usable
from smartgen.data.vocabulary import HOURS, Vocabulary

Rows = NDArray[np.int32]
NOTHING: Rows = np.zeros((0, 4), dtype=np.int32)


class Shift(NamedTuple):
    """What the new context changes, as the written set tells it.

    Args:
        devices, hours: how behaviors and sequences move.
        device_trust, hour_trust: how much of the difference between the sets is followed, 0 to 1.
        actions: (devices, actions) what a device that comes does.
    """

    devices: Coupling
    hours: Coupling
    device_trust: float
    hour_trust: float
    actions: NDArray[np.float64]


def templates(source: Sequences) -> Sequences:
    """The distinct sequences of the old log with two behaviors or more; all distinct ones if none has.

    Each counts once: how often a habit repeats is what a change of context changes first.
    """
    kinds = source.distinct()
    longer = usable(kinds)
    return longer if len(longer) else kinds


def estimate_shift(
    source: Sequences, synthetic: Sequences, vocabulary: Vocabulary, noise: float, commands: float
) -> Shift:
    """Shift from the old log to the written set.

    Raises:
        SmartgenError: one of the two is empty.
    """
    if not len(source) or not len(synthetic):
        raise SmartgenError(
            f"regime=adapted has {len(source)} sequences of the old log and {len(synthetic)} written ones, "
            "expected some of both"
        )
    old = templates(source)

    def along(field: int, size: int) -> tuple[Coupling, float]:
        before, after = (field_shares(one, field, size) for one in (old, synthetic))
        believed, trust = compromise(before, after, noise)
        return maximal_coupling(before, believed), trust

    devices, device_trust = along(DEVICE, len(vocabulary.devices))
    hours, hour_trust = along(HOUR, len(HOURS))
    actions = device_actions(source, synthetic, vocabulary, commands)
    return Shift(devices, hours, device_trust, hour_trust, actions)


def move(source: Sequences, shift: Shift, size: int, rng: np.random.Generator) -> Sequences:
    """Sequences of the old log, drawn with replacement and moved.

    A device that goes is replaced wherever it stands in the sequence, each of its actions by one action of
    the device that comes. The first behavior's hour moves, and the others with it; the day stays.
    """
    old = templates(source)
    drawn = [_moved(_rows(old, int(i)), shift, rng) for i in rng.integers(0, len(old), size)]
    return _laid_together(drawn)


def interleave(sequences: Sequences, rng: np.random.Generator) -> Sequences:
    """As many sequences, each of two merged at random, their orders kept: habits that run side by side.

    Day and hour are the first one's; what lies past the tenth behavior is cut, as in the release.
    """
    drawn = rng.integers(0, len(sequences), (len(sequences), 2))
    return _laid_together(
        [_merged(_rows(sequences, int(one)), _rows(sequences, int(other)), rng) for one, other in drawn]
    )


def _moved(rows: Rows, shift: Shift, rng: np.random.Generator) -> Rows:
    moved = rows.copy()
    first = int(rows[0, HOUR])
    moved[:, HOUR] = (rows[:, HOUR] + shift.hours.move(first, rng) - first) % len(HOURS)
    for device in np.unique(rows[:, DEVICE]):
        comes = shift.devices.move(int(device), rng)
        # A device that no action is known of cannot come.
        if comes == device or not shift.actions[comes].any():
            continue
        here = rows[:, DEVICE] == device
        moved[here, DEVICE] = comes
        for action in np.unique(rows[here, ACTION]):
            where = here & (rows[:, ACTION] == action)
            moved[where, ACTION] = rng.choice(shift.actions.shape[1], p=shift.actions[comes])
    return moved


def _merged(one: Rows, other: Rows, rng: np.random.Generator) -> Rows:
    from_other = rng.permutation(np.repeat([False, True], [len(one), len(other)]))
    merged = np.empty((len(from_other), one.shape[1]), dtype=np.int32)
    merged[~from_other], merged[from_other] = one, other
    merged[:, [DAY, HOUR]] = one[0, [DAY, HOUR]]
    return merged[:MAX_BEHAVIORS]


def _laid_together(drawn: list[Rows]) -> Sequences:
    return Sequences(np.concatenate([NOTHING, *drawn]), np.cumsum([0, *map(len, drawn)]))


def _rows(sequences: Sequences, position: int) -> Rows:
    """(behaviors, 4) one sequence."""
    return sequences.values[sequences.offsets[position] : sequences.offsets[position + 1]]
