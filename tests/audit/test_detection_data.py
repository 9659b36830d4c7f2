"""What detection is tested on: each check comes out either way on a few files."""

from __future__ import annotations

from typing import Any

import pytest

from smartgen.audit.detection_data import d22, d23, d24, d25, d28
from smartgen.audit.finding import UncheckableError
from smartgen.core.types import Sequences
from smartgen.data.holdout import hold_out

NIGHT = [[day, 0, 1, 4] for day in range(5)]
MANY = [[day, 1, 3, 7] for day in range(7)]
PIPELINE, BASELINE = "anomaly_detection_pipeline", "anomaly_detection_baseline"
RESULTS = f"{PIPELINE}/results/SmartGen_results_1.csv"
ROWS = "dataset,env\nfr,spring\nfr,night\nfr,multiple\n"


def scratch(made_up: Any, rows: list[list[int]]) -> None:
    """The split of a set, as the last run that made one leaves it."""
    for name, part in zip(("trn", "rs_vld"), hold_out(Sequences.from_lists(rows)), strict=True):
        made_up.write(f"{PIPELINE}/test/{name}.pkl", part.to_lists())


@pytest.fixture
def detected(made_up: Any) -> Any:
    made_up.detected("night", NIGHT)
    made_up.detected("multiple", MANY)
    made_up.write(RESULTS, ROWS)
    return made_up


@pytest.mark.parametrize(("left", "holds"), [(NIGHT, True), (MANY, False)])
def test_the_last_split_tells_whether_one_was_made(detected: Any, left: list[list[int]], holds: bool) -> None:
    scratch(detected, left)
    found = d22(detected.ground())
    assert found.holds is holds
    assert found.evidence[0] == (
        f"{PIPELINE}: the last cell run was FR NT, which would be split into 5 and 2; the split on disk, "
        f"{len(left) * 8 // 10} to train on and {-(-len(left) * 2 // 10)} for the threshold, is that of "
        f"{'FR TT' if holds else 'FR NT'}"
    )


def test_a_run_that_ends_elsewhere_tells_nothing(detected: Any) -> None:
    scratch(detected, NIGHT)
    detected.write(RESULTS, "dataset,env\nfr,multiple\nfr,night\n")
    with pytest.raises(UncheckableError, match="a study's results that end with NT"):
        d22(detected.ground())


def test_runs_with_the_quirk_and_without_stand_below(detected: Any, detection_record: Any) -> None:
    scratch(detected, NIGHT)
    records = [detection_record("a", 0.9), detection_record("b", 0.25, without="D22")]
    found = d22(detected.ground(records))
    assert found.evidence[-1] == (
        "our F1 of SmartGen as released and with a fifth held out: FR NT 0.9000 and 0.2500"
    )


@pytest.mark.parametrize(("attack", "holds"), [([0, 0, 0, 1], True), ([0, 0, 1, 4], False)])
def test_attacks_are_what_the_rule_makes(made_up: Any, attack: list[int], holds: bool) -> None:
    normal = [[0, 0, 1, 4], [1, 0, 0, 1]]
    made_up.data("spring", "test", normal)
    made_up.write(f"{PIPELINE}/test/fr/spring/test.pkl", normal)
    made_up.write(f"{PIPELINE}/attack/fr/labeled_fr_spring_attack_heater.pkl", [(attack, 1), (normal[1], 1)])
    found = d23(made_up.ground())
    assert found.holds is holds
    assert (
        found.evidence[0]
        == f"{int(holds)} of 1 attack files are equal to what a rule makes of the normal sequences"
    )
    assert f"{1 if holds else 2} of 2 equal their normal piece" in found.evidence[1]


@pytest.mark.parametrize("reported", [True, False])
def test_attacks_that_no_result_reports_are_named(made_up: Any, reported: bool) -> None:
    for kind in ("multiple_attack_tv", "multiple_attack_light"):
        made_up.write(f"SmartGen/attack/fr/labeled_fr_{kind}.pkl", [([0, 0, 1, 4], 1)])
    more = "LOF,fr,multiple_attack_light\n" if reported else ""
    made_up.write(f"{BASELINE}/results/all.csv", f"model,dataset,type\nLOF,fr,multiple_attack_tv\n{more}")
    found = d24(made_up.ground())
    assert found.holds is not reported
    assert found.evidence[1:] == (() if reported else ("fr: multiple_attack_light, 1 sequences",))


def windows(made_up: Any, old: str, test: list[list[int]], trn: list[list[int]] | None = None) -> None:
    for part, rows in (("trn", trn or test), ("vld", trn or test), ("test", test)):
        made_up.write(f"{BASELINE}/baseline_data/fr/{old}/{part}.pkl", rows)


REFRESHED = [day_hour_device_action for _ in range(5) for day_hour_device_action in (0, 0, 1, 2, 0, 0, 1, 4)]


@pytest.mark.parametrize(
    ("rows", "pieces", "holds"),
    [
        ([REFRESHED], NIGHT, True),
        ([REFRESHED[:8]], NIGHT, False),  # no ten behaviors
        ([NIGHT[0] * 10], NIGHT, False),  # no refreshes
        ([REFRESHED], NIGHT[:1], False),  # as many
    ],
)
def test_windows_and_pieces_are_compared(
    made_up: Any, rows: list[list[int]], pieces: list[list[int]], holds: bool
) -> None:
    made_up.detected("spring", NIGHT)
    windows(made_up, "winter", rows)
    made_up.write(f"{PIPELINE}/test/fr/spring/test.pkl", pieces)
    found = d25(made_up.ground())
    assert found.holds is holds
    if holds:
        assert found.evidence == (
            "1 of 1 cells have their windows and pieces here",
            "FR ST: 1 windows of 10 behaviors, 50 % refreshes; 5 pieces of 1, 0 %; 0 in common",
        )


@pytest.mark.parametrize(("normal", "attack", "holds"), [(7, 3, True), (3, 3, False), (7, 6, False)])
def test_hours_of_normals_and_attacks_are_compared(
    made_up: Any, normal: int, attack: int, holds: bool
) -> None:
    made_up.detected("night", NIGHT)
    windows(made_up, "daytime", [[0, normal, 1, 4]], [[0, 3, 1, 4], [0, 2, 1, 4]])
    made_up.write(
        f"{BASELINE}/baseline_data/fr/attack/labeled_fr_night_attack_time.pkl", [([0, attack, 1, 4], 1)]
    )
    found = d28(made_up.ground())
    assert found.holds is holds
    if holds:
        assert found.evidence == ("FR TT, windows: old log (6~9) (9~12), normal (21~24), attacks (9~12)",)


def test_our_runs_that_flag_all_normals_stand_below(made_up: Any, detection_record: Any) -> None:
    made_up.detected("night", NIGHT)
    windows(made_up, "daytime", [[0, 7, 1, 4]], [[0, 3, 1, 4]])
    made_up.write(f"{BASELINE}/baseline_data/fr/attack/labeled_fr_night_attack_time.pkl", [([0, 3, 1, 4], 1)])
    axes = {"transition": "schedule", "regime": "source", "detector": "argus"}
    records = [detection_record("a", 0.0, **axes), detection_record("b", 0.0, **axes)]
    records[0].result["metrics"].update(recall=0, false_positive_rate=1)
    assert d28(made_up.ground(records)).evidence[1:] == (
        "FR TT, our argus fitted on the old log: flags every normal window and no attack",
    )


@pytest.mark.release
def test_released_occupancy_made_no_split(confirm: Any) -> None:
    evidence = confirm("D22")
    for study in (PIPELINE, "ablation_study"):
        assert f"{study}: the last cell run was US NT, which would be split into 163 and 41" in evidence
    assert evidence.count("67 to train on and 17 for the threshold, is that of US TT") == 2


@pytest.mark.release
def test_released_attacks_are_made_by_rules(confirm: Any) -> None:
    evidence = confirm("D23")
    assert "18 of 18 attack files are equal" in evidence
    assert "110 of 3,209 equal their normal piece" in evidence


@pytest.mark.release
def test_released_attacks_that_are_not_reported(confirm: Any) -> None:
    evidence = confirm("D24")
    assert "15 kinds of attack are on disk, 6 of them in no result file" in evidence
    assert "sp: spring_attack_camera, 363 sequences" in evidence


@pytest.mark.release
def test_released_windows_are_other_data_than_pieces(confirm: Any) -> None:
    evidence = confirm("D25")
    assert (
        "SP TT: 242 windows of 10 behaviors, 69 % refreshes; 1,706 pieces of 1 to 10, 0 %; 1 in common"
    ) in evidence
    assert evidence.count("attacks by another rule") == 3


@pytest.mark.release
def test_released_attacks_have_the_hours_of_the_old_context(confirm: Any) -> None:
    evidence = confirm("D28")
    for data in ("windows", "pieces"):
        assert (
            f"FR TT, {data}: old log (6~9) (9~12) (12~15) (15~18), normal (0~3) (3~6) (18~21) (21~24), "
            "attacks (6~9) (9~12) (12~15) (15~18)"
        ) in evidence
