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
        oracle: TSS pieces of one half, repeats included.
        test: distinct TSS pieces of the other half, in the order of first occurrence.
    """

    oracle: Sequences
    test: Sequences


SEES_TARGET = ("oracle",)


def training_sets(
    regime: str, source: Sequences, synthetic: Sequences, oracle: Sequences, mix: str = "balanced"
) -> list[Sequences]:
    """What a regime trains on: one set, or for ``mixed`` two that count the same.

    Args:
        source: TSS pieces of the old log.
        synthetic: the written set.
        oracle: a fold's pieces of real target sequences.
        mix: ``balanced`` keeps the two sets of ``mixed`` apart, ``concat`` lays them together.
    """
    if regime == "mixed":
        return [Sequences.concatenate([source, synthetic])] if mix == "concat" else [source, synthetic]
    return [{"source": source, "synthetic": synthetic, "oracle": oracle}[regime]]


def folds(target: Sequences, vocabulary: Vocabulary) -> tuple[Fold, Fold]:
    """Cut the raw target sequences in half before TSS, so that none lies on both sides; then swap."""
    middle = len(target) // 2
    halves = [split_sequences(half, vocabulary) for half in (target[:middle], target[middle:])]
    first, second = halves
    return Fold(first, distinct(second)), Fold(second, distinct(first))


def distinct(sequences: Sequences) -> Sequences:
    """Each content once, in the order of first occurrence."""
    first: dict[bytes, int] = {}
    for position, content in enumerate(sequences.contents()):
        first.setdefault(content, position)
    return sequences.take(list(first.values()))


def is_novel(test: Sequences, pools: Sequence[Sequences]) -> NDArray[np.bool_]:
    """(n,) true for test sequences that occur verbatim in none of the training pools."""
    known = {content for pool in pools for content in pool.contents()}
    return np.array([content not in known for content in test.contents()], dtype=bool)


def hold_out(pool: Sequences, share: float, rng: np.random.Generator) -> tuple[Sequences, Sequences]:
    """Training part and held-out part; all copies of a content are on one side.

    Args:
        share: of the distinct sequences that are held out, at least five, at most half of them.
    """
    contents = pool.contents()
    kinds = list(dict.fromkeys(contents))
    size = min(max(MIN_HELD_OUT, round(share * len(kinds))), len(kinds) // 2)
    chosen = {kinds[i] for i in rng.permutation(len(kinds))[:size]}
    held = np.array([content in chosen for content in contents], dtype=bool)
    return pool.take(np.flatnonzero(~held)), pool.take(np.flatnonzero(held))
