"""Which pieces stay: by threshold, by share, or at random as a control."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from smartgen.core.errors import SmartgenError
from smartgen.core.seeds import generator
from smartgen.core.store import Cached, anew
from smartgen.core.types import ACTION, DAY, Sequences
from smartgen.data.padding import longest
from smartgen.data.vocabulary import DAYS, Vocabulary
from smartgen.settings import EncodedSscSettings, SelectionSettings, SimilaritySscSettings
from smartgen.stages.ssc import Compressed
from smartgen.stages.ssc.cosines import MAX_PAIRS, all_cosines, pairs, select_among
from smartgen.stages.ssc.leaders import select
from smartgen.stages.ssc.vectors import Vectors, Weights, encoded, raw_ids
from smartgen.training.trainer import seed_everything

Index = NDArray[np.int64]
Choose = Callable[[float], list[Index]]  # kept positions of each group, by the threshold
SEARCH_STEPS = 48  # halvings of the threshold's range: double precision, as sound's cosines lie close to 1


def compress(
    pieces: Sequences,
    vocabulary: Vocabulary,
    settings: SelectionSettings,
    seed: int,
    weights: Callable[[], Weights],
    device: str = "cpu",
    cached: Cached = anew,
) -> Compressed:
    """Keep representative pieces (paper equations 9 to 11; D07, D08).

    Args:
        settings: ``EncodedSscSettings`` for released, sound and random, ``SimilaritySscSettings``.
        seed: of the random choice, and of dropout if ``settings.draw`` gives it no other.
        weights: gives those of the trained encoder, where they are needed.
        cached: keeps the cosines between encoded pieces, where these are few, for another threshold or share.

    Raises:
        SmartgenError: no pieces.
    """
    if not len(pieces):
        raise SmartgenError("SSC got no sequence to compress; expected at least one")
    groups = grouped(pieces, settings.group)
    vectors = partial(_vectors, pieces, vocabulary, settings, weights, device)
    selected = partial(_select, pieces, groups, vectors, settings, _draw(settings, seed), cached)
    if isinstance(settings, EncodedSscSettings) and settings.name == "random":
        return _random(pieces, groups, settings, seed, selected)
    threshold, kept = selected()
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
    pieces: Sequences,
    groups: Sequence[Index],
    vectors: Callable[[], Vectors],
    settings: SelectionSettings,
    draw: int,
    cached: Cached,
) -> tuple[float, list[Index]]:
    """The threshold, and the kept positions of each group."""
    threshold = _threshold(settings)
    dropout = isinstance(settings, EncodedSscSettings) and settings.dropout
    drops = threshold is None or threshold < 1
    if drops and not dropout:
        # Equal sequences have equal vectors, so only the first of them can stay; at 1 nothing is dropped.
        groups = [group[pieces.take(group).first_of_each()] for group in groups]

    def encode() -> Iterator[Iterator[Tensor]]:
        give = vectors()
        # One seed before the first weekday, none between them (release).
        seed_everything(draw)
        return (give(pieces.take(group)) for group in groups)

    few = pairs(map(len, groups)) <= MAX_PAIRS
    if drops and few and isinstance(settings, EncodedSscSettings):
        choose = _by_cosines(groups, encode, cached)
    else:
        # A search asks many times, so the vectors are computed once and stay in memory.
        choose = _by_vectors(groups, encode, held=threshold is None)
    if settings.share is not None:
        return search(choose, round(settings.share * len(pieces)))
    assert threshold is not None, "one of the two decides"
    return threshold, choose(threshold)


def _by_cosines(
    groups: Sequence[Index], encode: Callable[[], Iterator[Iterator[Tensor]]], cached: Cached
) -> Choose:
    """Choose by the cosines of all pairs, which no threshold changes; with dropout, encoding is the work."""
    arrays = cached(lambda: {str(i): all_cosines(list(blocks)) for i, blocks in enumerate(encode())})

    def choose(threshold: float) -> list[Index]:
        return [group[select_among(arrays[str(i)], len(group), threshold)] for i, group in enumerate(groups)]

    return choose


def _by_vectors(
    groups: Sequence[Index], encode: Callable[[], Iterator[Iterator[Tensor]]], held: bool
) -> Choose:
    """Choose by vectors as they come, for one threshold, or by vectors ``held`` in memory, for many."""
    kept = [[torch.cat(list(blocks))] for blocks in encode()] if held else []

    def choose(threshold: float) -> list[Index]:
        every: Iterable[Iterable[Tensor]] = kept if held else encode()
        return [group[select(blocks, threshold)] for group, blocks in zip(groups, every, strict=True)]

    return choose


def search(choose: Choose, wanted: int) -> tuple[float, list[Index]]:
    """The threshold at which closest to ``wanted`` sequences stay, over all groups, by halving."""
    low, high = -1.0, 1.0
    best: tuple[int, float, list[Index]] | None = None
    for _ in range(SEARCH_STEPS):
        threshold = (low + high) / 2
        kept = choose(threshold)
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
    settings: EncodedSscSettings,
    seed: int,
    selected: Callable[[], tuple[float, list[Index]]],
) -> Compressed:
    """As many of each group as SSC keeps of it, or a share of it, drawn without replacement."""
    if settings.share is None:
        counts = [len(kept) for kept in selected()[1]]
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


def _threshold(settings: SelectionSettings) -> float | None:
    """The cosine that decides; None where a share does."""
    if settings.share is not None:
        return None
    if settings.threshold is None:
        raise SmartgenError("stage.ssc.threshold and stage.ssc.share are both null, expected one of them")
    return settings.threshold
