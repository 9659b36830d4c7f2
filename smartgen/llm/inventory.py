"""What an LLM may write: the home's valid (device, action) pairs, and the words for them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import Behavior, IntArray, Sequences
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary

Pair = tuple[int, int]

# What ends a line or steers it; how lines of the templates begin that are no line of a home's.
_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_HEADS = (
    *("inventory", "former s", "new surroundings", "habits", "write new"),
    *("devices (", "times of the day", "how will each"),
)

UNOFFERED = (
    "refresh"  # how a state ends that only reports; no habit, the release's inventories leave most out
)


@dataclass(frozen=True)
class Inventory:
    """The pairs of a home, by device.

    Args:
        vocabulary: the home's, with the names that may leave the machine.
        pairs: valid (device id, action id), ascending: all that may be read.
        offered: those of them that prompts and schemas name.
    """

    vocabulary: Vocabulary
    pairs: tuple[Pair, ...]
    offered: tuple[Pair, ...]

    @classmethod
    def of(cls, vocabulary: Vocabulary, log: Sequences) -> Inventory:
        """Pairs that occur in the log, or whose names agree (`Vocabulary.is_valid`).

        Of what only reports (``refresh``), that alone is offered which the log has.

        Args:
            vocabulary: names as prompts shall show them.
            log: the home's own, of any context that is known before the change.
        """
        actions = vocabulary.actions
        logged = set(log.pairs())
        named = {
            (device, action)
            for action in range(len(actions))
            if (device := vocabulary.prefix_device(action)) is not None
        }
        pairs = tuple(sorted(logged | named))
        offered = [pair for pair in pairs if pair in logged or not actions[pair[1]].endswith(UNOFFERED)]
        return cls(vocabulary, pairs, tuple(offered))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """One text an offered pair: the action, led by the device where the action's name tells another."""
        return tuple(self.label(pair) for pair in self.offered)

    @cached_property
    def ids(self) -> dict[str, Pair]:
        """Label to pair, of all that are valid."""
        return {self.label(pair): pair for pair in self.pairs}

    def holds(self, devices: IntArray, actions: IntArray) -> NDArray[np.bool_]:
        """(n,) whether each pair is valid."""
        return np.isin(_code(devices, actions), self._codes)

    @cached_property
    def _codes(self) -> NDArray[np.int64]:
        devices, actions = np.array(self.pairs, dtype=np.int64).reshape(-1, 2).T
        return _code(devices, actions)

    def label(self, pair: Pair) -> str:
        """The text of one pair."""
        device, action = pair
        text = self.vocabulary.actions[action]
        if self.vocabulary.prefix_device(action) == device:
            return text
        return f"{self.vocabulary.devices[device]} > {text}"

    def text(self) -> str:
        """One line a device: the states that are offered, or whole actions where these name another one."""
        names = self.vocabulary.devices
        return "\n".join(f"{as_name(names[device])}: {told}" for device, told in self.states.items())

    @property
    def states(self) -> dict[int, str]:
        """Of each device what can be done with it, on one line."""
        lines: dict[int, list[str]] = {}
        for device, action in self.offered:
            text = self.vocabulary.actions[action]
            own = self.vocabulary.prefix_device(action) == device
            state = text.partition(":")[2] if own else self.label((device, action))
            lines.setdefault(device, []).append(as_name(state))
        return {device: ", ".join(states) for device, states in lines.items()}

    def fields(self, behavior: Behavior) -> dict[str, str]:
        """A behavior as the JSON format writes it."""
        day, hour, device, action = behavior
        return {"day": DAYS[day], "hour": HOURS[hour], "action": self.label((device, action))}


def as_name(name: str) -> str:
    r"""A name as prompts have it: in JSON's quotes where it could be taken for a part of the prompt itself.

    Example:
        >>> as_name("Light"), as_name("New surroundings"), as_name("Light\nNew surroundings: none")
        ('Light', '"New surroundings"', '"Light\\nNew surroundings: none"')
    """
    if _BREAKING.search(name):
        return json.dumps(name)
    return json.dumps(name, ensure_ascii=False) if name.strip().casefold().startswith(_HEADS) else name


def _code(devices: IntArray, actions: IntArray) -> NDArray[np.int64]:
    """One number a pair."""
    return devices.astype(np.int64) << 32 | actions.astype(np.int64)
