"""Which pieces stay: by threshold, by share, or at random as a control."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from smartgen.core.errors import SmartgenError
from smartgen.core.seeds import generator
from smartgen.core.types import ACTION, DAY, Sequences
from smartgen.data.padding import longest
from smartgen.data.vocabulary import DAYS, Vocabulary
from smartgen.settings import EncodedSscSettings, SelectionSettings, SimilaritySscSettings
from smartgen.stages.ssc import Compressed
from smartgen.stages.ssc.leaders import select
from smartgen.stages.ssc.vectors import Vectors, Weights, encoded, raw_ids
from smartgen.training.trainer import seed_everything

Index = NDArray[np.int64]
SEARCH_STEPS = 48  # halvings of the threshold's range: double precision, as sound's cosines lie close to 1


def compress(
    pieces: Sequences,
    vocabulary: Vocabulary,
    settings: SelectionSettings,
    seed: int,
    weights: Callable[[], Weights],
    device: str = "cpu",
) -> Compressed:
    """Keep representative pieces (paper equations 9 to 11; D07, D08).

    Args:
        settings: ``EncodedSscSettings`` for released, sound and random, ``SimilaritySscSettings``.
        seed: of the random choice, and of dropout if ``settings.draw`` gives it no other.
        weights: gives those of the trained encoder, where they are needed.

    Raises:
        SmartgenError: no pieces.
    """
    if not len(pieces):
        raise SmartgenError("SSC got no sequence to compress; expected at least one")
    groups = grouped(pieces, settings.group)
    if isinstance(settings, EncodedSscSettings) and settings.name == "random":
        return _random(pieces, groups, vocabulary, settings, seed, weights, device)
    vectors = _vectors(pieces, vocabulary, settings, weights, device)
    # One seed before the first weekday, none between them (release).
    seed_everything(_draw(settings, seed))
    threshold, kept = _select(pieces, groups, vectors, settings)
    survivors = pieces.take(np.concatenate(kept))
    if isinstance(settings, SimilaritySscSettings) and settings.strip_zeros:
        survivors = without_trailing_zeros(survivors)
    return Compressed(survivors, threshold)


def grouped(pieces: Sequences, group: str) -> list[Index]:
    """Positions by the first behavior's weekday, Monday first (release), or all in one group."""
    if group == "all":
        return [np.arange(len(pieces))]
    first = pieces.values[pieces.offsets[:-1], DAY]
    return [found for day in range(len(DAYS)) if len(found := np.flatnonzero(first == day))]


def without_trailing_zeros(sequences: Sequences) -> Sequences:
    """Sequences as the release reads them back from rows filled up with zeros (D52).

    A last behavior whose action has id 0 loses that action there; half a behavior is none, so here the whole
    of it goes (departure), and a sequence of nothing else with it.
    """
    lists = []
    for flat in sequences.to_lists():
        while flat and flat[ACTION - 4] == 0:
            del flat[-4:]
        lists.append(flat)
    return Sequences.from_lists([flat for flat in lists if flat])


def _vectors(
    pieces: Sequences,
    vocabulary: Vocabulary,
    settings: SelectionSettings,
    weights: Callable[[], Weights],
    device: str,
) -> Vectors:
    if not isinstance(settings, EncodedSscSettings):
        return raw_ids
    return encoded(vocabulary, settings, weights(), longest(pieces), device)


def _select(
    pieces: Sequences, groups: Sequence[Index], vectors: Vectors, settings: SelectionSettings
) -> tuple[float, list[Index]]:
    """The threshold, and the kept positions of each group."""
    dropout = isinstance(settings, EncodedSscSettings) and settings.dropout
    if not dropout and (settings.threshold is None or settings.threshold < 1):
        # Equal sequences have equal vectors, so only the first of them can stay; at 1 nothing is dropped.
        groups = [group[pieces.take(group).first_of_each()] for group in groups]
    if settings.share is None:
        threshold = _threshold(settings)
        return threshold, [group[select(vectors(pieces.take(group)), threshold)] for group in groups]
    # A search asks many times, so the vectors are computed once and stay in memory.
    held = [torch.cat(list(vectors(pieces.take(group)))) for group in groups]
    return search(held, groups, round(settings.share * len(pieces)))


def search(vectors: Sequence[Tensor], groups: Sequence[Index], wanted: int) -> tuple[float, list[Index]]:
    """The threshold at which closest to ``wanted`` sequences stay, over all groups, by halving."""
    low, high = -1.0, 1.0
    best: tuple[int, float, list[Index]] | None = None
    for _ in range(SEARCH_STEPS):
        threshold = (low + high) / 2
        kept = [group[select([some], threshold)] for some, group in zip(vectors, groups, strict=True)]
        count = sum(map(len, kept))
        if best is None or abs(count - wanted) < best[0]:
            best = (abs(count - wanted), threshold, kept)
        if count == wanted:
            break
        low, high = (threshold, high) if count < wanted else (low, threshold)
    assert best is not None
    return best[1], best[2]


def _random(
    pieces: Sequences,
    groups: Sequence[Index],
    vocabulary: Vocabulary,
    settings: EncodedSscSettings,
    seed: int,
    weights: Callable[[], Weights],
    device: str,
) -> Compressed:
    """As many of each group as SSC keeps of it, or a share of it, drawn without replacement."""
    if settings.share is None:
        vectors = _vectors(pieces, vocabulary, settings, weights, device)
        seed_everything(_draw(settings, seed))
        counts = [len(kept) for kept in _select(pieces, groups, vectors, settings)[1]]
    else:
        counts = shares([len(group) for group in groups], settings.share)
    rng = generator(seed, "ssc", "random")
    chosen = [np.sort(rng.choice(g, n, replace=False)) for g, n in zip(groups, counts, strict=True)]
    return Compressed(pieces.take(np.concatenate(chosen)), float("nan"))


def shares(sizes: Sequence[int], share: float) -> list[int]:
    """Whole numbers near ``share`` of each size whose sum is that of all, rounded: the largest rests first.

    Example:
        >>> shares([3, 3, 4], 0.5)
        [2, 1, 2]
    """
    wanted = [share * size for size in sizes]
    counts = [int(number) for number in wanted]
    rests = sorted(range(len(sizes)), key=lambda i: counts[i] - wanted[i])
    for i in rests[: round(share * sum(sizes)) - sum(counts)]:
        counts[i] += 1
    return counts


def _draw(settings: SelectionSettings, seed: int) -> int:
    own = settings.draw if isinstance(settings, EncodedSscSettings) else None
    return seed if own is None else own


def _threshold(settings: SelectionSettings) -> float:
    if settings.threshold is None:
        raise SmartgenError("stage.ssc.threshold and stage.ssc.share are both null, expected one of them")
    return settings.threshold
