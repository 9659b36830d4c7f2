"""Which discrepancies have a check, and what checks say where there is nothing to read."""

from __future__ import annotations

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
}
TOLD = {
    "splitting": {"D03"},
    "compression": {"D05", "D07", "D08"},
    "writing": {"D12", "D14"},
    "filtering": set(),
    "detection_data": {"D06", "D20", "D21"},
}


IDS = sorted(name for ids in CHECKED.values() for name in ids)


@pytest.mark.parametrize("topic", CHECKED)
def test_topics_have_their_checks(topic: str) -> None:
    said = [one for one in discrepancies() if one.topic == topic]
    assert {one.id for one in said if check_of(one)} == CHECKED[topic]
    assert {one.id for one in said if not check_of(one)} == TOLD[topic]


def test_without_a_release_nothing_is_checked() -> None:
    for one in audit(Ground(None), IDS):
        assert one.status is Status.UNCHECKED
        assert one.evidence == ("needs the authors' release: smartgen-data fetch, or SMARTGEN_RELEASE",)


@pytest.mark.parametrize("name", IDS)
def test_a_release_without_data_is_told_in_one_line(made_up: Any, name: str) -> None:
    said = next(one for one in discrepancies() if one.id == name)
    check = check_of(said)
    assert check is not None
    with pytest.raises(UncheckableError) as told:
        check(made_up.ground())
    assert str(told.value).startswith("needs ")
    assert str(told.value).endswith(" of the release")
    assert "\n" not in str(told.value)


def test_a_release_of_other_homes_is_told(made_up: Any) -> None:
    made_up.write("SmartGen/dictionary.json", "{}")
    for one in audit(made_up.ground(), ["D01", "D11", "D13"]):
        assert one.status is Status.UNCHECKED
        assert one.evidence == (f"{made_up.root}: none of fr, sp, us is there",)
