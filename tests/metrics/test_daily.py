from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from smartgen.data.windows import DAY, HOUR
from smartgen.metrics.daily import Daily, daily

MINUTE = 60


def counted(times: Sequence[int], actions: Sequence[int] = (), offsets: Sequence[int] = ()) -> Daily:
    """A log in which each action is its own device's."""
    ids = np.array(actions or [0] * len(times), np.int32)
    ahead = np.array(offsets or [0] * len(times), np.int32)
    return daily(np.array(times), ahead, ids, ids)


def transitions(found: Daily) -> dict[tuple[int, ...], list[int]]:
    table = found.tables["transitions"]
    names = [tuple(pair) for pair in table.categories.tolist()]
    return dict(zip(names, table.counts.T.tolist(), strict=True))


@pytest.mark.parametrize(
    ("last", "end"),
    [(2 * DAY + 5 * HOUR, 53), (2 * DAY + 5 * HOUR - 1, 52), (2 * DAY + 6 * HOUR - 1, 53)],
)
def test_days_end_at_the_last_full_hour(last: int, end: int) -> None:
    found = counted([2 * HOUR, last - MINUTE, last])
    assert (found.end // HOUR, found.days) == (end, 2)


def test_what_is_at_a_bound_belongs_to_the_later_day() -> None:
    end = 3 * DAY + 12 * HOUR
    found = counted([0, end - 2 * DAY - 1, end - 2 * DAY, end - DAY, end - 1, end], [0, 1, 2, 3, 4, 5])
    assert (found.end, found.days) == (end, 3)
    table = found.tables["devices"]
    assert table.categories.tolist() == [1, 2, 3, 4]
    assert table.counts.tolist() == [[0, 0, 1, 1], [0, 1, 0, 0], [1, 0, 0, 0]]


def test_the_first_whole_day_is_the_first_behaviors_own_or_later() -> None:
    assert counted([0, 3 * DAY]).days == 3
    assert counted([1, 3 * DAY]).days == 2
    assert counted([HOUR, 2 * HOUR]).days == 0
    assert counted([HOUR]).tables["devices"].counts.shape == (0, 0)


def test_each_day_has_each_hour_once_wherever_the_log_ends() -> None:
    for last in range(3 * DAY, 4 * DAY, 7 * HOUR):
        found = counted(list(range(0, last + 1, HOUR)))
        assert found.tables["hours"].counts.tolist() == [[3] * 8] * found.days


def test_hours_and_days_are_those_of_the_homes_clock() -> None:
    """Clocks go forward behind the first behavior: 19 h then is an hour earlier in UTC from then on."""
    wall = [day * DAY + hour * HOUR for day in range(4) for hour in (7, 19)]
    offsets = [HOUR] * 3 + [2 * HOUR] * 5
    found = counted([one - ahead for one, ahead in zip(wall, offsets, strict=True)], offsets=offsets)
    plain = counted(wall)
    assert (found.end, found.days) == (plain.end, plain.days) == (3 * DAY + 19 * HOUR, 3)
    assert found.tables["hours"].counts.tolist() == plain.tables["hours"].counts.tolist()
    assert found.tables["hours"].counts.sum(axis=0).tolist() == [0, 0, 3, 0, 0, 0, 3, 0]


def test_a_gap_is_real_time_and_nine_hours_are_not_too_long() -> None:
    end = 10 * DAY
    oldest, older, newest = end - 3 * DAY, end - 2 * DAY, end - DAY
    times = [oldest, oldest + 9 * HOUR, older, older + 9 * HOUR + 1, newest, newest + 10 * HOUR, end]
    actions = [0, 1, 2, 3, 4, 5, 9]
    assert transitions(counted(times, actions)) == {(0, 1): [0, 0, 1]}
    times[5:] = [one - 2 * HOUR for one in times[5:]]
    forward = [0] * 5 + [2 * HOUR] * 2  # the clock went forward in between: 8 h of real time, 10 h of clock
    assert transitions(counted(times, actions, forward)) == {(0, 1): [0, 0, 1], (4, 5): [1, 0, 0]}


def test_transitions_stay_within_a_day_and_repeat() -> None:
    end = 2 * DAY
    times = [0, end - DAY - 2, end - DAY - 1, end - DAY, end - DAY + 1, end - DAY + 2, end]
    assert transitions(counted(times, [8, 1, 2, 1, 2, 2, 8])) == {(1, 2): [1, 1], (2, 2): [1, 0]}


def test_pairs_are_told_apart_by_order_and_by_large_ids() -> None:
    end, ids = 2 * DAY, [7, 0, 2**20, 0, 1, 7]
    found = transitions(counted([0, end - 4, end - 3, end - 2, end - 1, end], ids))
    assert set(found) == {(0, 2**20), (2**20, 0), (0, 1)}


def test_the_newest_days_alone_have_what_occurs_on_them() -> None:
    found = counted([0, 1, DAY + 1, 2 * DAY + 1, 3 * DAY], [3, 5, 3, 4, 0])
    table = found.tables["devices"]
    assert table.categories.tolist() == [3, 4, 5]
    newest = table.newest(1)
    assert (newest.categories.tolist(), newest.counts.tolist()) == ([4], [[1]])
    assert table.newest(2).categories.tolist() == [3, 4]
    assert found.tables["transitions"].newest(1).counts.shape == (1, 0)


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_blocks_of_any_size_give_the_same(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(block)
    times = np.sort(rng.integers(0, 6 * DAY, 60)).tolist()
    actions = rng.integers(0, 5, 60).tolist()
    whole = counted(times, actions)
    monkeypatch.setattr("smartgen.metrics.daily.BLOCK", block)
    parts = counted(times, actions)
    assert (parts.end, parts.days, parts.lived.tolist()) == (whole.end, whole.days, whole.lived.tolist())
    for name, table in whole.tables.items():
        assert parts.tables[name].categories.tolist() == table.categories.tolist()
        assert parts.tables[name].counts.tolist() == table.counts.tolist()
