from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import HOUR, Sequences
from smartgen.data.attacks.released import released_attack
from smartgen.data.recordings import filtered_set
from smartgen.data.release import context_file, read_sequences, read_vocabulary
from smartgen.detectors.transae import TransAEDetector
from smartgen.protocols.released import detect, split_synthetic
from smartgen.settings import TrainerSettings, TransAESettings
from smartgen.stages.tss import split_sequences

TEN = Sequences.from_lists([[i % 7, 0, 0, i] for i in range(10)])


class ByAction:
    """Scores a sequence by its first action's id."""

    def __init__(self) -> None:
        self.trained = 0

    def fit(self, train: Sequences) -> None:
        self.trained = len(train)

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        return sequences.values[sequences.offsets[:-1], 3].astype(np.float64)


def actions(*ids: int) -> Sequences:
    return Sequences.from_lists([[0, 0, 0, i] for i in ids])


def test_the_split_is_pythons_shuffle_with_2024() -> None:
    train, validation = split_synthetic(TEN, hold_out=True)
    # random.seed(2024); random.shuffle(list(range(10))), as the release does it
    assert train.values[:, 3].tolist() == EXPECTED[:8]
    assert validation.values[:, 3].tolist() == EXPECTED[8:]
    assert split_synthetic(TEN, hold_out=False) == (TEN, TEN)


def _shuffled() -> list[int]:
    import random

    random.seed(2024)
    order = list(range(10))
    random.shuffle(order)
    return order


EXPECTED = _shuffled()


def test_scores_at_the_threshold_are_flagged() -> None:
    outcome = detect(ByAction(), TEN, actions(8, 9, 3), actions(9, 9, 8), percentile=100, hold_out=False)
    assert outcome.metrics["threshold"] == 9
    assert outcome.counts["true_positives"] == 2
    assert outcome.counts["false_positives"] == 1
    assert outcome.metrics["precision"] == pytest.approx(2 / 3)
    assert outcome.metrics["recall"] == pytest.approx(2 / 3)
    assert outcome.metrics["f1"] == pytest.approx(2 / 3)
    sizes = {name: outcome.counts[name] for name in ("train", "validation", "normal", "attack")}
    assert sizes == {"train": 10, "validation": 10, "normal": 3, "attack": 3}


def test_the_percentile_is_linear_between_neighbors() -> None:
    outcome = detect(ByAction(), TEN, actions(1), actions(1), percentile=95, hold_out=False)
    assert outcome.metrics["threshold"] == pytest.approx(8.55)


@pytest.mark.parametrize("percentile", [-1, 100.5, float("nan")])
def test_a_percentile_out_of_range_is_named(percentile: float) -> None:
    with pytest.raises(SmartgenError, match="expected a number from 0 to 100"):
        detect(ByAction(), TEN, TEN, TEN, percentile=percentile, hold_out=True)


def test_too_few_sequences_are_named() -> None:
    with pytest.raises(SmartgenError, match="1 training sequences are too few"):
        detect(ByAction(), actions(1), TEN, TEN, percentile=95, hold_out=True)


@pytest.mark.release
def test_the_split_is_that_of_every_filtered_set_of_the_release(release: Path) -> None:
    """TOF splits as the detection pipeline does, and its parts were released."""
    checked = 0
    for train in sorted((release / "SmartGen/filter_data").glob("*/*/*_gpt-4o_seq_filter_trn.pkl")):
        stem = train.name.removesuffix("_trn.pkl")
        if "IoT" in stem or not (train.parent / f"{stem}.pkl").is_file():
            continue
        ours = split_synthetic(read_sequences(train.parent / f"{stem}.pkl"), hold_out=True)
        theirs = [read_sequences(train.parent / f"{stem}_{part}.pkl") for part in ("trn", "vld")]
        assert list(ours) == theirs, train
        checked += 1
    assert checked >= 8


@pytest.mark.release
@pytest.mark.slow
def test_one_cell_of_table_2_is_reproduced(release: Path) -> None:
    """FR schedule with seed 2024: 0.9699 in the paper, in the release, and by the authors' code on a CPU."""
    vocabulary = read_vocabulary(release, "fr")
    raw = read_sequences(context_file(release, "fr", "night", "test.pkl"))
    normal = split_sequences(raw, vocabulary)
    synthetic = read_sequences(filtered_set(release, "detection", "fr", "night", 0.92).path)
    settings = TransAESettings(name="transae", packed=False)
    detector = TransAEDetector(vocabulary, HOUR, settings, TrainerSettings(accelerator="cpu"), seed=2024)
    attack = released_attack("daytime_hours", normal, vocabulary)
    outcome = detect(detector, synthetic, normal, attack, percentile=95, hold_out=True)
    assert outcome.metrics["f1"] == pytest.approx(0.9699, abs=5e-5)
    assert (outcome.counts["train"], outcome.counts["validation"]) == (21, 6)
