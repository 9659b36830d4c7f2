"""The release's attacks, bit for bit: normal sequences made anomalous by a rule (D23; the paper names none).

Every attack keeps the order, the number and the length of the normal sequences.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences
from smartgen.data.vocabulary import Vocabulary

HEATER_SEED, HOURS_SEED = 2025, 2024
STARTS, FRIDAY, MIDNIGHT = 4, 4, 0  # behaviors overwritten at the start of a window, and when they are
DAYTIME_HOURS = (2, 5)  # buckets 6-9 h to 15-18 h, both ends drawn


def heater(normal: Sequences, vocabulary: Vocabulary) -> Sequences:
    """One behavior a sequence becomes ``Heater:switch on`` (release, ST).

    The generator is seeded anew for every sequence, so the position depends on the length alone.
    """
    values = normal.values.copy()
    pair = _pair(vocabulary, "Heater", "switch on")
    for start, length in zip(normal.offsets[:-1].tolist(), normal.lengths.tolist(), strict=True):
        position = random.Random(HEATER_SEED).randint(0, length - 1)
        values[start + position, [DEVICE, ACTION]] = pair
    return normal.with_values(values)


def daytime_hours(normal: Sequences, vocabulary: Vocabulary) -> Sequences:
    """All hours become sorted random daytime buckets, one generator for the whole set (release, TT)."""
    draw = random.Random(HOURS_SEED)
    values = normal.values.copy()
    for start, end in zip(normal.offsets[:-1].tolist(), normal.offsets[1:].tolist(), strict=True):
        values[start:end, HOUR] = sorted(draw.randint(*DAYTIME_HOURS) for _ in range(end - start))
    return normal.with_values(values)


def television(normal: Sequences, vocabulary: Vocabulary) -> Sequences:
    """Every behavior becomes the television going on, off, on ... (release, NT)."""
    values = normal.values.copy()
    values[:, DEVICE : ACTION + 1] = _toggled(normal, vocabulary)
    return normal.with_values(values)


def television_start(normal: Sequences, vocabulary: Vocabulary) -> Sequences:
    """The first four behaviors become the television on, off, Friday at midnight (release, NT windows)."""
    values = normal.values.copy()
    start = _position(normal) < STARTS
    values[start, DEVICE : ACTION + 1] = _toggled(normal, vocabulary)[start]
    values[start, : HOUR + 1] = (FRIDAY, MIDNIGHT)
    return normal.with_values(values)


def _toggled(normal: Sequences, vocabulary: Vocabulary) -> NDArray[np.int64]:
    """(behaviors, 2) the television's device and action, on and off in turn within each sequence."""
    on, off = (_pair(vocabulary, "Television", command) for command in ("switch on", "switch off"))
    return np.where(_position(normal)[:, None] % 2 == 0, on, off)


def _position(normal: Sequences) -> NDArray[np.int64]:
    """(behaviors,) the place of each in its sequence."""
    position: NDArray[np.int64] = np.arange(len(normal.values)) - np.repeat(
        normal.offsets[:-1], normal.lengths
    )
    return position


RELEASED: dict[str, Callable[[Sequences, Vocabulary], Sequences]] = {
    "heater": heater,
    "daytime_hours": daytime_hours,
    "television": television,
    "television_start": television_start,
}


def released_attack(kind: str, normal: Sequences, vocabulary: Vocabulary) -> Sequences:
    """The release's attack of this kind on these normal sequences.

    Raises:
        SmartgenError: an unknown kind, an empty sequence, or a home without the attacked device.
    """
    if kind not in RELEASED:
        raise SmartgenError(f"the attack is {kind!r}, expected one of {', '.join(RELEASED)}")
    if (normal.lengths == 0).any():
        raise SmartgenError(f"test sequence {int(np.argmin(normal.lengths))} has no behavior to attack")
    return RELEASED[kind](normal, vocabulary)


def _pair(vocabulary: Vocabulary, device: str, command: str) -> tuple[int, int]:
    if device not in vocabulary.ids[2]:
        raise SmartgenError(
            f"this attack needs the device {device!r}, which the home does not have; take another one for "
            "transition.released.attack or window_attack (command, hours, burst), or protocol=unified"
        )
    return vocabulary.ids[2][device], vocabulary.action_id(f"{device}:{command}")
