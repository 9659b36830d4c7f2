"""The verdict rule against cases worked by hand, and its symmetries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.tables.compare import SYMBOLS, Unit, in_range, judge, show_number, summarize

GRID = st.integers(0, 10_000).map(lambda number: number / 10_000)


@pytest.mark.parametrize(
    ("values", "published", "unit", "verdict"),
    [
        # shares, one seed: d alone decides
        ([0.8613861386138614], 0.8614, "share", "exact"),
        ([0.8619], 0.8614, "share", "exact"),  # the difference is 0.0005000000000000004 in binary
        ([0.8609], 0.8614, "share", "exact"),
        ([0.8620], 0.8614, "share", "match"),
        ([0.8814], 0.8614, "share", "match"),
        ([0.8815], 0.8614, "share", "near"),
        ([0.9114], 0.8614, "share", "near"),
        ([0.9115], 0.8614, "share", "off"),  # better than the paper is off as well
        ([0.8113], 0.8614, "share", "off"),
        # two seeds: s counts as 0, however far apart they are
        ([0.0, 1.0], 0.5, "share", "exact"),
        # three seeds: s = 0.02 and d = 0.04 = 2 s
        ([0.52, 0.54, 0.56], 0.50, "share", "match"),
        ([0.53, 0.55, 0.57], 0.50, "share", "near"),
        # s = 0.05 is not yet unstable, s = 0.06 is, even where the mean fits
        ([0.45, 0.50, 0.55], 0.50, "share", "exact"),
        ([0.44, 0.50, 0.56], 0.50, "share", "unstable"),
        # percent are hundredths
        ([58.57], 58.53, "percent", "exact"),
        ([60.53], 58.53, "percent", "match"),
        ([63.53], 58.53, "percent", "near"),
        ([63.60], 58.53, "percent", "off"),
        ([50.0, 58.53, 67.0], 58.53, "percent", "unstable"),
        # counts: relative to the reference
        ([125], 125, "count", "exact"),
        ([126], 125, "count", "match"),
        ([102], 100, "count", "match"),
        ([105], 100, "count", "near"),
        ([106], 100, "count", "off"),
        ([96, 103, 104], 100, "count", "match"),  # s = 4.4 %, yet 2 s does not widen the limit; d = 1 %
        ([98, 103, 108], 100, "count", "near"),  # s = 5 %: the limit itself; d = 3 %
        ([90, 100, 110], 100, "count", "unstable"),
        ([0], 0, "count", "exact"),
        ([1], 0, "count", "off"),
    ],
)
def test_golden_verdicts(values: list[float], published: float, unit: Unit, verdict: str) -> None:
    assert judge(values, published, None, unit).verdict == verdict


def test_states_without_values() -> None:
    assert judge([], 0.5, None, "share").verdict == "not run"
    assert judge([], None, None, "share").verdict == "not published"
    skipped = judge([], 0.5, None, "share", skipped="takes a week")
    assert (skipped.verdict, skipped.reason) == ("skipped", "takes a week")
    failed = judge([], 0.5, None, "share", failed=2, skipped="takes a week")
    assert failed.verdict == "failed"
    assert failed.reason.startswith("2 of 2 runs failed")


def test_what_happened_goes_before_what_was_declared() -> None:
    partly = judge([0.5], 0.5, None, "share", failed=1, skipped="takes a week")
    assert partly.verdict == "exact"
    assert partly.reason.startswith("1 of 2 runs failed")


def test_the_release_is_the_reference_where_the_paper_prints_none() -> None:
    judged = judge([0.5], None, 0.51, "share")
    assert (judged.verdict, judged.reference, judged.source) == ("match", 0.51, "released")
    assert "release" in judged.reason
    assert judge([0.5], 0.9, 0.5, "share").reference == 0.9
    assert judge([0.5], None, None, "share").verdict == "not published"


def test_unstable_says_range_and_hits() -> None:
    judged = judge([0.9326, 0.0, 0.0], 0.9326, None, "share")
    assert judged.verdict == "unstable"
    assert judged.reason == "0.0000 to 0.9326, 1 of 3 seeds within 0.02"


@pytest.mark.parametrize(
    ("values", "reference", "unit", "expected"),
    [
        ([0.82, 0.87], 0.86, "share", True),
        ([0.8613861386138614], 0.8614, "share", True),  # rounding is not distance
        ([0.87, 0.88], 0.86, "share", False),
        ([58.0], 58.04, "percent", True),
        ([124, 124], 125, "count", False),
        ([], 0.86, "share", None),
        ([0.5], None, "share", None),
    ],
)
def test_in_range(values: list[float], reference: float | None, unit: Unit, expected: bool | None) -> None:
    assert in_range(values, reference, unit) is expected


def test_summary_against_hand_worked_numbers() -> None:
    three = summarize([0.1, 0.2, 0.3])
    assert three.mean == pytest.approx(0.2)
    assert three.sd == pytest.approx(0.1)
    assert (three.low, three.high, three.n) == (0.1, 0.3, 3)
    assert summarize([0.1, 0.3]).sd == 0.0
    assert summarize([]).mean is None


@given(st.lists(GRID, min_size=1, max_size=6), GRID)
def test_verdict_ignores_the_sign_of_the_difference(values: list[float], reference: float) -> None:
    mirrored = [2 * reference - value for value in values]
    judged, other = judge(values, reference, None, "share"), judge(mirrored, reference, None, "share")
    assert judged.verdict == other.verdict
    assert judged.delta == pytest.approx(-(other.delta or 0), abs=1e-12)


@given(st.lists(GRID, min_size=1, max_size=6), GRID)
def test_percent_and_shares_agree(values: list[float], reference: float) -> None:
    percent = judge([100 * value for value in values], 100 * reference, None, "percent")
    assert percent.verdict == judge(values, reference, None, "share").verdict


@given(
    st.lists(GRID, max_size=6),
    st.none() | GRID,
    st.none() | GRID,
    st.integers(0, 2),
    st.sampled_from(["", "x"]),
)
def test_every_verdict_is_a_known_word(
    values: list[float], published: float | None, released: float | None, failed: int, skipped: str
) -> None:
    judged = judge(values, published, released, "share", failed=failed, skipped=skipped)
    assert judged.verdict in SYMBOLS
    assert (judged.delta is None) == (not values or judged.reference is None)


def test_numbers_are_shown_with_their_units_digits() -> None:
    assert show_number(0.86138, "share") == "0.8614"
    assert show_number(58.5, "percent") == "58.50"
    assert show_number(1793.0, "count") == "1793"
    assert show_number(None, "share") == "-"
    assert show_number(-0.00001, "share", sign=True) == "+0.0000"
