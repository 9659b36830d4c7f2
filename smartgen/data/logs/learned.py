"""The vocabulary that a log shows: its devices, its actions, and which actions end something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from smartgen.core.errors import SmartgenError
from smartgen.data.vocabulary import Vocabulary
from smartgen.logs_settings import LogsSettings

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")


def learned_vocabulary(used: Iterable[str], idle: Iterable[str], settings: LogsSettings) -> Vocabulary:
    """Devices and actions by name, ids in alphabetical order.

    Args:
        used: ``"device:command"`` of what the log holds.
        idle: of what the home could do besides; ``settings.actions`` names more.
        settings: ``pairs`` say which words begin and end something, ``off_actions`` name what ends instead.

    Raises:
        SmartgenError: a further action is not ``device:command``, or an off action is none of the home's.
    """
    for name in settings.actions:
        device, colon, command = name.partition(":")
        if not (device.strip() and colon and command.strip()):
            raise SmartgenError(f"dataset.actions has {name!r}, expected device:command, as fan.hall:turn_on")
    actions = tuple(sorted({*used, *idle, *settings.actions}))
    devices = tuple(sorted({action.partition(":")[0] for action in actions}))
    return Vocabulary(devices, actions, frozenset(_endings(actions, settings)))


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
        pairs: beginning word -> ending word, in small letters.

    Example:
        >>> pairs = {"on": "off", "unlock": "lock", "open": "close"}
        >>> [ends(one, pairs) for one in ("light.off:turn_on", "tv:switchOff", "door:unlock", "door:lock")]
        [False, True, False, True]
    """
    words = {word.lower() for word in WORD.findall(action.partition(":")[2])}
    return bool(words & set(pairs.values())) and not words & set(pairs)
