import numpy as np
import pytest
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.protocols.released import detect, split_synthetic

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
