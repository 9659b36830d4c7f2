from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon

from smartgen.metrics import divergence
from smartgen.metrics.divergence import divergences, parts_of, shares_of, thinned
from smartgen.metrics.exchange import corrected, p_values, selections, ways


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def by_brute_force(days: int, latest: int) -> set[frozenset[int]]:
    """Every choice of days that has as many of each weekday as the latest ones have."""

    def weekdays(chosen: tuple[int, ...]) -> list[int]:
        return sorted(day % 7 for day in chosen)

    wanted = weekdays(tuple(range(latest)))
    every = itertools.combinations(range(days), latest)
    return {frozenset(chosen) for chosen in every if weekdays(chosen) == wanted}


@pytest.mark.parametrize(("days", "latest"), [(9, 2), (14, 1), (15, 3), (16, 7), (17, 8), (21, 2), (18, 9)])
def test_all_ways_are_tried_where_they_are_few(days: int, latest: int) -> None:
    expected = by_brute_force(days, latest)
    chosen = selections(np.arange(days), latest, len(expected), rng())
    assert ways(np.arange(days), latest) == len(chosen) == len(expected)
    assert {frozenset(row) for row in chosen.tolist()} == expected
    assert sorted(chosen[0].tolist()) == list(range(latest))


@pytest.mark.parametrize(("days", "latest"), [(35, 7), (91, 7), (24, 10), (28, 3)])
def test_drawn_days_keep_their_weekdays(days: int, latest: int) -> None:
    chosen = selections(np.arange(days), latest, 40, rng())
    assert chosen.shape == (41, latest)
    assert sorted(chosen[0].tolist()) == list(range(latest))
    assert all(len(set(row)) == latest for row in chosen.tolist())
    assert (np.sort(chosen % 7) == np.sort(chosen[0] % 7)).all()
    assert ((chosen >= 0) & (chosen < days)).all()


def test_one_permutation_fewer_than_there_are_ways_is_a_draw() -> None:
    assert len(selections(np.arange(21), 2, 9, rng())) == 9 == ways(np.arange(21), 2)
    drawn = selections(np.arange(21), 2, 8, rng())
    assert len(drawn) == 9
    assert (drawn == selections(np.arange(21), 2, 8, rng())).all()
    assert (drawn != selections(np.arange(21), 2, 8, rng(1))).any()


def test_every_way_is_drawn_about_as_often() -> None:
    """Each of 25 ways 400 times in the mean; five deviations are 100."""
    drawn = np.concatenate([selections(np.arange(35), 2, 20, rng(seed))[1:] for seed in range(500)])
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == ways(np.arange(35), 2) == 25
    assert abs(counts - 400).max() < 100


def test_divergences_are_scipys() -> None:
    counts = rng().integers(0, 5, (20, 6))
    chosen = selections(np.arange(20), 3, 1000, rng())
    found = divergences(counts, chosen)
    for row, value in zip(chosen, found, strict=True):
        latest = counts[row].sum(axis=0)
        theirs = jensenshannon(counts.sum(axis=0) - latest, latest, base=2)
        assert value == pytest.approx(theirs**2, abs=1e-12)


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, chosen = rng().integers(0, 5, (28, 6)), selections(np.arange(28), 7, 100, rng())
    at_once = divergences(counts, chosen)
    monkeypatch.setattr(divergence, "CELLS", 40)
    assert (divergences(counts, chosen) == at_once).all()


def test_nothing_on_one_side_is_no_distance() -> None:
    assert divergences(np.array([[0, 0], [1, 2]]), np.array([[0], [1]])).tolist() == [0.0, 0.0]
    assert divergences(np.zeros((3, 0), np.int64), np.array([[0], [1]])).tolist() == [0.0, 0.0]
    assert shares_of(np.array([0, 0])).tolist() == [0.0, 0.0]
    assert parts_of(np.array([0.0, 0.0]), np.array([0.5, 0.5])).tolist() == [0.0, 0.0]


def test_parts_add_up_from_none_for_equal_shares_to_one_for_no_overlap() -> None:
    assert parts_of(np.array([0.25, 0.75]), np.array([0.25, 0.75])).tolist() == [0.0, 0.0]
    assert parts_of(np.array([1.0, 0.0]), np.array([0.0, 1.0])).tolist() == [0.5, 0.5]


def test_p_is_the_share_of_exchanges_at_least_as_far_and_never_zero() -> None:
    statistics = rng().integers(0, 6, (3, 40)) / 7
    expected = [[np.mean([other >= one for other in row]) for one in row] for row in statistics.tolist()]
    found = p_values(statistics)
    assert found.tolist() == expected
    assert found.min() >= 1 / 40
    assert p_values(statistics[0]).tolist() == expected[0]


def test_rounding_parts_no_equals() -> None:
    assert p_values(np.array([0.3, 0.1 + 0.2, 0.1])).tolist() == [2 / 3, 2 / 3, 1.0]
    assert p_values(np.zeros(5)).tolist() == [1.0] * 5


def step_down(p: NDArray[np.float64]) -> list[float]:
    """Westfall and Young's rule, one exchange at a time."""
    left, found, least = list(range(len(p))), [0.0] * len(p), 0.0
    while left:
        test = min(left, key=lambda one: p[one, 0])
        hits = sum(min(p[one, row] for one in left) <= p[test, 0] for row in range(p.shape[1]))
        least = max(least, hits / p.shape[1])
        found[test] = least
        left.remove(test)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_the_correction_is_westfall_and_youngs(seed: int) -> None:
    p = p_values(rng(seed).random((3, 30)))
    found = corrected(p)
    assert found == pytest.approx(step_down(p))
    assert all(raw <= strict <= 1 for raw, strict in zip(p[:, 0].tolist(), found, strict=True))


def test_equal_tests_cost_nothing_and_one_test_stays_as_it_is() -> None:
    one = p_values(rng().random((1, 50)))
    assert corrected(one) == [one[0, 0]]
    assert corrected(np.repeat(one, 3, axis=0)) == [one[0, 0]] * 3


def test_the_correction_keeps_to_the_level_over_all_tests() -> None:
    """Where nothing differs, any exchange may be the real one: at most .05 of them are found."""
    statistics = rng().random((3, 400))
    p = p_values(statistics)
    hits = [min(corrected(np.roll(p, -row, axis=1))) <= 0.05 for row in range(400)]
    assert 0.03 < np.mean(hits) <= 0.05
    assert np.mean((p <= 0.05).any(axis=0)) > 0.1


def test_what_is_drawn_is_a_part_of_each_row_in_its_shares() -> None:
    counts = rng().integers(0, 60, (400, 5)) * np.array([1, 1, 0, 2, 1])
    drawn = thinned(counts, 40, rng(1))
    assert (drawn.sum(axis=1) == np.minimum(counts.sum(axis=1), 40)).all()
    assert ((drawn >= 0) & (drawn <= counts)).all()
    assert shares_of(drawn.sum(axis=0)) == pytest.approx(shares_of(shares_of(counts).sum(axis=0)), abs=0.02)
    many = thinned(np.tile([30, 10], (4000, 1)), 8, rng(2))
    assert many.mean(axis=0) == pytest.approx([6, 2], abs=0.1)
    assert many.var(axis=0) == pytest.approx([8 * 3 / 16 * 32 / 39] * 2, rel=0.1)  # hypergeometric


def test_days_that_hold_more_are_no_nearer_for_it() -> None:
    """The first day has a tenth of what the others have, of the same shares."""
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    counts = rng().multinomial([10] + [100] * 60, shares)
    chosen = np.arange(61)[:, None]
    assert p_values(divergences(counts, chosen))[0] < 0.05 < p_values(divergences(counts, chosen, rng()))[0]
