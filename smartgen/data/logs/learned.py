"""The vocabulary that a log shows: its devices, its actions, and which actions end something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.events import action_name
from smartgen.data.vocabulary import Vocabulary
from smartgen.logs_settings import LogsSettings

WORD = re.compile(r"[^\W\d_]+|\d+")


def learned_vocabulary(used: Iterable[str], idle: Iterable[str], settings: LogsSettings) -> Vocabulary:
    """Devices and actions by name, ids in alphabetical order.

    Args:
        used: ``"device:command"`` of what the log holds.
        idle: of what the home could do besides; ``settings.actions`` names more.
        settings: ``pairs`` say which words begin and end something, ``off_actions`` name what ends instead.

    Raises:
        SmartgenError: a further action is not ``device:command``, or an off action is none of the home's.
    """
    actions = tuple(sorted({*used, *idle, *map(_further, settings.actions)}))
    devices = tuple(sorted({action.partition(":")[0] for action in actions}))
    return Vocabulary(devices, actions, frozenset(_endings(actions, settings)))


def _further(name: str) -> str:
    """An action that the settings name, as one of the log would be named."""
    device, colon, command = name.partition(":")
    if not (device.strip() and colon and command.strip()):
        raise SmartgenError(f"dataset.actions has {name!r}, expected device:command, as fan.hall:turn_on")
    return action_name(device, command)


def _endings(actions: tuple[str, ...], settings: LogsSettings) -> Iterable[int]:
    if settings.off_actions is None:
        return (i for i, action in enumerate(actions) if ends(action, settings.pairs))
    places = {action: i for i, action in enumerate(actions)}
    for name in settings.off_actions:
        if name not in places:
            raise SmartgenError(
                f"dataset.off_actions has {name!r}, expected actions of the home; "
                "`smartgen-data log FILE --actions` lists them"
            )
    return (places[name] for name in settings.off_actions)


def ends(action: str, pairs: Mapping[str, str]) -> bool:
    """Whether an action ends what another began: its command has an ending word, and no beginning one.

    Args:
        action: ``"device:command"``; the device's name does not count.
        pairs: beginning word, or words, -> ending ones; case and what parts words do not matter.

    Example:
        >>> pairs = {"on": "off", "unlock": "lock", "arm_away": "dis-arm", "Öffnen": "Schließen"}
        >>> [ends(one, pairs) for one in ("light.off:turn_on", "tv:switchOff", "door:unlock", "door:lock")]
        [False, True, False, True]
        >>> [ends(one, pairs) for one in ("alarm:disArm", "alarm:arm home", "Tür:schließen", "Tür:ÖFFNEN")]
        [True, False, True, False]
    """
    command = words(action.partition(":")[2])
    return _has_one(command, pairs.values()) and not _has_one(command, pairs)


def words(text: str) -> list[str]:
    """The words of a name in any script, also where capitals alone part them.

    Example:
        >>> words("setTVMode_2 an/AUS")
        ['set', 'tv', 'mode', '2', 'an', 'aus']
    """
    following = [*text[1:], ""]
    parted = "".join(
        f" {this}"
        if this.isupper() and (before.islower() or (before.isupper() and after.islower()))
        else this
        for before, this, after in zip(["", *text], text, following, strict=False)
    )
    return [word.casefold() for word in WORD.findall(parted)]


def _has_one(command: list[str], phrases: Iterable[str]) -> bool:
    """Whether the words of one of the phrases stand in the command, side by side."""
    wanted = filter(None, map(words, phrases))
    return any(
        phrase == command[start : start + len(phrase)]
        for phrase in wanted
        for start in range(len(command) - len(phrase) + 1)
    )
