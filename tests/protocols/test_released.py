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
from smartgen.protocols.released import Parts, Rule, detect, split_synthetic
from smartgen.settings import TrainerSettings, TransAESettings
from smartgen.stages.tss import split_sequences

TEN = Sequences.from_lists([[i % 7, 0, 0, i] for i in range(10)])


class ByAction:
    """Scores a sequence by its first action's id."""

    def __init__(self) -> None:
        self.trained = 0

    def fit(self, train: list[Sequences], held_out: list[Sequences]) -> None:
        self.trained = sum(map(len, train))

    def fit_score(self, sequences: Sequences) -> NDArray[np.float64]:
        self.trained = len(sequences)
        return self.score(sequences)

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
    outcome = detect(ByAction(), Parts(TEN, TEN, actions(8, 9, 3), actions(9, 9, 8)), Rule(percentile=100))
    assert outcome.metrics["threshold"] == 9
    assert outcome.counts["true_positives"] == 2
    assert outcome.counts["false_positives"] == 1
    assert outcome.metrics["precision"] == pytest.approx(2 / 3)
    assert outcome.metrics["recall"] == pytest.approx(2 / 3)
    assert outcome.metrics["f1"] == pytest.approx(2 / 3)
    sizes = {name: outcome.counts[name] for name in ("train", "validation", "normal", "attack")}
    assert sizes == {"train": 10, "validation": 10, "normal": 3, "attack": 3}


def test_the_percentile_is_linear_between_neighbors() -> None:
    outcome = detect(ByAction(), Parts(TEN, TEN, actions(1), actions(1)), Rule(percentile=95))
    assert outcome.metrics["threshold"] == pytest.approx(8.55)


@pytest.mark.parametrize("percentile", [-1, 100.5, float("nan")])
def test_a_percentile_out_of_range_is_named(percentile: float) -> None:
    with pytest.raises(SmartgenError, match="expected a number from 0 to 100"):
        detect(ByAction(), Parts(TEN, TEN, TEN, TEN), Rule(percentile=percentile))


def test_too_few_sequences_are_named() -> None:
    with pytest.raises(
        SmartgenError, match="are 1 to train on, 0 held out, expected at least one and one held out"
    ):
        detect(ByAction(), Parts(actions(1), actions(), TEN, TEN), Rule(percentile=95))
    with pytest.raises(SmartgenError, match="are 0 to train on, expected at least one"):
        detect(ByAction(), Parts(actions(), actions(), TEN, TEN), Rule(cut=1))


def counts(rule: Rule) -> tuple[int, int, int, int]:
    """Of a detector that scores 0 to 9 in training, 3 and 8 among normals, 9 and 2 among attacks."""
    detector = ByAction()
    outcome = detect(detector, Parts(TEN, actions(), actions(3, 8), actions(9, 2)), rule)
    assert detector.trained == (14 if rule.transductive else 10)
    found = [
        outcome.counts[name]
        for name in ("true_positives", "false_positives", "false_negatives", "true_negatives")
    ]
    return found[0], found[1], found[2], found[3]


def test_a_cut_may_be_strict_and_turned_round() -> None:
    assert counts(Rule(cut=8)) == (1, 1, 1, 1)
    assert counts(Rule(cut=8, strict=True)) == (1, 0, 1, 2)
    assert counts(Rule(cut=8, strict=True, inverted=True)) == (1, 2, 1, 0)


def test_training_rows_can_be_judged_as_normal_ones() -> None:
    assert counts(Rule(cut=8, count_training=True)) == (1, 3, 1, 9)


def test_a_share_is_of_what_was_fitted() -> None:
    # 0..9: the 80th percentile is 7.2; with 3, 8, 9 and 2 it is 8.0
    assert counts(Rule(share=0.2, strict=True)) == (1, 1, 1, 1)
    assert counts(Rule(share=0.2, strict=True, transductive=True)) == (1, 0, 1, 2)
    assert counts(Rule(share=0.2, strict=True, transductive=True, count_training=True)) == (1, 1, 1, 11)


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
    trainer = TrainerSettings(accelerator="cpu")
    detector = TransAEDetector(vocabulary, settings, None, HOUR, trainer, 2024)
    attack = released_attack("daytime_hours", normal, vocabulary)
    parts = Parts(*split_synthetic(synthetic, hold_out=True), normal, attack)
    outcome = detect(detector, parts, Rule(percentile=95))
    assert outcome.metrics["f1"] == pytest.approx(0.9699, abs=5e-5)
    assert (outcome.counts["train"], outcome.counts["validation"]) == (21, 6)
