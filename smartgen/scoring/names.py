"""Devices and actions of lines by the names that a home has, which are those that the log reader makes."""

from __future__ import annotations

from collections.abc import Iterator

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.events import action_name
from smartgen.data.vocabulary import Vocabulary
from smartgen.scoring.words import shown

COLONS = 32  # at which a name is tried as device and command; ids of Zigbee devices have eight


def named(device: str | None, action: str, vocabulary: Vocabulary) -> tuple[str, str]:
    """Device and whole action, as the home has them or, of those that it does not have, would name them.

    A name that the home has exactly so stays; else ``action_name`` makes it, as of a log's row.

    Args:
        device: None: as the action's name begins.
        action: whole, or beside a device the command alone.

    Example:
        >>> home = Vocabulary(("tv", "zwave.lamp"), ("tv:play", "zwave.lamp:turn_on"))
        >>> named("zwave:lamp", " turn_on", home), named(None, "zwave:lamp:turn_on", home)
        (('zwave.lamp', 'zwave.lamp:turn_on'), ('zwave.lamp', 'zwave.lamp:turn_on'))

    Raises:
        SmartgenError: no device is told and the action names none, or it is another device's.
    """
    return _alone(action, vocabulary) if device is None else _beside(device, action, vocabulary)


def _alone(action: str, vocabulary: Vocabulary) -> tuple[str, str]:
    device, whole = _whole(action, vocabulary)
    if not device or (whole in vocabulary.ids[3] and device not in vocabulary.ids[2]):
        raise SmartgenError(f"has action {shown(action)} and no device, which it does not name")
    return device, whole


def _beside(device: str, action: str, vocabulary: Vocabulary) -> tuple[str, str]:
    _, _, devices, actions = vocabulary.ids
    owner = _owner(device, vocabulary)
    if action in actions and action.partition(":")[0] == owner:
        return owner, action
    own = [command for told, command in _splits(action) if _device(told) == _device(device)]
    read = [_spelled(device, command, vocabulary)[1] for command in (action, *own)]
    if known := [one for one in read if one in actions]:
        return owner, known[0]
    other, whole = _whole(action, vocabulary)
    if whole not in actions:
        return owner, read[-1]
    if other != owner and other in devices and _is_logged(vocabulary):
        raise SmartgenError(
            f"has device {shown(device)} and action {shown(action)}, which is one of {shown(other)}"
        )
    return owner, whole


def _whole(action: str, vocabulary: Vocabulary) -> tuple[str, str]:
    """The device that a whole action's name begins with, empty where it has none, and the action."""
    if action in vocabulary.ids[3]:
        device, colon, _ = action.partition(":")
        return device if colon else "", action
    read = [_spelled(device, command, vocabulary) for device, command in _splits(action)]
    _, _, devices, actions = vocabulary.ids
    return max(read, key=lambda one: (one[1] in actions, one[0] in devices), default=("", action))


def _splits(action: str) -> Iterator[tuple[str, str]]:
    """Device and command at each colon: that of ``zwave:lamp:turn_on`` may end at either."""
    parts = action.split(":", COLONS)
    return ((":".join(parts[:i]), ":".join(parts[i:])) for i in range(1, len(parts)))


def _spelled(device: str, command: str, vocabulary: Vocabulary) -> tuple[str, str]:
    """Device and action as the home spells them, else as the log reader does."""
    owner = _owner(device, vocabulary)
    written = f"{owner}:{command}"
    if written in vocabulary.ids[3]:
        return owner, written
    return owner, owner + action_name("", command)  # an owner that the home has stays as it is


def _owner(device: str, vocabulary: Vocabulary) -> str:
    return device if device in vocabulary.ids[2] else _device(device)


def _device(device: str) -> str:
    """As the log reader names it."""
    return action_name(device, "").partition(":")[0]


def _is_logged(vocabulary: Vocabulary) -> bool:
    """Whether a home's tables are those that a log gives, where an action's name tells its one device.

    They are alphabetical, and the devices are those of the actions' names. Others may pair a device with an
    action of another's name: in the release the water valve does ``Heater:switch on``.
    """
    devices = sorted({action.partition(":")[0] for action in vocabulary.actions})
    return list(vocabulary.devices) == devices and list(vocabulary.actions) == sorted(vocabulary.actions)
