"""The release's attacks, bit for bit: normal sequences made anomalous by a rule (D23; the paper names none).

Every attack keeps the order, the number and the length of the normal sequences.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np

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
    position = np.arange(len(values)) - np.repeat(normal.offsets[:-1], normal.lengths)
    device, on = _pair(vocabulary, "Television", "switch on")
    _, off = _pair(vocabulary, "Television", "switch off")
    values[:, DEVICE] = device
    values[:, ACTION] = np.where(position % 2 == 0, on, off)
    return normal.with_values(values)


def television_start(normal: Sequences, vocabulary: Vocabulary) -> Sequences:
    """The first four behaviors become the television on, off, Friday at midnight (release, NT windows)."""
    values = normal.values.copy()
    position = np.arange(len(values)) - np.repeat(normal.offsets[:-1], normal.lengths)
    device, on = _pair(vocabulary, "Television", "switch on")
    _, off = _pair(vocabulary, "Television", "switch off")
    for place in range(STARTS):
        values[position == place] = (FRIDAY, MIDNIGHT, device, off if place % 2 else on)
    return normal.with_values(values)


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
        raise SmartgenError(f"transition.released.attack is {kind!r}, expected one of {', '.join(RELEASED)}")
    if (normal.lengths == 0).any():
        raise SmartgenError(f"test sequence {int(np.argmin(normal.lengths))} has no behavior to attack")
    return RELEASED[kind](normal, vocabulary)


def _pair(vocabulary: Vocabulary, device: str, command: str) -> tuple[int, int]:
    if device not in vocabulary.ids[2]:
        raise SmartgenError(f"the attack needs the device {device!r}, which this home does not have")
    return vocabulary.ids[2][device], vocabulary.action_id(f"{device}:{command}")
