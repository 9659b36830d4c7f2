"""The cheap question: an LLM names which devices and hours rise or fall, one word each (ours).

One call a home instead of one a chunk of former sequences. The answer is bound by a schema that asks for
every device, so that nothing is left out; where an endpoint has no schemas, the first JSON object counts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from smartgen.data.vocabulary import HOURS
from smartgen.llm.inventory import Inventory, as_name
from smartgen.llm.parse import MAX_CHARACTERS
from smartgen.llm.prompt import Messages, Scene, template

# What a word does to a share of the old log.
USES: Final[Mapping[str, float]] = {"never": 0.0, "less": 0.5, "same": 1.0, "more": 2.0}
UNCHANGED: Final = "same"
_OBJECT: Final = re.compile(r"\{")
_TEMPLATES: Final = ("shift_system", "shift_user")
Shares = Mapping[str, float]


@dataclass(frozen=True)
class NamedShifts:
    """An LLM's words.

    Args:
        devices, hours: name to one of ``USES``; what is not named is unchanged.
        rejected: names or words that nothing is known of.
    """

    devices: Mapping[str, str] = field(default_factory=dict)
    hours: Mapping[str, str] = field(default_factory=dict)
    rejected: int = 0


def shift_devices(inventory: Inventory) -> tuple[str, ...]:
    """The devices that are asked about: those with a state that is offered."""
    names = inventory.vocabulary.devices
    return tuple(names[device] for device in dict.fromkeys(device for device, _ in inventory.offered))


def shift_schema(devices: Sequence[str]) -> dict[str, Any]:
    """One word of ``USES`` for each device and each hour."""
    words = {"type": "string", "enum": list(USES)}
    parts = {"devices": _object(dict.fromkeys(devices, words)), "hours": _object(dict.fromkeys(HOURS, words))}
    return _object(parts)


def shift_messages(inventory: Inventory, scene: Scene, devices: Shares, hours: Shares) -> Messages:
    """System and user message.

    Args:
        devices, hours: shares of the old log by name; what has none was never used.
    """
    names = shift_devices(inventory)
    states = zip(names, inventory.states.values(), strict=True)
    told = [f"{as_name(name)} ({devices.get(name, 0.0):.0%}): {own}" for name, own in states]
    user = template("shift_user").substitute(
        devices="\n".join(told),
        hours="\n".join(f"{name} ({hours.get(name, 0.0):.0%})" for name in HOURS),
        before=scene.before,
        after=scene.after,
    )
    first = json.dumps(names[0], ensure_ascii=False)
    example = {"devices": f'{first}:"{UNCHANGED}", ...', "hours": f'"{HOURS[0]}":"{UNCHANGED}", ...'}
    return (
        {"role": "system", "content": template("shift_system").substitute(example)},
        {"role": "user", "content": user},
    )


def shift_hash(scene: Scene) -> str:
    """16 hex digits that change with any word of the templates or the scene."""
    texts = [*(template(name).template for name in _TEMPLATES), scene.before, scene.after]
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:16]


def read_shifts(text: str, devices: Sequence[str]) -> NamedShifts | None:
    """The first JSON object of an answer that names a device or an hour; None where there is none."""
    decoder = json.JSONDecoder()
    for begin in _OBJECT.finditer(text[:MAX_CHARACTERS]):
        try:
            found, _ = decoder.raw_decode(text, begin.start())
        except (ValueError, RecursionError):  # ValueError: no JSON, or a number of thousands of digits
            continue
        named = _named(found, devices)
        if named.devices or named.hours:
            return named
    return None


def _named(found: Mapping[str, Any], devices: Sequence[str]) -> NamedShifts:
    kept: dict[str, dict[str, str]] = {}
    rejected = 0
    for key, known in (("devices", frozenset(devices)), ("hours", frozenset(HOURS))):
        given = found.get(key)
        words = given if isinstance(given, dict) else {}
        kept[key] = {name: word for name, word in words.items() if name in known and _is_use(word)}
        rejected += len(words) - len(kept[key])
    return NamedShifts(kept["devices"], kept["hours"], rejected)


def _is_use(word: object) -> bool:
    return isinstance(word, str) and word in USES


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
