"""A reader under test: where its cases come from, how one is read, and what must hold of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from fuzzing.mutate import mutated

Mutate = Callable[[bytes, Random], bytes]


@dataclass(frozen=True)
class Reader:
    """One reader of the product. A case is bytes, so that every engine can make some and a file keeps one.

    Args:
        name: as the command takes it.
        read: reads a case. True: there is something in it, and its invariants were asserted; False: nothing
            in it, without an error. Raises SmartgenError where the reader refuses it.
        seeds: valid cases.
        mutate: makes another case of one.
        names: what the line of a refusal has to hold, as the name of the file; empty: nothing particular.
        allowed: audit events that are this reader's work, as ``compile`` where a literal is parsed.
        tokens: pieces that raw mutations put in.
    """

    name: str
    read: Callable[[bytes], bool]
    seeds: tuple[bytes, ...]
    mutate: Mutate = mutated
    names: str = ""
    allowed: frozenset[str] = frozenset()
    tokens: tuple[bytes, ...] = ()


@dataclass
class Finding:
    """A case that broke the property.

    Args:
        kind: an exception's type, or ``hang``, ``memory``, ``line``, ``event`` or ``killed``.
        place: the innermost line of the product that it went through; empty where it is not known.
        told: in a line.
        trace: of an exception.
    """

    kind: str
    place: str
    told: str
    trace: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Equal for cases that show the same fault."""
        return self.kind, self.place


@dataclass
class Outcome:
    """What became of a case.

    Args:
        kind: ``whole``, ``empty``, ``refused`` or ``finding``.
        seconds: that it took.
        told: the line of a refusal.
    """

    kind: str
    seconds: float = 0.0
    told: str = ""
    findings: list[Finding] = field(default_factory=list)
