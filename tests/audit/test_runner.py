"""Confirmed, refuted, not checked, told: what becomes of a discrepancy, on a topic made up here."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from smartgen.audit import runner
from smartgen.audit.declare import Discrepancy
from smartgen.audit.finding import Finding, Status, UncheckableError
from smartgen.audit.ground import Ground
from smartgen.audit.runner import audit
from smartgen.core.errors import SmartgenError


def lacking(ground: Ground) -> Finding:
    raise UncheckableError("needs what is not here")


def broken(ground: Ground) -> Finding:
    raise SmartgenError("a file is damaged")


@pytest.fixture(autouse=True)
def topic(monkeypatch: pytest.MonkeyPatch) -> None:
    """D01 to D05 of a topic with four checks, and D06 of one that has no module."""
    module = ModuleType("smartgen.audit.made_up")
    module.__spec__ = ModuleSpec("smartgen.audit.made_up", None)
    checks = {
        "d01": lambda ground: Finding(True, ("2 of 2",)),
        "d02": lambda ground: Finding(False, ("0 of 2", "none")),
        "d03": lacking,
        "d05": broken,
    }
    for name, check in checks.items():
        setattr(module, name, check)
    monkeypatch.setitem(sys.modules, "smartgen.audit.made_up", module)
    said = [Discrepancy(f"D0{number}", "made_up", "says", "does", ()) for number in range(1, 5)]
    said += [Discrepancy("D05", "made_up", "", "does", ()), Discrepancy("D06", "unwritten", "", "does", ())]
    monkeypatch.setattr(runner, "discrepancies", lambda: said)


def test_a_check_decides() -> None:
    found = audit(Ground(None), ["D01", "D02", "D03", "D04", "D06"])
    assert [(one.said.id, one.status, one.evidence) for one in found] == [
        ("D01", Status.CONFIRMED, ("2 of 2",)),
        ("D02", Status.REFUTED, ("0 of 2", "none")),
        ("D03", Status.UNCHECKED, ("needs what is not here",)),
        ("D04", Status.TOLD, ()),
        ("D06", Status.TOLD, ()),
    ]


def test_an_error_that_is_no_lack_is_not_swallowed() -> None:
    with pytest.raises(SmartgenError, match="a file is damaged"):
        audit(Ground(None))


def test_an_unknown_id_is_refused() -> None:
    with pytest.raises(SmartgenError, match="no discrepancy 'D99'; choose from D01 to D06"):
        audit(Ground(None), ["D01", "D99"])


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    audit(Ground(None), ["D04", "D01"], lambda *step: told.append(step))
    assert told == [("D01", 0, 2), ("D04", 1, 2), ("", 2, 2)]
