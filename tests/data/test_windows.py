from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.data.windows import DAY, LONGEST, day_and_hour, windows

moments = st.lists(st.integers(-10 * DAY, 60 * 365 * DAY), max_size=60).map(sorted)
crowded = st.lists(st.integers(0, 3 * DAY), max_size=80).map(sorted)


def log(times: list[int]) -> tuple[np.ndarray, np.ndarray]:
    stamps = np.array(times, dtype=np.int64)
    return np.column_stack([day_and_hour(stamps), np.arange(len(times)), np.arange(len(times))]), stamps


@given(crowded, st.integers(1, 12), st.booleans())
def test_windows_keep_every_behavior_in_order(times: list[int], length: int, daily: bool) -> None:
    values, stamps = log(times)
    cut = windows(values, stamps, length, daily)
    assert np.array_equal(cut.values, values)
    assert cut.times is not None
    assert np.array_equal(cut.times, stamps)
    assert ((cut.lengths >= 1) & (cut.lengths <= length)).all()


@given(crowded, st.integers(1, 12))
def test_a_window_ends_only_when_it_is_full_or_the_day_is_over(times: list[int], length: int) -> None:
    values, stamps = log(times)
    cut = windows(values, stamps, length)
    first, last = stamps[cut.offsets[:-1]] // DAY, stamps[cut.offsets[1:] - 1] // DAY
    assert (first == last).all()
    assert ((cut.lengths == length) | np.append(last[:-1] < first[1:], True))[: len(cut)].all()


@given(crowded, st.data())
def test_nothing_goes_on_over_a_seam(times: list[int], data: st.DataObject) -> None:
    values, stamps = log(times)
    seams = np.array([data.draw(st.booleans()) for _ in times], dtype=bool)
    cut = windows(values, stamps, seams=seams)
    begins = set(cut.offsets[:-1].tolist())
    assert set(np.flatnonzero(seams).tolist()) - {0} <= begins
    assert set(windows(values, stamps, daily=False, seams=seams).offsets.tolist()) >= set(
        np.flatnonzero(seams[1:]) + 1
    )


@given(crowded, st.integers(1, 12))
def test_windows_that_run_on_are_full_but_for_the_last(times: list[int], length: int) -> None:
    lengths = windows(*log(times), length, daily=False).lengths
    assert (lengths[:-1] == length).all()


@given(moments)
def test_days_and_hours_agree_with_the_calendar(times: list[int]) -> None:
    clock = [datetime.fromtimestamp(time, UTC) for time in times]
    expected = [[moment.weekday(), moment.hour // 3] for moment in clock]
    assert day_and_hour(np.array(times, dtype=np.int64)).tolist() == expected


def test_the_longest_raw_sequence_is_that_of_the_release() -> None:
    assert windows(*log(list(range(25)))).lengths.tolist() == [LONGEST, LONGEST, 5] == [10, 10, 5]


def test_an_empty_log_has_no_window() -> None:
    assert len(windows(*log([]))) == 0


@pytest.mark.parametrize(
    ("values", "times", "length", "said"),
    [
        (np.zeros((2, 4), int), np.array([5, 4]), 10, "time order"),
        (np.zeros((2, 4), int), np.array([4, 5]), 0, "at least 1"),
        (np.zeros((3, 4), int), np.array([4, 5]), 10, "expected 2 behaviors"),
        (np.zeros((2, 3), int), np.array([4, 5]), 10, "4 fields"),
    ],
)
def test_bad_logs_are_refused(values: np.ndarray, times: np.ndarray, length: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        windows(values, times, length)
