"""Every discrepancy with what became of its check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from smartgen.audit.declare import Discrepancy, discrepancies
from smartgen.audit.finding import Finding, Status, UncheckableError
from smartgen.audit.ground import Ground
from smartgen.core.errors import SmartgenError

CheckFunction = Callable[[Ground], Finding]


@dataclass(frozen=True)
class Audited:
    """A discrepancy, how it stands, and why.

    Args:
        evidence: what the check counted, or what it lacks; empty where there is none.
    """

    said: Discrepancy
    status: Status
    evidence: tuple[str, ...]


def audit(
    ground: Ground,
    ids: Sequence[str] = (),
    on_check: Callable[[str, int, int], None] = lambda name, done, count: None,
) -> list[Audited]:
    """Check what can be checked.

    Args:
        ids: only these, as ``D01``; all otherwise.
        on_check: told which one begins, how many are done, and of how many.

    Raises:
        SmartgenError: there is no such id.
    """
    said = discrepancies()
    wanted = _wanted(ids, [one.id for one in said])
    chosen = [one for one in said if one.id in wanted]
    found = []
    for done, one in enumerate(chosen):
        on_check(one.id, done, len(chosen))
        found.append(_audited(one, ground))
    on_check("", len(chosen), len(chosen))
    return found


def check_of(one: Discrepancy) -> CheckFunction | None:
    """Its check; None where it is told."""
    module = f"smartgen.audit.{one.topic}"
    if find_spec(module) is None:
        return None
    found: CheckFunction | None = getattr(import_module(module), one.id.lower(), None)
    return found


def _audited(one: Discrepancy, ground: Ground) -> Audited:
    check = check_of(one)
    if check is None:
        return Audited(one, Status.TOLD, ())
    try:
        finding = check(ground)
    except UncheckableError as error:
        return Audited(one, Status.UNCHECKED, (str(error),))
    return Audited(one, Status.CONFIRMED if finding.holds else Status.REFUTED, finding.evidence)


def _wanted(ids: Iterable[str], known: Sequence[str]) -> list[str]:
    for name in ids:
        if name not in known:
            raise SmartgenError(f"there is no discrepancy {name!r}; choose from {known[0]} to {known[-1]}")
    return list(ids) or list(known)
