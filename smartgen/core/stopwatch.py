"""Wall seconds by name, summed over every time that a name is measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Measures parts of a run.

    Example:
        >>> watch = Stopwatch()
        >>> with watch.measure("tss"):
        ...     pass
        >>> watch.seconds["tss"] >= 0
        True
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the time spent inside, whether or not it ends well."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = self.seconds.get(name, 0.0) + time.perf_counter() - start
            self.seconds[name] = round(spent, 3)
