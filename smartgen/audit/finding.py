"""What a check comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from smartgen.core.errors import SmartgenError


class Status(StrEnum):
    """How a discrepancy stands."""

    CONFIRMED = "confirmed"  # the data or records show what is said of the release
    REFUTED = "refuted"  # they show otherwise
    UNCHECKED = "not checked"  # what the check reads is not here
    TOLD = "told"  # on the word of whoever read the code; no check


SYMBOLS = {Status.CONFIRMED: "✓", Status.REFUTED: "✗", Status.UNCHECKED: "·", Status.TOLD: "“"}


@dataclass(frozen=True)
class Finding:
    """A check's outcome.

    Args:
        holds: whether the release does as was said.
        evidence: lines of what was counted or computed, with the numbers.
    """

    holds: bool
    evidence: tuple[str, ...]


class UncheckableError(SmartgenError):
    """A check that cannot be made here; says what it would take."""
