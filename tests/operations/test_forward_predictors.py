"""Predictors of protocol released: steps of training, and what goes through the networks in scoring.

Numbers are exact: forward calls are rows by batches, never by rows, and what is equal is scored once.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import nn

from smartgen.core.registry import load
from smartgen.core.types import ACTION, Sequences
from smartgen.data.demo.simulate import simulate
from smartgen.data.homes import FixedWindows, load_home
from smartgen.data.vocabulary import Vocabulary
from smartgen.predictors import REGISTRY
from smartgen.predictors.sasrec import TokenSasrecPredictor
from smartgen.protocols.candidates import sampled_candidates
from smartgen.settings import (
    DatasetSettings,
    SasrecSettings,
    TrainerSettings,
    TransitionSettings,
    WindowPredictorSettings,
)
from smartgen.training.tokens import WITHHELD

CPU = TrainerSettings(accelerator="cpu")
SASREC = SasrecSettings("sasrec", width=8, blocks=2, epochs=3)
SIZE = 16  # sequences a step
# Forward calls of modules inside one forward call of the network, however many rows it has.
WINDOWED = {"lstm": 4, "fpmc": 7, "carnn": 21, "caser": 4, "siar": 39}
NAMES = pytest.mark.parametrize("name", WINDOWED)


def sasrec(vocabulary: Vocabulary, **changes: Any) -> TokenSasrecPredictor:
    return TokenSasrecPredictor(vocabulary, replace(SASREC, **changes), SIZE, CPU, 1)


@pytest.mark.parametrize("folded", [True, False])
def test_sasrec_takes_one_pass_a_step_as_wide_as_its_longest_user(
    folded: bool, counting: Any, pieces: Sequences, vocabulary: Vocabulary
) -> None:
    model = sasrec(vocabulary, folded=folded)
    with counting.passes() as found:
        model.fit(pieces)
    assert model.network is not None
    steps = found.of(model.network)
    assert found.scoring == []
    assert len(steps) == SASREC.epochs * math.ceil(len(pieces) / SIZE)
    assert {x.rows for x in steps} == {SIZE}
    widths = [x.given[0].shape[1] for x in steps]
    assert widths == [int(x.given[1].max()) for x in steps]
    assert max(widths) < 4 * int(pieces.lengths.max()) - WITHHELD
    # One place for all pads of a row, or all two hundred.
    computed = sum(SIZE * (width + 1 if folded else SASREC.length) for width in widths)
    inner = [block.inner for block in model.network.blocks]  # type: ignore[union-attr]
    assert found.of(*inner).places == computed * SASREC.blocks


def test_sasrec_scores_each_distinct_history_once(
    counting: Any, pieces: Sequences, vocabulary: Vocabulary
) -> None:
    model = sasrec(vocabulary, epochs=1).fit(pieces)
    raw = simulate("winter", 2024, 180)
    found = sampled_candidates(Sequences.concatenate([raw, raw]))
    distinct = {(int(n), *row) for n, row in zip(found.sizes, found.histories.tolist(), strict=True)}
    with counting.passes() as scored:
        model.token_scores(found.histories, found.sizes)
    assert model.network is not None
    calls = scored.of(model.network)
    assert scored.steps == []
    assert calls.rows == len(distinct) < len(found.sizes)
    assert len(calls) == math.ceil(len(distinct) / 256) > 1
    assert [x.given[0].shape[1] for x in calls] == [int(x.given[1].max()) for x in calls]


@pytest.fixture(scope="module")
def windows() -> FixedWindows:
    """Of four weeks of the demo home."""
    transition = TransitionSettings(name="seasonal", source="winter", target="spring")
    return load_home(DatasetSettings("demo", "demo", days=28), transition, "", 2024).windows


def windowed(name: str, vocabulary: Vocabulary, epochs: int = 3) -> Any:
    settings = WindowPredictorSettings(name, width=8, epochs=epochs, batch_size=SIZE)
    return load(REGISTRY, name, "predictor")(vocabulary, settings, None, CPU, 1, None)


@NAMES
def test_windows_train_by_batches(
    name: str, counting: Any, windows: FixedWindows, vocabulary: Vocabulary
) -> None:
    model = windowed(name, vocabulary)
    with counting.passes() as found:
        model.fit([windows.train], [windows.validation])
    calls = found.of(model.network)
    assert len(calls.steps) == 3 * math.ceil(len(windows.train) / SIZE)
    assert calls.steps.rows == 3 * len(windows.train)
    assert len(calls.scoring) == 3 * math.ceil(len(windows.validation) / SIZE), "once an epoch"
    assert calls.scoring.rows == 3 * len(windows.validation)
    assert len(found) == WINDOWED[name] * len(calls), "no work by rows"


@NAMES
def test_each_distinct_window_is_scored_once(
    name: str, counting: Any, windows: FixedWindows, vocabulary: Vocabulary
) -> None:
    model = windowed(name, vocabulary, 1).fit([windows.train], [windows.validation])
    histories, distinct = many_histories(len(vocabulary.actions))
    with counting.passes() as found:
        model.score(histories)
    calls = found.of(model.network)
    assert found.steps == []
    assert calls.rows == len(distinct) < len(histories)
    assert len(calls) == math.ceil(len(distinct) / 1024) > 1
    assert len(found) == WINDOWED[name] * len(calls)


def many_histories(actions: int) -> tuple[Sequences, NDArray[np.int64]]:
    """Thousands of histories of nine actions, half of them repeats that differ in what is not read."""
    drawn = np.random.default_rng(1).integers(0, actions, (1500, 9))
    values = np.zeros((2, 1500, 9, 4), dtype=np.int64)
    values[:, :, :, ACTION] = drawn
    values[1, :, :, 0] = 3
    sequences = Sequences(values.reshape(-1, 4), np.arange(3001) * 9)
    return sequences, np.unique(drawn, axis=0)


def test_an_lstm_reads_its_window_in_one_call(
    counting: Any, windows: FixedWindows, vocabulary: Vocabulary
) -> None:
    model = windowed("lstm", vocabulary, 1)
    with counting.passes() as found:
        model.fit([windows.train], [windows.validation])
    assert len(found.of(nn.LSTM)) == len(found.of(model.network))
