"""The ids of one home: weekdays, hour buckets, devices and actions."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Behavior

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(f"({3 * k}~{3 * k + 3})" for k in range(8))


@dataclass(frozen=True)
class Vocabulary:
    """What a home's ids mean. The four fields are separate id spaces (release: dictionary.py).

    Args:
        devices: device types by id, for instance ``"Heater"``.
        actions: ``"Device:command"`` by id.
        off_actions: ids of actions that end something (``switch off`` and the like), which the semantic
            check of TSS keeps beside what they end.
    """

    devices: tuple[str, ...]
    actions: tuple[str, ...]
    off_actions: frozenset[int] = field(default_factory=frozenset)

    @property
    def pad(self) -> int:
        """The id that fills up short sequences, in every field: one past the last action (release).

        In a home with fewer actions than devices or hours it lies past those too, for no id may equal it.
        """
        return max(len(self.actions), len(self.devices), len(HOURS))

    @cached_property
    def ids(self) -> tuple[dict[str, int], dict[str, int], dict[str, int], dict[str, int]]:
        """Text to id, one table a field in the order day, hour, device, action."""
        tables: tuple[tuple[str, ...], ...] = (DAYS, HOURS, self.devices, self.actions)
        day, hour, device, action = ({text: i for i, text in enumerate(table)} for table in tables)
        return day, hour, device, action

    def action_id(self, action: str) -> int:
        """The id of ``"Device:command"``; an unknown one is an error that names it."""
        if action not in self.ids[3]:
            raise SmartgenError(f"this home has no action {action!r}; see `smartgen-data show --actions`")
        return self.ids[3][action]

    def prefix_device(self, action: int) -> int | None:
        """The device that an action's name begins with, if the home has it."""
        return self.ids[2].get(self.actions[action].split(":", 1)[0])

    def is_valid(self, device: int, action: int, logged: Container[tuple[int, int]] = ()) -> bool:
        """Whether a (device, action) pair is possible: it stands in the log, or the names agree."""
        return (device, action) in logged or self.prefix_device(action) == device

    def words(self, behavior: Behavior) -> tuple[str, str, str, str]:
        """A behavior in words, as prompts hold it."""
        day, hour, device, action = behavior
        return DAYS[day], HOURS[hour], self.devices[device], self.actions[action]

    @classmethod
    def from_tables(
        cls, devices: Mapping[str, int], actions: Mapping[str, int], off_actions: Mapping[str, int]
    ) -> Vocabulary:
        """From text-to-id tables; the ids of each must run from 0 without a hole."""
        return cls(_by_id("device", devices), _by_id("action", actions), frozenset(off_actions.values()))


def _by_id(kind: str, table: Mapping[str, int]) -> tuple[str, ...]:
    by_id = {number: text for text, number in table.items()}
    if sorted(by_id) != list(range(len(table))):
        raise SmartgenError(f"the {kind} ids of the vocabulary must be 0 to {len(table) - 1}, each once")
    return tuple(by_id[i] for i in range(len(table)))
