"""Recorded splits against ours: refuted where a check fires, a clock restarts, or pieces stay whole."""

from __future__ import annotations

from typing import Any

import pytest

from smartgen.audit.splitting import d01, d02, d04

# The television goes off 15 hours after it went on; a check would keep the two together.
APART = [0, 2, 3, 7, 0, 7, 3, 6]
# Six behaviors 9 hours apart: the fourth lies beyond 24 hours.
LONG = [0, 0, 1, 4, 0, 3, 1, 4, 0, 6, 1, 4, 1, 1, 1, 4, 1, 4, 1, 4, 1, 7, 1, 4]


def test_a_split_without_a_check_is_confirmed(made_up: Any) -> None:
    made_up.data("winter", "trn", [APART])
    made_up.data("winter", "split_trn", [APART[:4], APART[4:]])
    found = d01(made_up.ground())
    assert found.holds
    assert "1 of 1 recorded splits are equal" in found.evidence[0]
    assert found.evidence[1] == (
        "fr winter trn: 2 pieces; without a check 2; by a clock that restarts 2, and with a check as well 1"
    )


def test_a_check_that_fires_refutes(made_up: Any) -> None:
    made_up.data("winter", "trn", [APART])
    made_up.data("winter", "split_trn", [APART])
    assert not d01(made_up.ground()).holds


def test_splits_in_which_no_check_could_fire_confirm_nothing(made_up: Any) -> None:
    made_up.data("winter", "trn", [LONG[:4]])
    made_up.data("winter", "split_trn", [LONG[:4]])
    assert not d01(made_up.ground()).holds


def test_a_clock_that_runs_on_is_confirmed(made_up: Any) -> None:
    made_up.data("winter", "trn", [LONG])
    made_up.data("winter", "split_trn", [LONG[:12], LONG[12:16], LONG[16:20], LONG[20:]])
    found = d02(made_up.ground())
    assert found.holds
    assert found.evidence[1] == ("fr winter trn: 4 pieces; by a clock that runs on 4, by one that restarts 2")


def test_a_clock_that_restarts_refutes(made_up: Any) -> None:
    made_up.data("winter", "trn", [LONG])
    made_up.data("winter", "split_trn", [LONG[:12], LONG[12:]])
    found = d02(made_up.ground())
    assert not found.holds
    assert "0 of 1 recorded splits that tell" in found.evidence[0]


@pytest.mark.parametrize(("raw", "holds"), [([LONG], True), ([LONG[:12]], False), ([LONG[:4] * 11], False)])
def test_short_pieces_of_short_sequences_are_confirmed(
    made_up: Any, raw: list[list[int]], holds: bool
) -> None:
    made_up.data("winter", "trn", raw)
    assert d04(made_up.ground()).holds is holds


@pytest.mark.release
def test_released_splits_know_no_check(confirm: Any) -> None:
    evidence = confirm("D01")
    assert (
        "sp spring test: 728 pieces; without a check 728; by a clock that restarts 728, and with a "
        "check as well 603"
    ) in evidence
    assert "fr winter trn: 1,728 pieces; without a check 1,728; by a clock that restarts 1,720" in evidence


@pytest.mark.release
def test_released_splits_have_a_clock_that_runs_on(confirm: Any) -> None:
    evidence = confirm("D02")
    assert (
        "fr winter trn: 1,728 pieces; by a clock that runs on 1,728, by one that restarts 1,720" in evidence
    )
    assert (
        "sp single trn: 5,643 pieces; by a clock that runs on 5,643, by one that restarts 5,594" in evidence
    )


@pytest.mark.release
def test_released_pieces_are_mostly_single_behaviors(confirm: Any) -> None:
    evidence = confirm("D04")
    assert "no raw sequence has more than 10 behaviors" in evidence
    assert (
        "fr daytime: 180 sequences of at most 8 behaviors, 42 % of one; 319 pieces of 1.34 on "
        "average, 82 % of one"
    ) in evidence
