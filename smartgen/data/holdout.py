"""The one split that the authors' code makes everywhere: shuffled with seed 2024, cut at 80 %."""

from __future__ import annotations

import random

from smartgen.core.types import Sequences

SPLIT_SEED = 2024
TRAIN_SHARE = 0.8


def hold_out(sequences: Sequences) -> tuple[Sequences, Sequences]:
    """80 % for training and the rest, both in shuffled order (release: detection, and TOF's second stage)."""
    order = list(range(len(sequences)))
    random.Random(SPLIT_SEED).shuffle(order)
    cut = int(TRAIN_SHARE * len(order))
    return sequences.take(order[:cut]), sequences.take(order[cut:])
