"""Sequences of any length to rectangles of ids: the one place that pads and truncates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import MAX_BEHAVIORS, Sequences


def padded(sequences: Sequences, pad: int, length: int = MAX_BEHAVIORS) -> NDArray[np.int64]:
    """(n, length, 4) ids of the first ``length`` behaviors, filled up on the right with ``pad``.

    Example:
        >>> padded(Sequences.from_lists([[0, 2, 5, 9]]), pad=99, length=2).tolist()
        [[[0, 2, 5, 9], [99, 99, 99, 99]]]
    """
    rectangle = np.full((len(sequences), length, 4), pad, dtype=np.int64)
    lengths = sequences.lengths
    row = np.repeat(np.arange(len(sequences)), lengths)
    position = np.arange(len(sequences.values)) - np.repeat(sequences.offsets[:-1], lengths)
    kept = position < length
    rectangle[row[kept], position[kept]] = sequences.values[kept]
    return rectangle


def longest(*sets: Sequences) -> int:
    """Behaviors a row in which nothing is cut off: the release's ten, or more where a sequence is longer."""
    return max(MAX_BEHAVIORS, *(int(sequences.lengths.max(initial=1)) for sequences in sets))


def field_tokens(
    sequences: Sequences, field: int, pad: int, length: int = MAX_BEHAVIORS
) -> NDArray[np.int64]:
    """(n, length) ids of one field (``core.types.DAY`` to ``ACTION``), padded."""
    return padded(sequences, pad, length)[:, :, field]


def flat_tokens(sequences: Sequences, pad: int, length: int = MAX_BEHAVIORS) -> NDArray[np.int64]:
    """(n, 4 * length) ids with day, hour, device, action of one behavior side by side, padded.

    The four fields share one space of ids, as in the release's SSC and TOF.
    """
    return padded(sequences, pad, length).reshape(len(sequences), 4 * length)
