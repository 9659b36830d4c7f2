"""Wall seconds by name, summed over every time that a name is measured; what is inside another is not its."""

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
        self._inner = 0.0  # seconds of what ended inside the measure that runs

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the time spent inside, less that of measures within it, whether or not it ends well."""
        start, outer, self._inner = time.perf_counter(), self._inner, 0.0
        try:
            yield
        finally:
            whole = time.perf_counter() - start
            self.seconds[name] = round(self.seconds.get(name, 0.0) + whole - self._inner, 3)
            self._inner = outer + whole
