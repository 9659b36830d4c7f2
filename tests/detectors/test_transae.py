"""What every detector must do: learn, score finitely, and repeat itself to the byte."""

import inspect
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.detectors import transae
from smartgen.detectors.transae import TransAEDetector, UnifiedTransAEDetector
from smartgen.nets.transae import TransAE
from smartgen.settings import TrainerSettings, TransAESettings, UnifiedProtocolSettings

SMALL = TransAESettings(name="transae", d_model=32, heads=4, layers=1, epochs=60, batch_size=8)
BUDGET = UnifiedProtocolSettings(name="unified", max_steps=120, check_every=30, batch_size=16, width=32)
CPU = TrainerSettings(accelerator="cpu")

Fit = Callable[[Vocabulary, Sequences, int], Callable[[Sequences], NDArray[np.float64]]]


def released(
    vocabulary: Vocabulary, train: Sequences, seed: int
) -> Callable[[Sequences], NDArray[np.float64]]:
    return TransAEDetector(vocabulary, ACTION, SMALL, CPU, seed).fit(train).score


def unified(
    vocabulary: Vocabulary, train: Sequences, seed: int
) -> Callable[[Sequences], NDArray[np.float64]]:
    return UnifiedTransAEDetector(vocabulary, BUDGET, SMALL, CPU, seed).fit(train, train).score


DETECTORS = pytest.mark.parametrize("fit", [released, unified])


@DETECTORS
def test_what_was_learned_scores_below_what_was_not(
    fit: Fit, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    known = toy_sequences.take([0, 1, 2, 3] * 4)
    score = fit(toy_vocabulary, known, 0)
    foreign = Sequences.from_lists([[5, 0, 0, 1, 5, 4, 0, 0], [4, 5, 0, 0, 4, 1, 0, 1]])
    assert np.isfinite(score(toy_sequences)).all()
    assert score(foreign).min() > score(known).max()


@DETECTORS
def test_the_same_seed_gives_the_same_bytes(
    fit: Fit, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    first, again, other = (fit(toy_vocabulary, toy_sequences, seed)(toy_sequences) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes() != other.tobytes()


@DETECTORS
def test_equal_sequences_score_bit_equal_in_any_company(
    fit: Fit, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    score = fit(toy_vocabulary, toy_sequences, 0)
    twice = score(toy_sequences.take([0, 3, 0, 1, 3]))
    assert twice[0] == twice[2]
    assert twice[1] == twice[4]


@DETECTORS
def test_an_empty_training_set_is_named(fit: Fit, toy_vocabulary: Vocabulary) -> None:
    with pytest.raises(SmartgenError, match="training set of TransAE is empty"):
        fit(toy_vocabulary, Sequences.from_lists([]), 0)


def test_scoring_needs_fitting(toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> None:
    with pytest.raises(RuntimeError, match="fit"):
        TransAEDetector(toy_vocabulary, ACTION, SMALL, CPU, 0).score(toy_sequences)


def test_field_scores_add_up(toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> None:
    detector = UnifiedTransAEDetector(toy_vocabulary, BUDGET, SMALL, CPU, 0).fit(toy_sequences, toy_sequences)
    fields = detector.field_scores(toy_sequences)
    assert fields.shape == (5, 4)
    assert fields.sum(axis=1) == pytest.approx(detector.score(toy_sequences))
    assert 0 < detector.best_step <= BUDGET.max_steps


def test_the_budget_bounds_the_steps(toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> None:
    seen = []

    class Counting(UnifiedTransAEDetector):
        def fit(self, train: Sequences, held_out: Sequences) -> "Counting":
            super().fit(train, held_out)
            assert self.network is not None
            self.network.register_forward_hook(lambda *_: seen.append(1))
            return self

    short = UnifiedProtocolSettings(name="unified", max_steps=7, check_every=3, batch_size=4, width=16)
    detector = Counting(toy_vocabulary, short, SMALL, CPU, 0).fit(toy_sequences, toy_sequences)
    assert detector.best_step in (3, 6)
    detector.score(toy_sequences.take([0, 0, 0]))
    assert len(seen) == 1  # one pass for three equal sequences


def test_released_training_does_nothing_but_its_steps(
    toy_vocabulary: Vocabulary, toy_sequences: Sequences, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    forward = TransAE.forward
    monkeypatch.setattr(TransAE, "forward", lambda self, x: (seen.append(len(x)), forward(self, x))[1])
    settings = TransAESettings(name="transae", d_model=8, heads=2, layers=1, epochs=3, batch_size=2)
    detector = TransAEDetector(toy_vocabulary, ACTION, settings, CPU, 0).fit(toy_sequences)
    assert seen == [2, 2, 1] * 3
    # The network knows no positions: a sequence and its reverse are one row to score.
    backwards = Sequences.from_lists([[i for b in reversed(s) for i in b] for s in toy_sequences])
    both = detector.score(Sequences.concatenate([toy_sequences, backwards]))
    assert seen[9:] == [len({tuple(sorted(b.action for b in s)) for s in toy_sequences})]
    assert both[:5].tobytes() == both[5:].tobytes()


def test_the_docstring_names_paper_reference_and_departures() -> None:
    text = inspect.getdoc(transae) or ""
    assert all(section in text for section in ("Paper:", "Reference:", "Departures:"))
