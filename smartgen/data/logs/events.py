"""What every reader of logs gives: rows that are behaviors, by columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MILLISECONDS = 1000


@dataclass(frozen=True)
class Events:
    """Behaviors of a log in the order of its rows; ten million take 160 MB.

    Args:
        times: (n,) int64 milliseconds since 1970, UTC.
        offsets: (n,) int32 seconds by which the home's clock is ahead of UTC then.
        actions: (n,) int32 places in ``names``.
        names: ``"device:command"`` of each place; the first colon ends the device.
        idle: further ``"device:command"`` that the home could do, though the log never has them.
        zone: time zone of the home, where the log itself knows it.
    """

    times: NDArray[np.int64]
    offsets: NDArray[np.int32]
    actions: NDArray[np.int32]
    names: tuple[str, ...]
    idle: tuple[str, ...] = ()
    zone: str | None = None


@dataclass
class Collected:
    """Blocks of behaviors on their way to ``Events``, with one table of names.

    The columns grow in place and are never copied: blocks that were kept and joined would take twice the
    memory, which the system does not get back.
    """

    times: bytearray = field(default_factory=bytearray)
    offsets: bytearray = field(default_factory=bytearray)
    actions: bytearray = field(default_factory=bytearray)
    places: dict[str, int] = field(default_factory=dict)

    def place(self, name: str) -> int:
        """The place of a name, a new one for a new name."""
        return self.places.setdefault(name, len(self.places))

    def add(self, times: NDArray[np.int64], offsets: NDArray[np.int32], actions: NDArray[np.int32]) -> None:
        """A block of rows."""
        self.times += times.tobytes()
        self.offsets += offsets.tobytes()
        self.actions += actions.tobytes()

    def events(self, idle: Iterable[str] = ()) -> Events:
        """All blocks as one; nothing can be added after."""
        return Events(
            np.frombuffer(self.times, np.int64),
            np.frombuffer(self.offsets, np.int32),
            np.frombuffer(self.actions, np.int32),
            tuple(self.places),
            tuple(idle),
        )


def action_name(device: str, command: str) -> str:
    """``"device:command"``; a colon inside the device's name becomes a dot, for the first one ends it.

    Example:
        >>> action_name("zwave:7", " switch  on ")
        'zwave.7:switch on'
    """
    return f"{' '.join(device.split()).replace(':', '.')}:{' '.join(command.split())}"
