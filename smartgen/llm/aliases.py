"""Names that users gave their devices, kept on the machine: `synthesizer.alias=true`."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from smartgen.data.vocabulary import Vocabulary

# Kinds of devices, which tell nothing of a person: those of the paper's tables 6 to 8 and of the demo home.
KINDS: Final = frozenset((files("smartgen.llm") / "kinds.txt").read_text(encoding="utf-8").split())


def aliased(vocabulary: Vocabulary) -> Vocabulary:
    """The same ids under names of which none was made up by a user.

    Devices that are no common kind become ``Device 1``, ``Device 2`` ... in the order of their ids, also in
    front of their actions. Since ids stay, an answer in these names is read with this vocabulary.

    Example:
        >>> home = Vocabulary(("Anna's lamp", "Light"), ("Anna's lamp:on", "Light:on"))
        >>> aliased(home).actions
        ('Device 1:on', 'Light:on')
    """
    heads = [action.split(":", 1)[0] for action in vocabulary.actions if ":" in action]
    private = [name for name in dict.fromkeys((*vocabulary.devices, *heads)) if name not in KINDS]
    names = {name: f"Device {number}" for number, name in enumerate(private, 1)}
    devices = tuple(names.get(device, device) for device in vocabulary.devices)
    return Vocabulary(
        devices, tuple(_renamed(one, names) for one in vocabulary.actions), vocabulary.off_actions
    )


def _renamed(action: str, names: dict[str, str]) -> str:
    head, colon, command = action.partition(":")
    return f"{names.get(head, head)}{colon}{command}" if colon else action
