"""Autoencoders of SSC and of detection: what goes through them in training, selection and scoring.

Numbers are exact. One that rises means that something is computed twice, or for pads, or in smaller batches.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import nn

from smartgen.core.registry import load
from smartgen.core.types import ACTION, DAY, Sequences
from smartgen.data.padding import field_tokens, flat_tokens, longest
from smartgen.data.vocabulary import Vocabulary
from smartgen.detectors import REGISTRY
from smartgen.nets.transae import TransAE
from smartgen.settings import (
    EncodedSscSettings,
    SelectionSettings,
    SimilaritySscSettings,
    TrainerSettings,
    TransAESettings,
)
from smartgen.stages.ssc.compress import compress
from smartgen.stages.ssc.vectors import Weights, train_encoder

CPU = TrainerSettings(accelerator="cpu")
SSC = EncodedSscSettings("released", threshold=0.9, d_model=16, heads=2, layers=2, epochs=3, batch_size=32)
SOUND = replace(SSC, name="sound", dropout=False, positions=True, pooling="mean", group="all")
TRANSAE = TransAESettings("transae", d_model=16, heads=2, layers=2, epochs=3, batch_size=32)
WIDE = 2048  # inner width of the Transformers of protocol released


def through_layers(found: Any) -> int:
    """Vectors through the feed-forward parts of a Transformer's layers: one a token, layer and pass."""
    return sum(x.places for x in found.of(nn.Linear) if getattr(x.module, "out_features", 0) == WIDE)


def batches(rows: NDArray[np.int64], size: int) -> Iterable[NDArray[np.int64]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def bagged(rows: NDArray[np.int64], pad: int) -> list[set[int]]:
    """The different tokens of each row that differs from all others as a bag."""
    return [set(row) - {pad} for row in {tuple(sorted(row)) for row in rows.tolist()}]


def real(rows: NDArray[np.int64], pad: int) -> int:
    return int((rows != pad).sum())


@pytest.fixture(scope="module")
def weights(pieces: Sequences, vocabulary: Vocabulary) -> Weights:
    return train_encoder(pieces, vocabulary, replace(SSC, epochs=1), CPU, seed=1)


def selecting(
    counting: Any, pieces: Sequences, vocabulary: Vocabulary, settings: SelectionSettings, weights: Weights
) -> tuple[Any, int]:
    """The passes of a selection, and how often it wanted the encoder's weights."""
    asked = itertools.count()

    def give() -> Weights:
        next(asked)
        return weights

    with counting.passes() as found:
        compress(pieces, vocabulary, settings, 3, give)
    return found, next(asked)


# SSC's training


def test_equal_tokens_and_rows_of_a_batch_go_through_ssc_once(
    counting: Any, pieces: Sequences, vocabulary: Vocabulary
) -> None:
    with counting.passes() as found:
        train_encoder(pieces, vocabulary, SSC, CPU, seed=1)
    rows, pad = flat_tokens(pieces, vocabulary.pad), vocabulary.pad
    tokens = sum(len(bag) for part in batches(rows, SSC.batch_size) for bag in bagged(part, pad))
    embedding = found.of(nn.Embedding)
    assert found.scoring == []
    assert len(embedding) == SSC.epochs * math.ceil(len(pieces) / SSC.batch_size)
    assert embedding.places == SSC.epochs * tokens < SSC.epochs * real(rows, pad) / 1.5
    assert through_layers(found) == embedding.places * 2 * SSC.layers


def test_with_positions_equal_rows_alone_are_merged(
    counting: Any, pieces: Sequences, vocabulary: Vocabulary
) -> None:
    with counting.passes() as found:
        train_encoder(pieces, vocabulary, SOUND, CPU, seed=1)
    rows = flat_tokens(pieces, vocabulary.pad)
    tokens = sum(real(np.unique(part, axis=0), vocabulary.pad) for part in batches(rows, SOUND.batch_size))
    assert found.of(nn.Embedding).places == SOUND.epochs * tokens
    assert through_layers(found) == SOUND.epochs * tokens * 2 * SOUND.layers


def test_padded_arithmetic_computes_what_the_release_does(
    counting: Any, pieces: Sequences, vocabulary: Vocabulary
) -> None:
    with counting.passes() as found:
        train_encoder(pieces, vocabulary, replace(SSC, padded=True), CPU, seed=1)
    assert len(found.of(TransAE)) == SSC.epochs * math.ceil(len(pieces) / SSC.batch_size)
    assert found.of(nn.Embedding).places == SSC.epochs * len(pieces) * 4 * longest(pieces)
    assert through_layers(found) == found.of(nn.Embedding).places * 2 * SSC.layers


def test_attention_is_computed_inside_bins(counting: Any, pieces: Sequences, vocabulary: Vocabulary) -> None:
    with counting.attended() as attention:
        train_encoder(pieces, vocabulary, SSC, CPU, seed=1)
    most = 0
    for part in batches(flat_tokens(pieces, vocabulary.pad), SSC.batch_size):
        sizes = [len(bag) for bag in bagged(part, vocabulary.pad)]
        # All bins but one are more than half full.
        most += (2 * sum(sizes) + max(sizes)) * max(sizes)
    once_each = 3 * SSC.layers * SSC.epochs  # the encoder's attention, the decoder's two
    assert 0 < attention["pairs"] <= once_each * most


# SSC's selection


def test_each_weekday_is_encoded_in_one_pass_through_the_encoder_alone(
    counting: Any, pieces: Sequences, vocabulary: Vocabulary, weights: Weights
) -> None:
    found, _ = selecting(counting, pieces, vocabulary, SSC, weights)
    days = set(pieces.values[pieces.offsets[:-1], DAY].tolist())
    embedding = found.of(nn.Embedding)
    assert found.steps == []
    assert len(embedding) == len(days)
    assert embedding.rows == len(pieces)
    assert embedding.places == len(pieces) * 4 * longest(pieces), "pads count (D08)"
    assert through_layers(found) == embedding.places * SSC.layers, "no decoder"


def test_without_dropout_each_distinct_piece_is_encoded_once_and_no_pad(
    counting: Any, pieces: Sequences, vocabulary: Vocabulary
) -> None:
    trained = train_encoder(pieces, vocabulary, replace(SOUND, epochs=1), CPU, seed=1)
    found, _ = selecting(counting, pieces, vocabulary, SOUND, trained)
    tokens = 4 * len(pieces.distinct().values)
    assert len(pieces.distinct()) < len(pieces)
    assert len(found.of(nn.Embedding)) == 1
    assert found.of(nn.Embedding).places == tokens
    assert through_layers(found) == tokens * SOUND.layers


@pytest.mark.parametrize("base", [SSC, replace(SOUND, positions=False)], ids=["released", "sound"])
def test_the_search_for_a_share_encodes_no_more_than_a_threshold(
    base: EncodedSscSettings, counting: Any, pieces: Sequences, vocabulary: Vocabulary, weights: Weights
) -> None:
    once, _ = selecting(counting, pieces, vocabulary, base, weights)
    settings = replace(base, threshold=None, share=0.3)
    search, asked = selecting(counting, pieces, vocabulary, settings, weights)
    assert [x.given[0].shape for x in search] == [x.given[0].shape for x in once]
    assert asked == 1


@pytest.mark.parametrize(
    "settings",
    [
        SimilaritySscSettings("similarity", threshold=0.9),
        replace(SSC, name="random", threshold=None, share=0.3),
    ],
    ids=["similarity", "random share"],
)
def test_what_needs_no_encoder_neither_trains_nor_asks_one(
    settings: SelectionSettings, counting: Any, pieces: Sequences, vocabulary: Vocabulary, weights: Weights
) -> None:
    assert selecting(counting, pieces, vocabulary, settings, weights) == ([], 0)


# TransAE under protocol released


def detector(vocabulary: Vocabulary, field: int | None, **changes: Any) -> Any:
    settings = replace(TRANSAE, **changes)
    return load(REGISTRY, "transae", "detector")(vocabulary, settings, None, field, CPU, 1)


@pytest.mark.parametrize("field", [ACTION, None], ids=["one field", "all four"])
@pytest.mark.parametrize("packed", [True, False], ids=["packed", "padded"])
def test_packed_transae_computes_no_pads_and_padded_every_one(
    packed: bool, field: int | None, counting: Any, pieces: Sequences, vocabulary: Vocabulary
) -> None:
    model, pad = detector(vocabulary, field, packed=packed), vocabulary.pad
    rows = flat_tokens(pieces, pad) if field is None else field_tokens(pieces, field, pad)
    with counting.passes() as found:
        model.fit([pieces])
    steps = TRANSAE.epochs * math.ceil(len(pieces) / TRANSAE.batch_size)
    tokens = TRANSAE.epochs * (real(rows, pad) if packed else rows.size)
    assert real(rows, pad) < rows.size
    assert (len(found.of(TransAE)), found.of(TransAE).rows) == (steps, TRANSAE.epochs * len(pieces))
    assert found.of(nn.Embedding).places == found.of(model.network.output).places == tokens
    assert through_layers(found) == tokens * 2 * TRANSAE.layers


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "padded"])
def test_each_distinct_sequence_is_scored_once(
    packed: bool, counting: Any, pieces: Sequences, vocabulary: Vocabulary
) -> None:
    model, pad = detector(vocabulary, ACTION, packed=packed, epochs=1).fit([pieces]), vocabulary.pad
    many = Sequences.concatenate([pieces] * 20)  # three times as many as a batch of scoring
    rows = field_tokens(pieces, ACTION, pad)
    # Packed, the order of tokens is none, and equal bags are one.
    distinct = np.unique(np.sort(rows, axis=1) if packed else rows, axis=0)
    with counting.passes() as found:
        model.score(many)
    assert [x.rows for x in found.of(model.network)] == [len(distinct)]
    assert found.steps == []
    assert found.of(model.network.output).places == (real(distinct, pad) if packed else distinct.size)


def test_scoring_goes_by_batches_and_not_by_rows(counting: Any, vocabulary: Vocabulary) -> None:
    grid = np.stack(np.unravel_index(np.arange(1200), (7, 8, 25)), axis=1)
    lists = [[*row, action] for action, row in enumerate(grid.tolist())]
    rows = Sequences.from_lists([[d, h, v, a % len(vocabulary.actions)] for d, h, v, a in lists])
    model = detector(vocabulary, None, epochs=1, packed=True).fit([rows[:32]])
    with counting.passes() as found:
        model.score(rows)
    distinct = np.unique(np.sort(flat_tokens(rows, vocabulary.pad), axis=1), axis=0)
    assert len(found.of(model.network)) == math.ceil(len(distinct) / 512) > 1


def test_the_packed_baseline_trains_on_bags(counting: Any, pieces: Sequences, vocabulary: Vocabulary) -> None:
    model = detector(vocabulary, ACTION, network="baseline")
    with counting.passes() as found:
        model.fit([pieces])
    rows = field_tokens(pieces, ACTION, vocabulary.pad)
    tokens = sum(len(bag) for part in batches(rows, 32) for bag in bagged(part, vocabulary.pad))
    assert found.of(nn.Embedding).places == TRANSAE.epochs * tokens
    assert through_layers(found) == TRANSAE.epochs * tokens * 2 * TRANSAE.layers
