"""Which changes of a Home Assistant entity are things that people do, and what each is called (ours).

``RULES`` has a line for each change of a domain: state before, state after, command. ``*`` is any state,
``a|b`` one of several; the first line that fits counts, and a line without a command is a change that nobody
makes (a script that has run through). A domain that the table lacks only reports. States and attributes are
those of Home Assistant's entity models; commands have the names of its services where there is one, and are
ours otherwise (``set_brightness`` is ``light.turn_on`` with a brightness).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

Change = tuple[str, str, str]  # before, after, command


@dataclass(frozen=True)
class Setting:
    """Something that is set while a device runs.

    Args:
        command: that sets it.
        attributes: where its value is; the first of them that a row has.
        silent: a value that says nothing of the setting, as a missing one (a fan that is off has 0 percent).
    """

    command: str
    attributes: tuple[str, ...]
    silent: Any = None


@dataclass(frozen=True)
class Rule:
    """What the states of a domain mean.

    Args:
        changes: lines of before, after, command.
        same: other names of a state.
        passing: state on the way -> the state that it leads to; the action counts at the first of the two,
            and what the way ends in is none, whatever it is.
        reports: states that say something else: a fault, an alarm. They are passed over.
        settings: in the order of what stands for a row that changes several.
        basic: commands that every entity of the domain has; of the further groups those of which one is seen.
        stamped: the state is the moment of the last use, and ``unknown`` before the first.
    """

    changes: tuple[Change, ...]
    same: Mapping[str, str] = field(default_factory=dict)
    passing: Mapping[str, str] = field(default_factory=dict)
    reports: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    basic: tuple[tuple[str, ...], ...] = ()
    stamped: bool = False

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(state for line in self.changes for side in line[:2] for state in side.split("|"))

    @cached_property
    def _any(self) -> bool:
        return any(after == "*" for _, after, _ in self.changes)

    def meaning(self, state: str) -> str | None:
        """The state that a row's state stands for or leads to; None for one that no line names."""
        state = self.passing.get(state, self.same.get(state, state))
        return state if self._any or state in self._named else None

    def command(self, before: str, after: str) -> str:
        """What makes a state of another; empty where nobody does."""
        fitting = (line[2] for line in self.changes if _fits(line[0], before) and _fits(line[1], after))
        return next(fitting, "")


def _fits(pattern: str, state: str) -> bool:
    return pattern == "*" or state in pattern.split("|")


ON_OFF: Final = (("*", "on", "turn_on"), ("*", "off", "turn_off"))
TURNED: Final = (("turn_on", "turn_off"),)
WARMTH: Final = Setting("set_temperature", ("temperature", "target_temp_high", "target_temp_low"))
PRESET: Final = Setting("set_preset_mode", ("preset_mode",))
SWITCH: Final = Rule(ON_OFF, basic=TURNED)
BUTTON: Final = Rule((("*", "unknown", ""), ("*", "*", "press")), basic=(("press",),), stamped=True)
SELECT: Final = Rule((("*", "*", "select_option"),), basic=(("select_option",),))

RULES: Final[Mapping[str, Rule]] = {
    "light": Rule(
        ON_OFF,
        settings=(
            Setting("set_effect", ("effect",)),
            Setting("set_color_temp", ("color_temp_kelvin", "color_temp")),
            Setting("set_color", ("hs_color", "rgb_color", "xy_color")),
            Setting("set_brightness", ("brightness",)),
        ),
        basic=TURNED,
    ),
    "switch": SWITCH,
    "input_boolean": SWITCH,
    "siren": SWITCH,
    "remote": Rule(ON_OFF, settings=(Setting("set_activity", ("current_activity",)),), basic=TURNED),
    "fan": Rule(
        ON_OFF,
        settings=(
            PRESET,
            Setting("set_percentage", ("percentage",), silent=0),
            Setting("oscillate", ("oscillating",)),
            Setting("set_direction", ("direction",)),
        ),
        basic=TURNED,
    ),
    "humidifier": Rule(
        ON_OFF,
        settings=(Setting("set_mode", ("mode",)), Setting("set_humidity", ("humidity",))),
        basic=TURNED,
    ),
    "climate": Rule(
        (("*", "off", "turn_off"), ("off", "*", "turn_on"), ("*", "*", "set_hvac_mode")),
        settings=(
            PRESET,
            WARMTH,
            Setting("set_humidity", ("humidity",)),
            Setting("set_fan_mode", ("fan_mode",)),
            Setting("set_swing_mode", ("swing_mode",)),
        ),
        basic=TURNED,
    ),
    "water_heater": Rule(
        (("*", "off", "turn_off"), ("off", "*", "turn_on"), ("*", "*", "set_operation_mode")),
        settings=(Setting("set_away_mode", ("away_mode",)), WARMTH),
        basic=TURNED,
    ),
    "cover": Rule(
        (("*", "open", "open_cover"), ("*", "closed", "close_cover")),
        passing={"opening": "open", "closing": "closed"},
        settings=(
            Setting("set_cover_position", ("current_position",)),
            Setting("set_cover_tilt_position", ("current_tilt_position",)),
        ),
        basic=(("open_cover", "close_cover"),),
    ),
    "valve": Rule(
        (("*", "open", "open_valve"), ("*", "closed", "close_valve")),
        passing={"opening": "open", "closing": "closed"},
        settings=(Setting("set_valve_position", ("current_position",)),),
        basic=(("open_valve", "close_valve"),),
    ),
    "lock": Rule(
        (
            ("open", "unlocked", ""),  # the latch falls back by itself
            ("*", "locked", "lock"),
            ("*", "unlocked", "unlock"),
            ("*", "open", "open"),
        ),
        passing={"locking": "locked", "unlocking": "unlocked", "opening": "open"},
        reports=("jammed",),
        basic=(("lock", "unlock"),),
    ),
    "media_player": Rule(
        (
            ("*", "off", "turn_off"),
            ("off", "on|idle|playing|paused", "turn_on"),
            ("*", "playing", "media_play"),
            ("playing", "paused", "media_pause"),
            ("playing|paused", "idle|on", "media_stop"),
            ("*", "on|idle|paused", ""),
        ),
        same={"standby": "off", "buffering": "playing"},
        settings=(
            Setting("select_source", ("source",)),
            Setting("play_media", ("media_channel",)),
            Setting("select_sound_mode", ("sound_mode",)),
            Setting("volume_mute", ("is_volume_muted",)),
            Setting("volume_set", ("volume_level",)),
        ),
        basic=(*TURNED, ("media_play", "media_pause", "media_stop")),
    ),
    "vacuum": Rule(
        (
            ("*", "cleaning", "start"),
            ("*", "docked", "return_to_base"),
            ("*", "paused", "pause"),
            ("cleaning|paused", "idle", "stop"),
            ("*", "idle", ""),
            *ON_OFF,
        ),
        same={"returning": "docked"},
        reports=("error",),
        settings=(Setting("set_fan_speed", ("fan_speed",)),),
        basic=(("start", "return_to_base"),),
    ),
    "lawn_mower": Rule(
        (("*", "mowing", "start_mowing"), ("*", "docked", "dock"), ("*", "paused", "pause")),
        same={"returning": "docked"},
        reports=("error",),
        basic=(("start_mowing", "dock"),),
    ),
    "alarm_control_panel": Rule(
        (
            ("arming|pending", "armed_away|armed_home|armed_night|armed_vacation|armed_custom_bypass", ""),
            ("disarmed", "arming|pending", "alarm_arm"),  # which way is told only at its end
            ("*", "disarmed", "alarm_disarm"),
            ("*", "armed_away", "alarm_arm_away"),
            ("*", "armed_home", "alarm_arm_home"),
            ("*", "armed_night", "alarm_arm_night"),
            ("*", "armed_vacation", "alarm_arm_vacation"),
            ("*", "armed_custom_bypass", "alarm_arm_custom_bypass"),
        ),
        same={"disarming": "disarmed"},
        reports=("pending", "triggered"),  # somebody came in: the panel's own
        basic=(("alarm_disarm", "alarm_arm_away"),),
    ),
    "button": BUTTON,
    "input_button": BUTTON,
    "scene": Rule((("*", "unknown", ""), ("*", "*", "turn_on")), basic=(("turn_on",),), stamped=True),
    "script": Rule((("*", "on", "turn_on"), ("*", "off", "")), basic=(("turn_on",),)),
    "select": SELECT,
    "input_select": SELECT,
}

# Binary sensors report, but for those of what a hand opens and closes.
OPENINGS: Final = ("door", "garage_door", "window", "opening")
OPENING: Final = Rule((("*", "on", "open"), ("*", "off", "close")), basic=(("open", "close"),))

# What `dataset.include` lets in beside the table; every further domain as a switch.
WHEREABOUTS: Final = Rule(
    (("*", "home", "arrive"), ("home", "*", "leave"), ("*", "*", "")), basic=(("arrive", "leave"),)
)
NUMBER: Final = Rule((("*", "*", "set_value"),), basic=(("set_value",),))
INCLUDED: Final[Mapping[str, Rule]] = {
    "binary_sensor": Rule(
        (("*", "on", "detected"), ("*", "off", "cleared")), basic=(("detected", "cleared"),)
    ),
    "person": WHEREABOUTS,
    "device_tracker": WHEREABOUTS,
    "number": NUMBER,
    "input_number": NUMBER,
}


def rule_of(domain: str, device_class: str | None, included: bool) -> Rule | None:
    """The rule of an entity; None where it only reports.

    Args:
        domain: of its id, what stands before the dot.
        device_class: of a binary sensor.
        included: whether ``dataset.include`` names it.

    Example:
        >>> rule_of("cover", None, included=False).command("closed", "open")
        'open_cover'
        >>> rule_of("binary_sensor", "motion", included=False) is None
        True
    """
    if domain == "binary_sensor" and device_class in OPENINGS:
        return OPENING
    found = RULES.get(domain)
    return INCLUDED.get(domain, SWITCH) if found is None and included else found


def never_done(rule: Rule, done: set[str]) -> list[str]:
    """Basic commands that an entity has, and that its rows do not show.

    Example:
        >>> never_done(RULES["light"], {"turn_on"})
        ['turn_off']
        >>> never_done(RULES["media_player"], {"media_play"})
        ['turn_on', 'turn_off', 'media_pause', 'media_stop']
    """
    groups = [group for place, group in enumerate(rule.basic) if place == 0 or done & set(group)]
    return [command for group in groups for command in group if command not in done]
