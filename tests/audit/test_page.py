"""The page says how each stands, with what it touches and the evidence; rows hold the same flat."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartgen.audit.declare import Discrepancy, Touched, discrepancies
from smartgen.audit.finding import Status
from smartgen.audit.ground import ground_at
from smartgen.audit.page import audit_page, audit_records, outcomes, restored, tally
from smartgen.audit.runner import Audited
from smartgen.core.errors import SmartgenError
from smartgen.tables.declare import Place

PLACES = tuple(Place("FR", "ST", metric, "SmartGen") for metric in ("Recall", "Precision"))
TOUCHES = (
    Touched("Table 2, FR, SmartGen", "table2", PLACES),
    Touched("Table 2, SP", "table2", PLACES[:1]),
    Touched("abstract"),
)
FOUND = [
    Audited(
        Discrepancy("D01", "splitting", "says so", "does otherwise", TOUCHES),
        Status.CONFIRMED,
        ("3 of 3", "one"),
    ),
    Audited(Discrepancy("D02", "splitting", "", "does", ()), Status.REFUTED, ("0 of 3",)),
    Audited(Discrepancy("D03", "splitting", "", "does", ()), Status.TOLD, ()),
]


def test_a_line_a_discrepancy_stands_first() -> None:
    block = audit_page(FOUND).blocks[0]
    assert block.rows == [
        ["D01", "✓ confirmed", "2", "Table 2; abstract"],
        ["D02", "✗ refuted", "-", "-"],
        ["D03", "“ told", "-", "-"],
    ]


def test_each_is_told_with_its_evidence() -> None:
    below = list(audit_page(FOUND).below)
    assert below[:8] == [
        "",
        "D01  ✓ confirmed",
        "  paper: says so",
        "  release: does otherwise",
        "  touches: Table 2, FR, SmartGen; Table 2, SP; abstract",
        "  evidence:",
        "    3 of 3",
        "    one",
    ]
    assert below[8:11] == ["", "D02  ✗ refuted", "  release: does"]
    assert below[-1] == tally(FOUND) == "3 discrepancies: 1 confirmed ✓, 1 refuted ✗, 1 told “"


def test_rows_name_every_number() -> None:
    first, second, third = audit_records(FOUND)
    assert first["cells"].split(";") == [
        "table2:FR/ST/Recall/SmartGen",
        "table2:FR/ST/Precision/SmartGen",
        "table2:FR/ST/Recall/SmartGen",
    ]
    assert first["evidence"] == "3 of 3\none"
    assert (second["status"], third["status"]) == ("refuted", "told")
    assert (second["cells"], second["touches"]) == ("", "")


def test_what_no_check_sees_is_said_apart_from_the_evidence() -> None:
    said = Discrepancy("D01", "splitting", "", "does otherwise", (), told="so does a folder left out here")
    one = Audited(said, Status.CONFIRMED, ("3 of 3",))
    below = list(audit_page([one]).below)
    assert below[2:6] == [
        "  release: does otherwise",
        "  told: so does a folder left out here",
        "  evidence:",
        "    3 of 3",
    ]
    assert audit_records([one])[0]["told"] == "so does a folder left out here"


def test_outcomes_come_back_as_they_were() -> None:
    first, second, *_ = discrepancies()
    found = [Audited(first, Status.REFUTED, ("0 of 3", "none")), Audited(second, Status.TOLD, ())]
    assert restored(outcomes(found)) == found


def test_a_release_that_is_named_must_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTGEN_RELEASE", str(tmp_path / "none"))
    with pytest.raises(SmartgenError, match="none"):
        ground_at(None, [])
    monkeypatch.delenv("SMARTGEN_RELEASE")
    with pytest.raises(SmartgenError, match="other"):
        ground_at(tmp_path / "other", [])
