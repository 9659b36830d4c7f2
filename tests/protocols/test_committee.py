"""Members that answer as one."""

import numpy as np
import pytest

from smartgen.core.types import Sequences
from smartgen.protocols.committee import DetectorCommittee, PredictorCommittee, probabilities

KNOWS_0 = Sequences.from_lists([[0, 0, 0, 0, 0, 0, 0, 0]])
KNOWS_1 = Sequences.from_lists([[0, 0, 0, 1, 0, 0, 0, 1]])


class Says:
    def __init__(self, row: list[float], logits: bool = False) -> None:
        self.row, self.logits = row, logits

    def score(self, sequences: Sequences) -> np.ndarray:
        return np.tile(np.array(self.row), (len(sequences), 1))


class Counts:
    """The number of behaviors, times a factor."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def score(self, sequences: Sequences) -> np.ndarray:
        return self.factor * sequences.lengths.astype(float)


def test_probabilities_are_pooled_by_weight_and_familiarity() -> None:
    members = [Says([1.0, 0.0, 0.0]), Says([0.0, 0.0, 2.0])]
    both = PredictorCommittee.of(members, [0.5, 0.5], [[KNOWS_0], [KNOWS_1]], 3)
    found = both.score(Sequences.concatenate([KNOWS_0, KNOWS_1]))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found[0, 0] > 0.99  # who knows the history is heard
    assert found[1, 2] > 0.99
    same = PredictorCommittee.of(members, [0.75, 0.25], [[KNOWS_0], [KNOWS_0]], 3)
    np.testing.assert_allclose(same.score(KNOWS_0), [[0.75, 0.0, 0.25]])


def test_of_several_sets_each_counts_the_same() -> None:
    many = Sequences.concatenate([KNOWS_1] * 9)
    committee = PredictorCommittee.of([Says([1, 1, 1])], [1.0], [[KNOWS_0, many]], 3)
    np.testing.assert_allclose(committee.shares[0], [0.5, 0.5, 0.0])


def test_logits_become_shares_whatever_their_size() -> None:
    np.testing.assert_allclose(probabilities(np.array([[1000.0, 1000.0 + np.log(3)]]), True), [[0.25, 0.75]])


def test_detectors_of_any_scale_count_by_rank() -> None:
    held = [Sequences.from_lists([[0] * 4 * n]) for n in (1, 2, 3, 4)]
    committee = DetectorCommittee.of([Counts(1), Counts(1000)], [0.5, 0.5], held)
    asked = Sequences.from_lists([[0] * 4 * n for n in (1, 3, 9)])
    assert committee.score(asked).tolist() == [0.0, 0.5, 1.0]
    reverse = DetectorCommittee.of([Counts(1), Counts(-1)], [0.75, 0.25], held)
    assert reverse.score(asked) == pytest.approx([0.75 * 0 + 0.25 * 0.75, 0.5 * 0.75 + 0.25 * 0.25, 0.75])
