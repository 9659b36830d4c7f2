"""Attacks of protocol=unified, defined for any home and any context (ours).

Each normal sequence gives at most one attack of each kind. An attack that occurs verbatim among the home's
real sequences is none: it is dropped together with its normal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences
from smartgen.data.vocabulary import HOURS, Vocabulary

HALF_DAY = len(HOURS) // 2
ON = (" on", "_on", ":on")  # "switch on", "turn_on", "on"


@dataclass(frozen=True)
class AttackContext:
    """What the attacks on one home are made from.

    Args:
        source: raw sequences of the former context, the habits that an intruder would copy.
        target: raw or split real sequences of the new context, all of them.
    """

    vocabulary: Vocabulary
    source: Sequences
    target: Sequences


@dataclass(frozen=True)
class Attack:
    """Attacked sequences and where they come from.

    Args:
        kept: (m,) positions of the normals whose attack is one.
        sequences: m attacked sequences, in the order of ``kept``.
        dropped: attacks that equal a real sequence.
    """

    kept: NDArray[np.int64]
    sequences: Sequences
    dropped: int


def attack(
    kind: str, normal: Sequences, real: Sequences, context: AttackContext, rng: np.random.Generator
) -> Attack:
    """Attack every normal sequence that this kind is defined for.

    Args:
        real: the home's real target sequences as split for testing; equal attacks are dropped.
    """
    possible, attacked = KINDS[kind](normal, context, rng)
    known = set(real.contents())
    is_attack = np.array([content not in known for content in attacked.contents()], dtype=bool)
    return Attack(possible[is_attack], attacked.take(np.flatnonzero(is_attack)), int((~is_attack).sum()))


Made = tuple[NDArray[np.int64], Sequences]


def command(normal: Sequences, context: AttackContext, rng: np.random.Generator) -> Made:
    """One behavior, at a position drawn per sequence, becomes a habit of the source that the target lacks.

    The (device, action) pair is drawn as often as the source has it; a home without such a pair gives none.
    """
    pairs = Counter(context.source.pairs())
    for pair in context.target.pairs():
        pairs.pop(pair, None)
    if not pairs:
        return np.zeros(0, dtype=np.int64), normal.take([])
    choices, counts = np.array(sorted(pairs)), np.array([pairs[pair] for pair in sorted(pairs)])
    drawn = rng.choice(len(choices), size=len(normal), p=counts / counts.sum())
    position = normal.offsets[:-1] + rng.integers(0, normal.lengths)
    values = normal.values.copy()
    values[position, DEVICE : ACTION + 1] = choices[drawn]
    return np.arange(len(normal)), normal.with_values(values)


def hours(normal: Sequences, context: AttackContext, rng: np.random.Generator) -> Made:
    """All hours move by twelve; days and order stay."""
    values = normal.values.copy()
    values[:, HOUR] = (values[:, HOUR] + HALF_DAY) % len(HOURS)
    return np.arange(len(normal)), normal.with_values(values)


def burst(normal: Sequences, context: AttackContext, rng: np.random.Generator) -> Made:
    """Every behavior becomes on, off, on ... of one device; defined for two behaviors or more."""
    switch = on_off_device(context)
    possible = np.flatnonzero(normal.lengths >= 2)
    chosen = normal.take(possible)
    if switch is None:
        return possible[:0], chosen.take([])
    device, on, off = switch
    position = np.arange(len(chosen.values)) - np.repeat(chosen.offsets[:-1], chosen.lengths)
    values = chosen.values.copy()
    values[:, DEVICE] = device
    values[:, ACTION] = np.where(position % 2 == 0, on, off)
    return possible, chosen.with_values(values)


KINDS: dict[str, Callable[[Sequences, AttackContext, np.random.Generator], Made]] = {
    "command": command,
    "hours": hours,
    "burst": burst,
}


def on_off_device(context: AttackContext) -> tuple[int, int, int] | None:
    """(device, on action, off action) that ``burst`` toggles: the television as in the release, or else
    the device with such a pair of actions that the home uses most.
    """
    vocabulary = context.vocabulary
    found = (_switch(device, vocabulary) for device in range(len(vocabulary.devices)))
    switches = [switch for switch in found if switch is not None]
    if not switches:
        return None
    used = np.bincount(
        np.concatenate([context.source.values[:, DEVICE], context.target.values[:, DEVICE]]),
        minlength=len(vocabulary.devices),
    )
    television = vocabulary.ids[2].get("Television", -1)
    return max(switches, key=lambda switch: (switch[0] == television, used[switch[0]]))


def _switch(device: int, vocabulary: Vocabulary) -> tuple[int, int, int] | None:
    """The device's first action that ends in the word "on" and has a twin that ends in "off"."""
    for action, name in enumerate(vocabulary.actions):
        twin = vocabulary.ids[3].get(name.removesuffix("on") + "off") if name.endswith(ON) else None
        if twin is not None and vocabulary.prefix_device(action) == device:
            return device, action, twin
    return None
