"""The old log drawn anew: a control that knows nothing of the change (ours)."""

from __future__ import annotations

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences


def resample(pieces: Sequences, size: int, rng: np.random.Generator) -> Sequences:
    """Pieces drawn with replacement, unchanged; what they add to a stale model is their selection alone.

    Args:
        pieces: TSS pieces of the old log, or what SSC kept of them.
        size: sequences to draw.

    Raises:
        SmartgenError: no piece to draw.
    """
    if not len(pieces):
        raise SmartgenError("resampling has no sequence to draw from; the source context is empty")
    return pieces.take(rng.integers(0, len(pieces), size))
