"""One entity's rows in time: which of them is an action, and why each of the others is none (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from smartgen.data.logs.home_assistant_rules import Rule, Setting

REMOVED: Final = "the entity was removed"
AWAY: Final = "unavailable or unknown"
FIRST: Final = "first state of an entity"
BACK_AS_BEFORE: Final = "back from unavailable or a restart, as before"
BACK_OTHERWISE: Final = "back from unavailable or a restart in another state, how is not told"
NOTHING: Final = "nothing changed that a person sets"
ARRIVED: Final = "the way to a state whose action counted at its start"
SETTLED: Final = "a setting that still settles"
REPORT: Final = "a fault or an alarm"
BY_ITSELF: Final = "a change that nobody makes"
UNNAMED: Final = "a state that no rule names"


@dataclass
class Entity:
    """What is known of an entity so far.

    A setting settles while its value changes within ``settle`` of its last change, whatever that came with:
    the fade of a light that is turned on is no action beside. The value that a setting has while it cannot be
    seen (the brightness of a light that is off) is the last that was seen.

    Args:
        rule: of its domain.
        settle: milliseconds.
        state: that the last row meant, and ``written`` as it was written.
        away: whether a row since has said nothing.
        values, moved: of the settings, by their commands, and when they last changed.
    """

    rule: Rule
    settle: float
    state: str | None = None
    written: str | None = None
    away: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)

    def read(
        self, time: int, state: str | None, attributes: Mapping[str, Any], restarted: bool = False
    ) -> tuple[str, str]:
        """The command that a row shows, or empty and why it shows none.

        Args:
            time: milliseconds since 1970, none earlier than of the row before.
            state: None: removed.
            attributes: of the row.
            restarted: whether Home Assistant was started between the row before and this one.

        Example:
            >>> from smartgen.data.logs.home_assistant_rules import RULES
            >>> lamp = Entity(RULES["light"], settle=60_000)
            >>> lamp.read(0, "off", {}), lamp.read(5000, "on", {"brightness": 80})
            (('', 'first state of an entity'), ('turn_on', ''))
        """
        self.away |= restarted
        if not state or state == "unavailable" or (state == "unknown" and not self.rule.stamped):
            self.away = True
            return "", AWAY if state else REMOVED
        changed = self._changed(time, attributes)
        if state in self.rule.reports and not self._begins(state):
            return "", REPORT
        now = self.rule.meaning(state)
        if now is None:
            return "", UNNAMED
        before, self.state = self.state, now
        away, self.away = self.away, False
        written, self.written = self.written, state
        if before is None:
            return "", FIRST
        if away:
            return "", BACK_OTHERWISE if changed or now != before else BACK_AS_BEFORE
        passing, was_passing = state in self.rule.passing, written in self.rule.passing
        if was_passing and (now == before or not passing):
            return "", ARRIVED
        if now != before or passing:
            command = self.rule.command(before, now)
            return (command, "") if command else ("", BY_ITSELF)
        return _first_command(changed, NOTHING if state == written else ARRIVED)

    def _begins(self, state: str) -> bool:
        """Whether a report is what a person's action begins with (an alarm that waits to be armed)."""
        return self.state is not None and bool(self.rule.command(self.state, state))

    def _changed(self, time: int, attributes: Mapping[str, Any]) -> dict[str, bool]:
        """Commands of the settings that have another value than before -> whether that is an action."""
        found = {}
        for setting in self.rule.settings:
            value, name = _value(setting, attributes), setting.command
            known = name in self.values
            if value is None or (known and self.values[name] == value):
                continue
            found[name] = known and time - self.moved[name] >= self.settle
            self.values[name], self.moved[name] = value, time
        return found


def _value(setting: Setting, attributes: Mapping[str, Any]) -> Any:
    for name in setting.attributes:
        value = attributes.get(name)
        if value is not None and value != setting.silent:
            return value
    return None


def _first_command(changed: Mapping[str, bool], otherwise: str) -> tuple[str, str]:
    if not changed:
        return "", otherwise
    return next(((name, "") for name, action in changed.items() if action), ("", SETTLED))
