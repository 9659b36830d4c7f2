"""What differs between the old log and what a model is retrained on: shares, and transitions new and gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartgen.core.types import ACTION, Sequences

Pair = tuple[int, int]


@dataclass(frozen=True)
class Transition:
    """One action that follows another.

    Args:
        pair: the two actions' ids.
        before, after: its share of all transitions of the two sets.
    """

    pair: Pair
    before: float
    after: float


def transition_counts(sequences: Sequences) -> dict[Pair, int]:
    """How often each action follows each inside a sequence.

    Example:
        >>> transition_counts(Sequences.from_lists([[0, 2, 5, 9, 1, 2, 5, 8, 1, 3, 5, 9], [0, 3, 5, 9]]))
        {(8, 9): 1, (9, 8): 1}
    """
    actions = sequences.values[:, ACTION].astype(np.int64)
    inner = np.ones(len(actions), dtype=bool)
    inner[sequences.offsets[:-1][sequences.lengths > 0]] = False
    second = np.flatnonzero(inner)
    codes, counts = np.unique((actions[second - 1] << 32) + actions[second], return_counts=True)
    return {(int(code) >> 32, int(code) & 0xFFFFFFFF): int(n) for code, n in zip(codes, counts, strict=True)}


def changed_transitions(
    before: Sequences, after: Sequences, most: int
) -> tuple[list[Transition], list[Transition]]:
    """The most frequent transitions of one set that the other never has.

    Returns:
        Those new in ``after``, and those of ``before`` that are gone, the most frequent first.

    Example:
        >>> old = Sequences.from_lists([[0, 2, 0, 1, 0, 2, 0, 0]])
        >>> new = Sequences.from_lists([[0, 2, 0, 0, 0, 2, 0, 1]])
        >>> changed_transitions(old, new, 5)[0]
        [Transition(pair=(0, 1), before=0.0, after=1.0)]
    """
    old, new = transition_counts(before), transition_counts(after)
    gained = [Transition(pair, 0.0, share) for pair, share in _only(new, old, most)]
    return gained, [Transition(pair, share, 0.0) for pair, share in _only(old, new, most)]


def _only(mine: dict[Pair, int], theirs: dict[Pair, int], most: int) -> list[tuple[Pair, float]]:
    """The most frequent pairs that the other does not have, with their shares."""
    total = sum(mine.values())
    found = sorted((pair for pair in mine if pair not in theirs), key=lambda pair: (-mine[pair], pair))
    return [(pair, mine[pair] / total) for pair in found[:most]]
