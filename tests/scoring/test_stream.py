"""Where the current sequence of a stream begins anew."""

from zoneinfo import ZoneInfo

import pytest

from smartgen.core.types import Behavior
from smartgen.data.windows import LONGEST
from smartgen.scoring.moments import Moment, moment_of
from smartgen.scoring.stream import Stream

ONE = Behavior(0, 0, 0, 0)


def lengths(moments: list[Moment]) -> list[int]:
    """Of the current sequence after each behavior."""
    stream = Stream()
    return [len(stream.add(moment, ONE)) for moment in moments]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["01T07:00+02:00", "01T16:00+02:00"], [1, 2]),  # nine hours are not more than nine
        (["01T07:00+02:00", "01T16:00:01+02:00"], [1, 1]),
        (["01T23:59+02:00", "02T00:01+02:00"], [1, 1]),
        (["01T07:00+02:00", "08T07:00+02:00"], [1, 1]),  # the same weekday of another week
        (["01T07:02+02:00", "01T07:01+02:00"], [1, 2]),  # what comes late is appended
        (["01T23:30Z", "02T00:30Z", "02T00:40Z"], [1, 1, 2]),
    ],
)
def test_of_stamps_a_day_or_a_long_gap_ends_a_sequence(times: list[str], expected: list[int]) -> None:
    assert lengths([moment_of({"time": f"2024-05-{time}"}) for time in times]) == expected


def test_days_are_the_homes() -> None:
    zone = ZoneInfo("Europe/Berlin")
    times = ("01T21:30Z", "01T22:30Z", "01T23:30Z")
    assert lengths([moment_of({"time": f"2024-05-{time}"}, zone) for time in times]) == [1, 1, 2]


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([(0, 2), (0, 5)], [1, 2]),
        ([(0, 2), (0, 6)], [1, 1]),  # twelve hours by buckets
        ([(0, 7), (1, 0)], [1, 1]),
        ([(0, 2), (0, 1)], [1, 1]),  # earlier on a Monday: another one
    ],
)
def test_without_stamps_weekdays_and_buckets_decide(
    moments: list[tuple[int, int]], expected: list[int]
) -> None:
    assert lengths([Moment(*moment) for moment in moments]) == expected


def test_no_sequence_is_longer_than_those_of_training() -> None:
    expected = [*range(1, LONGEST + 1), *range(1, LONGEST + 1), 1]
    assert lengths([Moment(0, 2)] * len(expected)) == expected
