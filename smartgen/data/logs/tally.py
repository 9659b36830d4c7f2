"""What happened to the rows of a log while it was read: nothing is dropped or mended without a count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 200  # characters that are told of a row


@dataclass
class Counted:
    """How often something was met, and where first, in words."""

    count: int
    first: str


@dataclass
class Tally:
    """Rows of one log, counted while a reader goes through it.

    Attributes:
        rows: read in all.
        dropped: reason -> rows that are no behavior, or cannot be read.
        repaired: what was mended -> rows that were kept all the same.
        notes: what a person should know beside the counts.
    """

    rows: int = 0
    dropped: dict[str, Counted] = field(default_factory=dict)
    repaired: dict[str, Counted] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def drop(self, reason: str, count: int, first: str) -> None:
        """Count rows that are left out; ``first`` says where the first of them is, as ``line 17: 'soon'``."""
        _count(self.dropped, reason, count, first)

    def repair(self, what: str, count: int, first: str) -> None:
        """Count rows that are kept, but not as they were written."""
        _count(self.repaired, what, count, first)

    def note(self, text: str) -> None:
        """Something that a person should know."""
        self.notes.append(text)

    @property
    def left(self) -> int:
        """Rows that nothing dropped."""
        return self.rows - sum(one.count for one in self.dropped.values())


def _count(table: dict[str, Counted], name: str, count: int, first: str) -> None:
    if not count:
        return
    if name in table:
        table[name].count += count
    else:
        table[name] = Counted(count, first if len(first) <= LONGEST else f"{first[:LONGEST]}…")
