"""How asking an LLM can fail, by what is to be done about it."""

from __future__ import annotations

from dataclasses import dataclass

from smartgen.core.errors import SmartgenError


class EndpointError(SmartgenError):
    """The endpoint will not answer, whatever is tried again; one line that says what to do."""


class NoSchemaError(SmartgenError):
    """The endpoint does not know ``response_format``, or not this schema."""


@dataclass
class PassingError(Exception):
    """It may go better next time.

    Args:
        told: what happened.
        lost: an answer may have been written that never arrived whole.
        wait: seconds that the endpoint asks for (Retry-After); None if it does not.
        limited: it answers, but not so many calls at a time (429).
    """

    told: str
    lost: bool
    wait: float | None = None
    limited: bool = False


class WaitingError(SmartgenError):
    """A batch is under way; the cell is left for a later run of the same command."""
