"""Table 9's arithmetic: refuted where published numbers are those of pieces, or no constant gives them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smartgen.audit.compression import REDUCTION, SAVED, d09, d10
from smartgen.audit.ground import Ground
from smartgen.tables.declare import Place, load_named

ALONE = [0, 0, 1, 4]
TWICE = [*ALONE, 2, 0, 1, 3]  # two days apart: two pieces


def publish(ground: Ground, **numbers: float) -> Ground:
    """The ground with other published numbers of FR: ``ST_rate``, ``ST_saved``, ``TT_rate`` ..."""
    table = load_named("table9")
    names = {"rate": REDUCTION, "saved": SAVED}
    changed = {
        Place("FR", change, names[kind], "SSC"): value
        for name, value in numbers.items()
        for change, kind in [name.split("_")]
    }
    patched = replace(table, published={**table.published, **changed})
    return Ground(ground.root, tables={"table9": patched}.__getitem__)


@pytest.fixture
def ground(made_up: Any) -> Ground:
    """FR ST keeps 2 pieces, of 10 sequences and 15 pieces; FR TT 1 piece of 4 sequences and pieces."""
    for old, target, raw, kept in (
        ("winter", "spring", [ALONE] * 5 + [TWICE] * 5, [ALONE, TWICE[4:]]),
        ("daytime", "night", [ALONE] * 4, [ALONE]),
    ):
        made_up.detected(target, [ALONE])
        made_up.data(old, "trn", raw)
        alpha = {"winter": "0.918", "daytime": "0.92"}[old]
        made_up.data(old, f"trn_day_0_SPPC_th={alpha}.pkl", kept)
    return made_up.ground()


def test_rates_of_pieces_by_sequences_are_confirmed(ground: Ground) -> None:
    found = d09(publish(ground, ST_rate=80.0, TT_rate=50.0))
    assert found.holds
    assert found.evidence[0] == (
        "of 2 reductions 1 are pieces kept by unsplit sequences, 0 pieces by pieces; 1 follow from no counts "
        "of the release"
    )
    assert found.evidence[3:] == (
        "FR ST: published 80.00; 2 kept are 80.00 % less than 10 sequences, 86.67 % less than 15 pieces; "
        "as published",
        "FR TT: published 50.00; 1 kept are 75.00 % less than 4 sequences, 75.00 % less than 4 pieces; "
        "50.00 would be 2 of 4",
    )


def test_rates_of_pieces_by_pieces_refute(ground: Ground) -> None:
    assert not d09(publish(ground, ST_rate=86.67, TT_rate=50.0)).holds


def test_rates_of_no_counts_confirm_nothing(ground: Ground) -> None:
    found = d09(publish(ground, ST_rate=77.78, TT_rate=50.0))
    assert not found.holds
    assert "no number of 10 gives 77.78, but 2 of 9 does" in found.evidence[3]


def test_one_constant_is_confirmed(ground: Ground) -> None:
    found = d10(publish(ground, ST_rate=80.0, ST_saved=2, TT_rate=75.0, TT_saved=0))
    assert found.holds
    assert found.evidence[0].startswith("any constant from 0.25000 to 0.33333, times the sequences removed")
    assert found.evidence[1] == "FR ST: 2 K for 8 removed (2 kept of 10), 0.2500 each"


def test_savings_that_no_constant_gives_refute(ground: Ground) -> None:
    found = d10(publish(ground, ST_rate=80.0, ST_saved=2, TT_rate=75.0, TT_saved=5))
    assert not found.holds
    assert found.evidence[0].startswith("no constant, times the sequences removed")


@pytest.mark.release
def test_published_rates_mix_pieces_and_sequences(confirm: Any) -> None:
    evidence = confirm("D09")
    for line in (
        "of 9 reductions 4 are pieces kept by unsplit sequences, 0 pieces by pieces; 5 follow from no counts",
        "mean 63.60 % as published; like by like, over 9 cells, 88.14 %",
        "FR ST: published 58.53; 305 kept are 65.06 % less than 873 sequences, 82.35 % less than 1,728 "
        "pieces; 58.53 would be 362 of 873",
        "SP NT: published 69.29; 215 kept are 92.72 % less than 2,954 sequences, 96.19 % less than 5,643 "
        "pieces; no number of 2,954 gives 69.29, but 215 of 700 does",
        "US TT: published 0.00; 459 kept are 0.00 % less than 459 sequences, 66.35 % less than 1,364 "
        "pieces; as published",
    ):
        assert line in evidence


@pytest.mark.release
def test_published_savings_follow_from_one_constant(confirm: Any) -> None:
    evidence = confirm("D10")
    assert "any constant from 0.26654 to 0.26669" in evidence
    assert "their mean is 371.9 K" in evidence
    assert "SP NT: 129 K for 485 removed (215 kept of 700)" in evidence
