"""What a set of sequences looks like, in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences
from smartgen.data.vocabulary import HOURS, Vocabulary

Ranked = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Summary:
    """Counts of one set.

    Args:
        sequences: number of sequences.
        behaviors: number of behaviors in all of them.
        distinct: number of different sequences.
        mean_length: behaviors a sequence; 0 for an empty set.
        hours: the hour buckets that occur, rising.
        devices: (name, share of behaviors), most used first; equals in the order of their ids.
        actions: the same for actions.
    """

    sequences: int
    behaviors: int
    distinct: int
    mean_length: float
    hours: tuple[int, ...]
    devices: Ranked
    actions: Ranked


def summarize(sequences: Sequences, vocabulary: Vocabulary) -> Summary:
    """Count a set whose ids are in the vocabulary."""
    behaviors = len(sequences.values)
    return Summary(
        sequences=len(sequences),
        behaviors=behaviors,
        distinct=len(sequences.first_of_each()),
        mean_length=behaviors / len(sequences) if len(sequences) else 0.0,
        hours=tuple(np.unique(sequences.values[:, HOUR]).tolist()),
        devices=_ranked(sequences, DEVICE, vocabulary.devices),
        actions=_ranked(sequences, ACTION, vocabulary.actions),
    )


def clock(buckets: tuple[int, ...]) -> str:
    """Hour buckets as ranges of the clock.

    Example:
        >>> clock((0, 1, 6, 7)), clock((2,)), clock(())
        ('0-6, 18-24 h', '6-9 h', 'none')
    """
    edges = [int(bucket in buckets) for bucket in range(-1, len(HOURS) + 1)]
    steps = np.diff(edges)
    ranges = zip(np.flatnonzero(steps == 1) * 3, np.flatnonzero(steps == -1) * 3, strict=True)
    return ", ".join(f"{start}-{stop}" for start, stop in ranges) + " h" if buckets else "none"


def _ranked(sequences: Sequences, column: int, names: tuple[str, ...]) -> Ranked:
    counts = np.bincount(sequences.values[:, column], minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    return tuple((names[i], counts[i] / counts.sum()) for i in order.tolist() if counts[i])
