"""TOF: refuted where draws do not decide, or where the tables share their sets."""

from __future__ import annotations

from typing import Any

import pytest

from smartgen.audit import filtering
from smartgen.audit.filtering import d18, d19
from smartgen.audit.finding import UncheckableError
from smartgen.core.records import Record

ROWS = [[day, 0, 1, 4] for day in range(6)]
OUTLIER = [6, 7, 3, 7]


@pytest.fixture
def filtered(made_up: Any) -> Any:
    """FR ST and FR NT with their sets before and after TOF; ST's is the smaller one."""
    for context, rows in (("spring", ROWS), ("multiple", ROWS * 2)):
        made_up.detected(context, rows)
        made_up.filtered(context, [*rows, OUTLIER], "")
        made_up.filtered(context, rows, "filter")
        made_up.filtered(context, rows, "filter_true")
    return made_up


@pytest.mark.parametrize(
    ("same", "with_it", "kept", "holds"),
    [
        ([0.3, 0.2], [0.25, 0.4], 1, True),
        ([0.3, 0.2], [0.1, 0.2], 4, False),
        ([0.3, 0.2], [0.4, 0.5], 0, False),
    ],
)
def test_draws_decide_or_not(
    filtered: Any,
    monkeypatch: pytest.MonkeyPatch,
    same: list[float],
    with_it: list[float],
    kept: int,
    holds: bool,
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(filtering, "_losses", lambda *data: given.append(data) or (same, with_it))
    found = d18(filtered.ground())
    assert found.holds is holds
    assert f"keeps the first outlier in {kept} of 4 pairs" in found.evidence[0]
    assert found.evidence[0].startswith("FR ST, 6 within the bound")
    assert [part.to_lists() for part in given[0][:2]] == [ROWS, [OUTLIER]]


@pytest.mark.slow
def test_trainings_of_the_same_data_differ_by_their_draws(filtered: Any) -> None:
    ground = filtered.ground()
    _, within, outlier = filtering._smallest(ground)
    same, with_it = filtering._losses(within, outlier, ground.vocabulary("fr"))
    assert len(set(same)) == len(filtering.SEEDS) == len(with_it)
    assert all(0 < loss < 10 for loss in (*same, *with_it))


def test_our_runs_stand_beside_the_release(filtered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "_losses", lambda *data: ([0.3], [0.2]))
    axes = {"task": "detection", "dataset": "fr", "transition": "seasonal", "seed": 1}
    config = {
        "stage": {"tof": {"name": "released"}},
        "synthesizer": {"name": "replay", "collection": "tof"},
        "transition": {"target": "spring"},
    }
    counts = {"outliers": 3, "outliers_kept": 2}
    record = Record("k", filtered.root, {"axes": axes, "config": config, "metrics": {}, "counts": counts})
    found = d18(filtered.ground([record]))
    assert found.evidence[3:] == ("FR ST, returned outliers: 0 of 1 in the release, 2 of 3 in our runs",)


def test_sets_without_outliers_say_nothing(made_up: Any) -> None:
    made_up.detected("spring", ROWS)
    made_up.filtered("spring", ROWS, "")
    made_up.filtered("spring", ROWS, "filter")
    with pytest.raises(UncheckableError, match="with outliers"):
        d18(made_up.ground())


@pytest.mark.parametrize(("predicted", "holds"), [(ROWS[::-1], False), ([*ROWS, OUTLIER], True)])
def test_tables_share_their_sets_or_not(filtered: Any, predicted: list[list[int]], holds: bool) -> None:
    filtered.set("behavior_prediciton_pipeline/SASRec/filter_data", "spring", predicted)
    found = d19(filtered.ground())
    assert found.holds is holds
    assert found.evidence[0].startswith(
        f"cells in which the tables use different sets: {int(holds)}; 2 of 2 cells"
    )
    told = "2 different sets (Table 2's is S1 of Table 5)" if holds else "one set"
    assert found.evidence[1] == f"FR ST: Table 2 6, Table 3 {len(predicted)}, Table 5 6; {told}"


@pytest.mark.release
@pytest.mark.slow
def test_draws_decide_in_the_smallest_released_set(confirm: Any) -> None:
    evidence = confirm("D18")
    assert "FR TT, 27 within the bound, 3 draws of weights and dropout" in evidence
    assert "of 9 pairs of retrainings" in evidence


@pytest.mark.release
def test_released_tables_use_different_sets(confirm: Any) -> None:
    evidence = confirm("D19")
    for line in (
        "FR ST: Table 2 125, Table 3 125, Table 5 125; one set",
        "FR TT: Table 2 27, Table 3 27, Table 5 28; 2 different sets (Table 2's is S1 of Table 5)",
        "FR NT: Table 2 52, Table 3 52, Table 5 47; 2 different sets (Table 2's is all written)",
        "SP ST: Table 2 140, Table 3 134, Table 5 140; 2 different sets",
    ):
        assert line in evidence
