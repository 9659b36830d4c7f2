"""Which discrepancies have a check, and what checks say where there is nothing to read."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from smartgen.audit.declare import discrepancies
from smartgen.audit.finding import Status, UncheckableError
from smartgen.audit.ground import Ground
from smartgen.audit.runner import audit, check_of

CHECKED = {
    "splitting": {"D01", "D02", "D04"},
    "compression": {"D09", "D10"},
    "writing": {"D11", "D13", "D15", "D16", "D17"},
    "filtering": {"D18", "D19"},
    "detection_data": {"D22", "D23", "D24", "D25", "D28"},
    "detection": {"D26", "D27", "D29", "D30", "D31"},
    "prediction": {"D32", "D33", "D34", "D35", "D36", "D37"},
    "predictors": {"D38", "D39", "D40"},
    "studies": {"D41", "D42", "D43", "D44", "D45", "D46", "D47"},
    "claims": {"D48", "D49", "D51", "D52"},
}
TOLD = {
    "splitting": {"D03"},
    "compression": {"D05", "D07", "D08"},
    "writing": {"D12", "D14"},
    "detection_data": {"D06", "D20", "D21"},
    "claims": {"D50"},
}
IDS = {name for ids in CHECKED.values() for name in ids}
# Checked on what is printed, and in the authors' result files, both of which are here; or on one's records.
ON_TABLES = {"D30", "D37", "D45", "D46", "D48"}
ON_RECORDS = {"D31"}
ON_RELEASE = sorted(IDS - ON_TABLES - ON_RECORDS)


def test_all_are_here() -> None:
    said = discrepancies()
    assert [one.id for one in said] == [f"D{number:02}" for number in range(1, 53)]
    assert {one.topic for one in said} == set(CHECKED)
    assert all(one.release and (one.touches or one.id not in IDS) for one in said)


@pytest.mark.parametrize("topic", CHECKED)
def test_topics_have_their_checks(topic: str) -> None:
    said = [one for one in discrepancies() if one.topic == topic]
    assert {one.id for one in said if check_of(one)} == CHECKED[topic]
    assert {one.id for one in said if not check_of(one)} == TOLD.get(topic, set())


def test_without_a_release_nothing_is_checked() -> None:
    for one in audit(Ground(None), ON_RELEASE):
        assert one.status is Status.UNCHECKED
        assert one.evidence == ("needs the authors' release: smartgen-data fetch, or SMARTGEN_RELEASE",)


def test_without_anything_printed_numbers_are_checked() -> None:
    assert {one.status for one in audit(Ground(None), sorted(ON_TABLES))} == {Status.CONFIRMED}


def test_without_records_the_command_that_makes_some_is_told() -> None:
    (one,) = audit(Ground(None), sorted(ON_RECORDS))
    assert one.status is Status.UNCHECKED
    assert one.evidence[0].startswith("needs records: smartgen experiment=table2 ")


@pytest.mark.parametrize("name", ON_RELEASE)
def test_a_release_without_data_is_told_in_one_line(bare: Ground, name: str) -> None:
    said = next(one for one in discrepancies() if one.id == name)
    check = check_of(said)
    assert check is not None
    with pytest.raises(UncheckableError) as told:
        check(bare)
    assert str(told.value).startswith("needs ")
    assert str(told.value).endswith(" of the release")
    assert "\n" not in str(told.value)


def test_a_release_of_other_homes_is_told(made_up: Any) -> None:
    made_up.write("SmartGen/dictionary.json", "{}")
    for one in audit(made_up.ground(), ["D01", "D11", "D13"]):
        assert one.status is Status.UNCHECKED
        assert one.evidence == (f"{made_up.root}: none of fr, sp, us is there",)


def test_checks_load_nothing_heavy_before_they_run() -> None:
    modules = ", ".join(f"smartgen.audit.{topic}" for topic in CHECKED)
    code = f"import sys, {modules}; print(sorted({{'torch', 'sklearn', 'pandas'}} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
