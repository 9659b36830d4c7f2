import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.release import context_file, datasets, read_sequences, read_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.stages import tss
from smartgen.stages.tss import gap_seconds, split_sequences

VOCABULARY = Vocabulary(("Light",), ("Light:on", "Light:off"), frozenset({1}))
behaviors = st.tuples(st.integers(0, 6), st.integers(0, 7), st.just(0), st.integers(0, 1))
flat_lists = st.lists(
    st.lists(behaviors, min_size=1, max_size=10).map(lambda s: [i for b in s for i in b]), max_size=6
)


def naive(flat: list[int], gap: float, duration: float, algorithm: str) -> list[list[int]]:
    """The algorithms once more, behavior by behavior, as protocol and paper tell them."""
    items = [flat[i : i + 4] for i in range(0, len(flat), 4)]
    clock = [24 * b[0] + 3 * b[1] for b in items]
    gaps = [0] + [(b - a) % 168 for a, b in itertools.pairwise(clock)]
    pieces: list[list[int]] = []
    elapsed = 0
    for i, item in enumerate(items):
        if algorithm == "released":
            elapsed = 0 if i == 0 or gaps[i] > gap else elapsed + gaps[i]
            cut = i == 0 or gaps[i] > gap or elapsed > duration
        else:
            elapsed += gaps[i]
            cut = i == 0 or (item[3] not in VOCABULARY.off_actions and (gaps[i] > gap or elapsed > duration))
            elapsed = 0 if cut else elapsed
        if cut:
            pieces.append([])
        pieces[-1] += item
    return pieces


@given(flat_lists, st.sampled_from([3, 6, 9, 15]), st.sampled_from([6, 12, 24]))
@pytest.mark.parametrize("algorithm", ["released", "paper"])
def test_equals_a_plain_loop(algorithm: str, lists: list[list[int]], gap: int, duration: int) -> None:
    expected = [piece for flat in lists for piece in naive(flat, gap, duration, algorithm)]
    assert split_sequences(lists, VOCABULARY, gap, duration, algorithm).to_lists() == expected


def plain_cuts(timed: Sequences, gap: float, duration: float) -> list[bool]:
    """Algorithm 1 over time stamps, behavior by behavior."""
    cuts: list[bool] = []
    for a, b in itertools.pairwise(timed.offsets.tolist()):
        elapsed = 0
        for i in range(a, b):
            step = 0 if i == a else int(timed.times[i] - timed.times[i - 1])
            elapsed += step
            may = int(timed.values[i, 3]) not in VOCABULARY.off_actions
            cuts.append(i == a or (may and (step > 3600 * gap or elapsed > 3600 * duration)))
            elapsed = 0 if cuts[-1] else elapsed
    return cuts


@pytest.mark.parametrize("few", [0, 2, 256])
@pytest.mark.parametrize("backwards", [False, True])
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 3, 9, 1e9]), st.sampled_from([2.7, 24, float("inf")]))
def test_long_logs_are_cut_as_by_a_plain_loop(
    few: int, backwards: bool, seed: int, gap: float, duration: float
) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, rng.choice([3, 12, 200]), 9)
    values = np.zeros((lengths.sum(), 4), dtype=int)
    values[:, 3] = rng.random(len(values)) < rng.choice([0.1, 0.5, 0.9])
    times = np.cumsum(rng.integers(0, rng.choice([600, 9000, 40_000]), len(values)))
    timed = Sequences(values, np.append(0, lengths.cumsum()), rng.permutation(times) if backwards else times)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tss, "FEW", few)
        patch.setattr(tss, "BLOCK", 7)
        pieces = split_sequences(timed, VOCABULARY, gap, duration, "paper")
    assert pieces.offsets[:-1].tolist() == np.flatnonzero(plain_cuts(timed, gap, duration)).tolist()


@given(flat_lists)
@pytest.mark.parametrize("algorithm", ["released", "paper"])
def test_nothing_is_lost_and_nothing_moves(algorithm: str, lists: list[list[int]]) -> None:
    pieces = split_sequences(lists, VOCABULARY, algorithm=algorithm)
    assert pieces.values.tolist() == Sequences.from_lists(lists).values.tolist()
    assert (pieces.lengths > 0).all()


def test_the_released_clock_never_restarts_and_the_papers_does() -> None:
    # Six behaviors, nine hours apart: with 24 h, everything after the third is beyond the released limit.
    flat = [i for k in range(6) for i in (9 * k // 24, 9 * k % 24 // 3, 0, 0)]
    assert [len(s) for s in split_sequences([flat], VOCABULARY)] == [3, 1, 1, 1]
    assert [len(s) for s in split_sequences([flat], VOCABULARY, algorithm="paper")] == [3, 3]


def test_the_paper_keeps_an_off_action_with_what_it_ends() -> None:
    flat = [0, 0, 0, 0, 0, 7, 0, 1]
    assert [len(s) for s in split_sequences([flat], VOCABULARY)] == [1, 1]
    assert [len(s) for s in split_sequences([flat], VOCABULARY, algorithm="paper")] == [2]


def test_time_stamps_beat_buckets() -> None:
    hour = 3600
    values = np.array([[0, 0, 0, 0], [0, 3, 0, 0], [1, 0, 0, 0]])
    # The buckets lie nine hours apart, the time stamps more; the third comes eight days later.
    timed = Sequences(values, np.array([0, 3]), np.array([0, 9 * hour + 1, 201 * hour]))
    assert gap_seconds(timed).tolist() == [0, 9 * hour + 1, 192 * hour - 1]
    assert [len(s) for s in split_sequences(timed, VOCABULARY)] == [1, 1, 1]
    assert [len(s) for s in split_sequences(Sequences(timed.values, timed.offsets), VOCABULARY)] == [2, 1]


def test_no_sequences_give_no_pieces() -> None:
    assert len(split_sequences([], VOCABULARY)) == 0


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"max_gap_hours": 0}, "max_gap_hours"),
        ({"max_duration_hours": -1}, "max_duration_hours"),
        ({"algorithm": "magic"}, "released, paper"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(SmartgenError, match=named):
        split_sequences([], VOCABULARY, **settings)


@pytest.mark.release
def test_every_split_file_of_the_release_is_reproduced(release: Path) -> None:
    checked = 0
    for dataset in datasets(release):
        vocabulary = read_vocabulary(release, dataset)
        for theirs in sorted((release / "SmartGen/IoT_data" / dataset).glob("*/split_*.pkl")):
            raw = read_sequences(theirs.with_name(theirs.name.removeprefix("split_")))
            assert split_sequences(raw, vocabulary) == read_sequences(theirs), theirs
            checked += 1
    assert checked >= 21


@pytest.mark.release
@pytest.mark.parametrize(
    ("dataset", "context", "pieces"),
    [("fr", "winter", 1719), ("fr", "single", 1979), ("sp", "winter", 6165), ("us", "daytime", 1041)],
)
def test_the_paper_as_intended_gives_its_known_counts(
    release: Path, dataset: str, context: str, pieces: int
) -> None:
    raw = read_sequences(context_file(release, dataset, context, "trn.pkl"))
    vocabulary = read_vocabulary(release, dataset)
    assert len(split_sequences(raw, vocabulary, algorithm="paper")) == pieces
