from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.holdout import hold_out
from smartgen.data.padding import flat_tokens
from smartgen.data.recordings import filtered_set
from smartgen.data.release import read_sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.nets.transae import TransAE
from smartgen.settings import RepeatedTofSettings, StageOneSettings, TrainerSettings
from smartgen.stages.tof.filter import Filtered, filter_outliers, kept_index
from smartgen.stages.tof.influence import adam_steps, influence
from smartgen.stages.tof.interquartile import outliers, upper_bound
from smartgen.stages.tof.retraining import Evidence, one_sided, retrain_once, retrain_repeatedly
from smartgen.training.autoencoder import train_autoencoder
from smartgen.training.reconstruction import sequence_losses
from smartgen.training.trainer import seed_everything

VOCABULARY = Vocabulary(("A", "B", "C"), tuple(f"{d}:{i}" for d in "ABC" for i in range(4)))
CPU = TrainerSettings(accelerator="cpu")
SMALL = StageOneSettings("released", d_model=16, heads=2, layers=1, epochs=25, batch_size=8)


def habits() -> Sequences:
    """Thirty-eight sequences of one habit, and two of another."""
    usual = [[d % 7, 2, 0, 1, d % 7, 2, 0, 2] for d in range(38)]
    return Sequences.from_lists(
        [*usual[:10], [3, 7, 2, 11, 3, 7, 2, 10], *usual[10:], [5, 6, 1, 7, 5, 0, 1, 6]]
    )


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_stage_one_is_the_textbook_rule(losses: list[float]) -> None:
    values = np.array(losses)
    low, high = np.quantile(values, 0.25), np.quantile(values, 0.75)
    assert outliers(values).tolist() == [i for i, x in enumerate(losses) if x > high + 1.5 * (high - low)]
    assert upper_bound(values, 0) == pytest.approx(high)


def test_a_loss_at_the_bound_is_no_outlier() -> None:
    assert outliers(np.array([1.0, 2.0, 3.0, 4.0, 7.0])).tolist() == []
    assert outliers(np.array([1.0, 2.0, 3.0, 4.0, 7.01])).tolist() == [4]


@pytest.mark.parametrize(
    "name", ["stage1", "released", "influence", pytest.param("repeated", marks=pytest.mark.slow)]
)
def test_every_way_finds_the_foreign_habit_and_repeats_itself(name: str) -> None:
    settings: StageOneSettings = replace(SMALL, name=name)
    if name == "repeated":
        settings = RepeatedTofSettings(**{**vars(SMALL), "name": name, "repeats": 2})
    found = [filter_outliers(habits(), VOCABULARY, settings, CPU, seed=4) for _ in range(2)]
    assert {10, 39} <= set(found[0].outliers.tolist())
    assert found[0].losses[10] > found[0].bound > np.median(found[0].losses)
    assert np.array_equal(found[0].index, found[1].index)
    assert (found[0].evidence is None) == (name == "stage1")
    copy = Filtered.from_arrays(found[0].arrays())
    assert np.array_equal(copy.index, found[0].index)
    if found[0].evidence is not None and copy.evidence is not None:
        assert np.array_equal(copy.evidence.change, found[0].evidence.change)
        repeats = 2 if name == "repeated" else 1
        assert found[0].evidence.change.shape == (len(found[0].outliers), repeats)


def test_a_training_that_diverges_is_an_error() -> None:
    wild = replace(SMALL, learning_rate=float("inf"), epochs=2)
    with pytest.raises(SmartgenError, match=r"TOF stage 1: the training diverged, .* lower learning_rate"):
        filter_outliers(habits(), VOCABULARY, wild, CPU, seed=0)


def test_what_is_kept_stands_as_the_release_writes_it() -> None:
    nothing = np.zeros((2, 1)), np.zeros(1)
    some = Evidence(*nothing, np.array([False, True]), np.zeros(2, dtype=bool))
    every = Evidence(*nothing, np.array([True, True]), np.zeros(2, dtype=bool))
    found = np.array([1, 3])
    assert kept_index(5, found, some).tolist() == [0, 2, 4, 3]
    assert kept_index(5, found, every).tolist() == [0, 1, 2, 3, 4]
    assert kept_index(5, found, None).tolist() == [0, 2, 4]
    assert kept_index(5, found[:0], None).tolist() == [0, 1, 2, 3, 4]


def test_one_retraining_an_outlier_never_cumulative() -> None:
    train, found = np.zeros((3, 4), dtype=np.int64), np.ones((2, 4), dtype=np.int64)
    seen: list[int] = []

    def measure(tokens: np.ndarray, _: str, common: int | None) -> float:
        assert common is None
        seen.append(len(tokens))
        return {0: 1.0, 1: 1.0, 2: 1.5}[len(seen) - 1]

    evidence = retrain_once(train, found, measure)
    assert seen == [3, 4, 4]
    assert evidence.kept.tolist() == [True, False]  # a loss that stays the same keeps it (paper equation 23)
    assert evidence.change[:, 0].tolist() == [0.0, 0.5]


def test_repeats_share_a_seed_in_pairs_and_only_what_is_clear_returns() -> None:
    train, found = np.zeros((3, 4), dtype=np.int64), np.array([[1], [2], [3]]).repeat(4, axis=1)
    seeds: list[tuple[int, int]] = []

    def measure(tokens: np.ndarray, _: str, common: int | None) -> float:
        assert common is not None
        kind = int(tokens[-1, 0])
        seeds.append((kind, common))
        wobble = 0.01 * (common % 7)
        return {0: 1.0, 1: 0.5 + wobble, 2: 1.5 + wobble, 3: 1.0 + (common % 2 - 0.5)}[kind]

    settings = RepeatedTofSettings("repeated", repeats=6)
    evidence = retrain_repeatedly(train, found, measure, settings, seed=8)
    by_kind = [[common for kind, common in seeds if kind == wanted] for wanted in range(4)]
    assert by_kind[0] == by_kind[1] == by_kind[2] == by_kind[3]
    assert len(set(by_kind[0])) == 6
    assert evidence.kept.tolist() == [True, False, False]
    assert evidence.undecided.tolist() == [False, False, True]


def test_changes_that_are_all_zero_decide_nothing() -> None:
    settings = RepeatedTofSettings("repeated", repeats=3)
    train, found = np.zeros((3, 4), dtype=np.int64), np.ones((1, 4), dtype=np.int64)
    evidence = retrain_repeatedly(train, found, lambda *_: 1.0, settings, seed=8)
    assert (evidence.kept.tolist(), evidence.undecided.tolist()) == ([False], [True])


def test_the_paired_test_is_students() -> None:
    change = np.array([[-1.0, -2.0, -3.0], [1.0, 2.0, 3.0]])
    falls, rises = one_sided(change)
    # t = 2 / (1 / sqrt(3)), two degrees of freedom: P(T < -3.4641) = 0.0371
    assert falls.tolist() == pytest.approx([0.03709, 0.96291], abs=1e-4)
    assert rises.tolist() == pytest.approx([0.96291, 0.03709], abs=1e-4)


def test_influence_is_the_slope_of_the_validation_loss() -> None:
    """Against a finite difference: step along Adam's direction for one outlier, both ways, and measure.

    Losses come back in single precision, so a step much smaller than this one would measure their rounding.
    """
    tokens = flat_tokens(habits(), VOCABULARY.pad)
    train, validation, found = tokens[:20], tokens[20:30], tokens[[10, 39]]
    seed_everything(1)
    network, optimizer = train_autoencoder(train, VOCABULARY.pad, replace(SMALL, epochs=4), CPU)
    network = network.double()
    told = influence(network, optimizer, validation, found)
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    size = 1e-6
    for outlier, slope in zip(found, told, strict=True):
        network.load_state_dict(before)
        steps = adam_steps(network, optimizer, outlier[None])
        ends = []
        for move in (-size, 2 * size):  # there, and twice as far back
            with torch.no_grad():
                for parameter, step in zip(network.parameters(), steps, strict=True):
                    parameter -= move * step
            ends.append(_mean(network, validation))
        assert (ends[1] - ends[0]) / (2 * size) == pytest.approx(slope, rel=0.05, abs=1e-3)


def _mean(network: TransAE, rows: np.ndarray) -> float:
    return float(sequence_losses(network, rows).mean())


def test_too_few_sequences_are_an_error() -> None:
    with pytest.raises(SmartgenError, match="no sequence to filter"):
        filter_outliers(habits()[:0], VOCABULARY, SMALL, CPU, 0)


@pytest.mark.release
@pytest.mark.parametrize("dataset", ["fr", "sp"])
@pytest.mark.parametrize("context", ["spring", "night", "multiple"])
def test_stage_twos_split_is_the_releases(release: Path, dataset: str, context: str) -> None:
    threshold = {
        ("fr", "spring"): 0.918,
        ("fr", "night"): 0.92,
        ("fr", "multiple"): 0.915,
        ("sp", "spring"): 0.915,
        ("sp", "night"): 0.917,
        ("sp", "multiple"): 0.915,
    }[dataset, context]
    path = filtered_set(release, "tof", dataset, context, threshold, variant="filter").path
    train, validation = hold_out(read_sequences(path))
    assert train == read_sequences(path.with_name(f"{path.stem}_trn.pkl"))
    assert validation == read_sequences(path.with_name(f"{path.stem}_vld.pkl"))
