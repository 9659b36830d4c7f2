"""SSC: semantic-aware sequence compression, keeping representative sequences (paper 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from smartgen.core.types import Sequences


@dataclass(frozen=True)
class Compressed:
    """What SSC kept.

    Args:
        sequences: the survivors, weekday by weekday, in file order inside each.
        threshold: the cosine above which sequences were dropped; NaN where none decided.
    """

    sequences: Sequences
    threshold: float
