"""Each metric of a synthetic set against a plain second implementation, and what must hold for any sets."""

from collections import Counter
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from smartgen.core.types import Behavior, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.nearest import edit_distances, nearest_distances
from smartgen.metrics.synthetic import (
    against_log,
    coverage,
    js_distance,
    js_distances,
    sampled,
    synthetic_quality,
)

HOME = Vocabulary(("Fan", "Light", "Lock"), ("Fan:off", "Fan:on", "Light:on", "Lock:lock"))
Lists = list[list[Behavior]]

behaviors = st.builds(
    Behavior, st.integers(0, 1), st.integers(0, 1), st.integers(0, 2), st.integers(0, 3)
)  # few values, so that copies and shared habits are common
sets = st.lists(st.lists(behaviors, min_size=1, max_size=5), max_size=6)
filled = st.lists(st.lists(behaviors, min_size=1, max_size=5), min_size=1, max_size=6)
names = st.lists(st.integers(0, 5), min_size=1, max_size=20)


def packed(lists: Lists) -> Sequences:
    return Sequences.from_lists([[x for behavior in one for x in behavior] for one in lists])


def naive_edits(a: tuple[object, ...], b: tuple[object, ...]) -> int:
    @cache
    def edits(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        swapped = edits(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(swapped, edits(i - 1, j) + 1, edits(i, j - 1) + 1)

    return edits(len(a), len(b))


def naive_nearest(written: Lists, log: Lists, first: int) -> list[float]:
    """First: the field from which on behaviors are compared."""
    cut = [[tuple(b[first:] for b in one) for one in some] for some in (written, log)]
    return [min(naive_edits(a, b) / max(len(a), len(b)) for b in cut[1]) for a in cut[0]]


def flat(lists: Lists) -> list[Behavior]:
    return [behavior for one in lists for behavior in one]


def naive_observed(lists: Lists) -> dict[str, list[object]]:
    steps = [(a.action, b.action) for one in lists for a, b in pairwise(one)]
    return {
        "device": [b.device for b in flat(lists)],
        "hour": [b.hour for b in flat(lists)],
        "transition": [*steps],
    }


def naive_js(first: list[object], second: list[object]) -> float:
    one, other = Counter(first), Counter(second)
    both = [*(one | other)]
    return float(jensenshannon([one[name] for name in both], [other[name] for name in both], base=2))


def naive_against(written: Lists, log: Lists) -> dict[str, float]:
    logged = {(b.device, b.action) for b in flat(log)}
    valid = [
        b[2:] in logged or HOME.actions[b.action].startswith(HOME.devices[b.device] + ":")
        for b in flat(written)
    ]
    distinct: Lists = []
    for one in written:
        if one not in distinct:
            distinct.append(one)
    pairs = {(b.device, b.action) for b in flat(written)}
    found = {
        "validity": float(np.mean(valid)),
        "novelty": float(np.mean([one not in log for one in distinct])),
        "copies": float(np.mean([one in log for one in written])),
        "duplicates": 1 - len(distinct) / len(written),
        "new_pairs": len(pairs - logged) / len(pairs),
    }
    if log:
        nearest = naive_nearest(written, log, 1)
        found |= {"nearest_mean": float(np.mean(nearest)), "nearest_median": float(np.median(nearest))}
        found["nearest_any_hour_mean"] = float(np.mean(naive_nearest(written, log, 2)))
    return found


def naive_coverage(written: Lists, real: Lists) -> dict[str, float]:
    devices = {b.device for b in flat(written)}
    pairs = {(b.device, b.action) for b in flat(written)}
    wanted = {b.device for b in flat(real)}
    return {
        "coverage_devices": len(wanted & devices) / len(wanted),
        "coverage_behaviors": float(np.mean([b.device in devices for b in flat(real)])),
        "coverage_pairs": float(np.mean([(b.device, b.action) in pairs for b in flat(real)])),
    }


@settings(deadline=None)
@given(filled, sets)
def test_a_set_beside_a_log_is_what_a_plain_loop_finds(written: Lists, log: Lists) -> None:
    assert against_log(packed(written), packed(log), HOME) == pytest.approx(naive_against(written, log))


@settings(deadline=None)
@given(filled, filled)
def test_nearest_distances_are_the_smallest_of_all_pairs(written: Lists, log: Lists) -> None:
    found = nearest_distances(packed(written), packed(log))
    assert found.tolist() == pytest.approx(naive_nearest(written, log, 1))


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.lists(st.integers(0, 3), max_size=6), min_size=1))
def test_edit_distances_are_those_of_the_recursion(row: list[int], others: list[list[int]]) -> None:
    columns = np.full((6, len(others)), -1, dtype=np.int32)
    for place, other in enumerate(others):
        columns[: len(other), place] = other
    found = edit_distances(np.array(row, dtype=np.int32), columns, np.array([len(one) for one in others]))
    assert found.tolist() == [naive_edits(tuple(row), tuple(other)) for other in others]


@settings(deadline=None)
@given(filled, st.lists(st.lists(behaviors, min_size=1, max_size=5), max_size=6))
def test_copies_lie_at_distance_0_whatever_the_day(log: Lists, more: Lists) -> None:
    moved = [[b._replace(day=1 - b.day) for b in one] for one in log]
    assert not nearest_distances(packed([*log, *moved]), packed([*more, *log])).any()
    copied = against_log(packed(log), packed([*more, *log]), HOME)
    assert (copied["copies"], copied["novelty"], copied["new_pairs"], copied["validity"]) == (1, 0, 0, 1)


@settings(deadline=None)
@given(names, names)
def test_js_distance_is_scipys_symmetric_bounded_and_0_to_itself(first: list[int], second: list[int]) -> None:
    one, other = np.array(first), np.array(second)
    found = js_distance(one, other)
    assert found is not None
    assert found == pytest.approx(naive_js([*first], [*second]), abs=1e-7)
    assert found == pytest.approx(js_distance(other, one), abs=1e-12)
    assert 0 <= found <= 1
    assert js_distance(one, np.tile(one[::-1], 3)) == 0
    assert js_distance(one, one + 6) == pytest.approx(1)


@settings(deadline=None)
@given(filled, filled)
def test_js_distances_are_of_devices_hours_and_steps(first: Lists, second: Lists) -> None:
    one, other = naive_observed(first), naive_observed(second)
    known = [name for name in one if one[name] and other[name]]
    wanted = {f"js_{name}": naive_js(one[name], other[name]) for name in known}
    assert js_distances(packed(first), packed(second), HOME) == pytest.approx(wanted, abs=1e-7)


@settings(deadline=None)
@given(sets, filled)
def test_coverage_is_a_plain_count(written: Lists, real: Lists) -> None:
    assert coverage(packed(written), packed(real)) == pytest.approx(naive_coverage(written, real))


@settings(deadline=None)
@given(sets, sets, sets)
def test_all_numbers_are_shares_and_what_is_undefined_is_left_out(a: Lists, b: Lists, c: Lists) -> None:
    found = synthetic_quality(packed(a), packed(b), packed(c), HOME)
    assert all(0 <= value <= 1 and type(value) is float for value in found.values()), found
    assert {name for name in found if name.startswith("set_") and not name.startswith("set_cov")} == {
        *(f"set_{name}" for name in (naive_against(a, b) if a else ())),
        *(f"set_js_{name}_source" for name in ("device", "hour") if a and b),
        *(f"set_js_{name}_target" for name in ("device", "hour") if a and c),
        *(name for name in found if "transition" in name and name.startswith("set_")),
    }
    assert ("set_coverage_pairs" in found) == bool(c)
    assert ("sampled_source_js_hour_target" in found) == bool(a and b and c)
    assert ("sampled_target_js_hour_target" in found) == bool(a and c)


def test_nothing_gives_no_number() -> None:
    nothing = packed([])
    assert synthetic_quality(nothing, nothing, nothing, HOME) == {}
    assert js_distance(np.zeros(0, dtype=int), np.ones(1, dtype=int)) is None
    assert nearest_distances(nothing, packed([[Behavior(0, 0, 0, 0)]])).tolist() == []
    with pytest.raises(ValueError, match="empty log"):
        nearest_distances(nothing, nothing)


def test_draws_come_nearer_the_more_they_are_and_are_always_the_same() -> None:
    rng = np.random.default_rng(3)
    real = packed([[Behavior(0, int(h), int(d), int(d))] for h, d in rng.integers(0, 3, (300, 2))])
    few, many = (sampled(size, real, real, HOME)["js_hour"] for size in (10, 1000))
    assert 0 < many < few < 1
    assert sampled(10, real, real, HOME)["js_hour"] == few
    other = packed([[Behavior(0, 5, 0, 0)]])
    assert sampled(10, other, real, HOME)["js_hour"] == pytest.approx(1)
