"""The vocabulary that a log shows: its devices, its actions, and which actions end something."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Mapping

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.events import action_name
from smartgen.data.vocabulary import Vocabulary
from smartgen.logs_settings import LogsSettings


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
    """Whether an action ends what another began: its command has ending words, and no beginning ones as long.

    Args:
        action: ``"device:command"``; the device's name does not count.
        pairs: beginning word, or words, -> ending ones; case and what parts words do not matter.

    Example:
        >>> pairs = {"on": "off", "unlock": "lock", "arm_away": "dis-arm", "Öffnen": "Schließen"}
        >>> [ends(one, pairs) for one in ("light.off:turn_on", "tv:switchOff", "door:unlock", "door:lock")]
        [False, True, False, True]
        >>> [ends(one, pairs) for one in ("alarm:disArm", "alarm:arm home", "Tür:SCHLIEßEN", "Tür:öffnen")]
        [True, False, True, False]
        >>> ends("person:not_home", {"home": "not_home"}), ends("person:home", {"home": "not_home"})
        (True, False)
    """
    command = words(action.partition(":")[2])
    return _longest(command, pairs.values()) > _longest(command, pairs)


def words(text: str) -> list[str]:
    """The words of a name in any script, also where capitals alone part them.

    Example:
        >>> words("setTVMode_2 an/AUS")
        ['set', 'tv', 'mode', '2', 'an', 'aus']
    """
    composed = unicodedata.normalize("NFC", text)
    neighbors = zip(["", *composed], composed, [*composed[1:], ""], strict=False)
    parted = "".join(
        f" {this}" if _begins(before, this, after) else this for before, this, after in neighbors
    )
    kinds = itertools.groupby(parted, _kind)
    return ["".join(letters).casefold() for kind, letters in kinds if kind]


def _kind(letter: str) -> str:
    """Of what a word is made: letters with their marks, or digits; empty of anything else."""
    return {"L": "letter", "M": "letter", "N": "digit"}.get(unicodedata.category(letter)[0], "")


def _begins(before: str, this: str, after: str) -> bool:
    """Whether a capital begins a word: behind a small letter, or the last of several before one."""
    small = before.islower() and before != "ß"  # which capitals have beside them
    return this.isupper() and (small or (before.isupper() and after.islower() and after != "ß"))


def _longest(command: list[str], phrases: Iterable[str]) -> int:
    """How many words the longest phrase has that stands in the command, side by side; 0: none does."""
    wanted = map(words, phrases)
    return max((len(phrase) for phrase in wanted if phrase and _stands_in(phrase, command)), default=0)


def _stands_in(phrase: list[str], command: list[str]) -> bool:
    return any(command[i : i + len(phrase)] == phrase for i in range(len(command) - len(phrase) + 1))
