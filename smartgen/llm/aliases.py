"""Names that users gave to devices, states and actions stay on the machine: `synthesizer.alias=true`."""

from __future__ import annotations

from collections.abc import Container, Iterable
from importlib.resources import files
from typing import Final

from smartgen.data.vocabulary import Vocabulary

# What tells nothing of a person: kinds of devices and their states, those of the paper's tables 6 to 8 and of
# the demo home.
KINDS: Final = frozenset((files("smartgen.llm") / "kinds.txt").read_text(encoding="utf-8").split())
STATES: Final = frozenset((files("smartgen.llm") / "states.txt").read_text(encoding="utf-8").splitlines())


def aliased(vocabulary: Vocabulary) -> Vocabulary:
    """The same ids under names of which none was made up by a user.

    Devices that are no common kind become ``Device 1``, ``Device 2`` ... in the order of their ids, also in
    front of their actions; states that are none of common devices ``State 1`` ..., and actions that name no
    device ``Action 1`` .... Since ids stay, an answer in these names is read with this vocabulary.

    Example:
        >>> actions = ("Anna's lamp:switch on", "Light:Anna's mode", "goodnight")
        >>> aliased(Vocabulary(("Anna's lamp", "Light"), actions)).actions
        ('Device 1:switch on', 'Light:State 1', 'Action 1')
    """
    parts = [action.partition(":") for action in vocabulary.actions]
    heads = [head for head, colon, _ in parts if colon]
    devices = _numbered("Device", (*vocabulary.devices, *heads), KINDS)
    states = _numbered("State", [state for _, colon, state in parts if colon], STATES)
    whole = _numbered("Action", [head for head, colon, _ in parts if not colon], frozenset())
    actions = (
        f"{devices.get(head, head)}:{states.get(state, state)}" if colon else whole[head]
        for head, colon, state in parts
    )
    return Vocabulary(
        tuple(devices.get(one, one) for one in vocabulary.devices), tuple(actions), vocabulary.off_actions
    )


def _numbered(word: str, names: Iterable[str], known: Container[str]) -> dict[str, str]:
    """A new name for each that is not known, by its first place."""
    private = [name for name in dict.fromkeys(names) if name not in known]
    return {name: f"{word} {number}" for number, name in enumerate(private, 1)}
