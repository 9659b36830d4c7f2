"""protocol=unified, data: which real sequences train the oracle, which test, and what counts as new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.stages.tss import split_sequences

MIN_HELD_OUT = 5


@dataclass(frozen=True)
class Fold:
    """One half of the target sequences trains the oracle, the distinct ones of the other half test.

    Args:
        raw: one half, before TSS.
        oracle: its TSS pieces, repeats included.
        test: distinct TSS pieces of the other half, in the order of first occurrence.
    """

    raw: Sequences
    oracle: Sequences
    test: Sequences


def folds(target: Sequences, vocabulary: Vocabulary) -> tuple[Fold, Fold]:
    """Cut the raw target sequences in half before TSS, so that none lies on both sides; then swap."""
    middle = len(target) // 2
    raw = target[:middle], target[middle:]
    first, second = (split_sequences(half, vocabulary) for half in raw)
    return Fold(raw[0], first, second.distinct()), Fold(raw[1], second, first.distinct())


def is_novel(test: Sequences, pools: Sequence[Sequences]) -> NDArray[np.bool_]:
    """(n,) true for test sequences that occur verbatim in none of the training pools."""
    known = {content for pool in pools for content in pool.contents()}
    return np.array([content not in known for content in test.contents()], dtype=bool)


def hold_out(
    pool: Sequences, share: float, rng: np.random.Generator, least: int = MIN_HELD_OUT
) -> tuple[Sequences, Sequences]:
    """Training part and held-out part; all copies of a content are on one side.

    Args:
        share: of the distinct sequences that are held out, at most half of them.
        least: number of distinct ones that are held out at least.
    """
    contents = pool.contents()
    kinds = list(dict.fromkeys(contents))
    size = min(max(least, round(share * len(kinds))), len(kinds) // 2)
    chosen = {kinds[i] for i in rng.permutation(len(kinds))[:size]}
    held = np.array([content in chosen for content in contents], dtype=bool)
    return pool.take(np.flatnonzero(~held)), pool.take(np.flatnonzero(held))
