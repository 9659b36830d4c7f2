"""The current sequence of a stream of single behaviors, cut where training sequences are cut."""

from __future__ import annotations

from datetime import timedelta

from smartgen.core.types import Behavior
from smartgen.data.windows import LONGEST
from smartgen.scoring.moments import Moment, gap, same_day

LONGEST_GAP = timedelta(hours=9)  # within a sequence, as TSS has it


class Stream:
    """Behaviors of one calendar day in the order in which they come, ten at most, without long gaps.

    Example:
        >>> stream = Stream()
        >>> len(stream.add(Moment(0, 2), Behavior(0, 2, 5, 9)))
        1
        >>> len(stream.add(Moment(0, 3), Behavior(0, 3, 5, 8)))
        2
        >>> len(stream.add(Moment(1, 2), Behavior(1, 2, 5, 9)))  # another day
        1
    """

    def __init__(self) -> None:
        self._behaviors: list[Behavior] = []
        self._last: Moment | None = None

    def add(self, moment: Moment, behavior: Behavior) -> list[Behavior]:
        """The sequence that ends with this behavior."""
        if self._last is None or not self._goes_on(self._last, moment):
            self._behaviors = []
        self._behaviors.append(behavior)
        self._last = moment
        return list(self._behaviors)

    def _goes_on(self, last: Moment, moment: Moment) -> bool:
        full = len(self._behaviors) >= LONGEST
        return not full and same_day(last, moment) and gap(last, moment) <= LONGEST_GAP
