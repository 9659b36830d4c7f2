"""Sequences as rows of numbers: how often each value of each field occurs in one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import MAX_BEHAVIORS, Sequences
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary


def frequencies(sequences: Sequences, vocabulary: Vocabulary) -> NDArray[np.float64]:
    """(n, days + hours + devices + actions + 1) relative frequencies, and the length in tens.

    Ten behaviors are the release's longest raw sequence, so the length is of the others' order of size.

    Example:
        >>> home = Vocabulary(("Fan",), ("Fan:off", "Fan:on"))
        >>> row = frequencies(Sequences.from_lists([[0, 2, 0, 1, 0, 3, 0, 0]]), home)[0]
        >>> row[7:15].tolist(), row[-3:].tolist()
        ([0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.2])
    """
    sizes = (len(DAYS), len(HOURS), len(vocabulary.devices), len(vocabulary.actions))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    rows = np.zeros((len(sequences), starts[-1] + 1))
    owner = np.repeat(np.arange(len(sequences)), sequences.lengths)
    share = 1 / np.maximum(sequences.lengths, 1)
    for field, start in enumerate(starts[:-1]):
        np.add.at(rows, (owner, start + sequences.values[:, field]), share[owner])
    rows[:, -1] = sequences.lengths / MAX_BEHAVIORS
    return rows
