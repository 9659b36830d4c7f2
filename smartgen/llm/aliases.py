"""Names that users gave to devices, states and actions stay on the machine: `synthesizer.alias=true`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import Final

from smartgen.data.vocabulary import Vocabulary


def _read(name: str) -> frozenset[str]:
    return frozenset((files("smartgen.llm") / name).read_text(encoding="utf-8").split())


# What tells nothing of a person: kinds of devices (those of the paper's tables 6 to 8, of the demo home, and
# a few as common), and the plain words of which states are made (ours).
KINDS: Final = _read("kinds.txt")
WORDS: Final = _read("words.txt")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^A-Za-z\s._-]+")  # of camelCase; digits and the like are one


def aliased(vocabulary: Vocabulary) -> Vocabulary:
    """The same ids under names of which none was made up by a user.

    Devices that are no common kind become ``Device 1``, ``Device 2`` ... in the order of their ids, also in
    front of their actions; states of other than plain words ``State 1`` ..., and actions that name no device
    ``Action 1`` .... Since ids stay, an answer in these names is read with this vocabulary.

    Example:
        >>> actions = ("Anna's lamp:switch on", "Light:Anna's mode", "goodnight")
        >>> aliased(Vocabulary(("Anna's lamp", "Light"), actions)).actions
        ('Device 1:switch on', 'Light:State 1', 'Action 1')
    """
    parts = [action.partition(":") for action in vocabulary.actions]
    heads = [head for head, colon, _ in parts if colon]
    devices = _numbered("Device", (*vocabulary.devices, *heads), KINDS.__contains__)
    states = _numbered("State", [state for _, colon, state in parts if colon], _is_plain)
    whole = _numbered("Action", [head for head, colon, _ in parts if not colon], lambda _: False)
    actions = (
        f"{devices.get(head, head)}:{states.get(state, state)}" if colon else whole[head]
        for head, colon, state in parts
    )
    return Vocabulary(
        tuple(devices.get(one, one) for one in vocabulary.devices), tuple(actions), vocabulary.off_actions
    )


def _is_plain(state: str) -> bool:
    """Whether a state, as ``setColor`` or ``valve open``, is made of plain words alone."""
    return all(word.lower() in WORDS for word in _WORD.findall(state))


def _numbered(word: str, names: Iterable[str], known: Callable[[str], bool]) -> dict[str, str]:
    """A new name for each that is not known, by its first place."""
    private = [name for name in dict.fromkeys(names) if not known(name)]
    return {name: f"{word} {number}" for number, name in enumerate(private, 1)}
