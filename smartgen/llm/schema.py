"""The JSON schema of an answer: days, hours and valid pairs as enumerations; nothing else can come."""

from __future__ import annotations

from typing import Any, Final

from smartgen.core.types import MAX_BEHAVIORS
from smartgen.data.vocabulary import DAYS, HOURS
from smartgen.llm.inventory import Inventory

# OpenAI's limits for strict schemas (its guide to structured outputs): values of all enumerations together,
# and characters of one that has more than 250 values.
MAX_VALUES: Final = 1000
MANY_VALUES: Final = 250
MAX_CHARACTERS: Final = 15_000
LEAST_BEHAVIORS: Final = 2  # runs of behaviors, never single ones (paper Table 1)


def answer_schema(inventory: Inventory, least: int) -> dict[str, Any]:
    """The schema; every field is required and nothing else allowed, as OpenAI's strict mode wants it.

    Args:
        inventory: whose labels are the actions.
        least: sequences at least.
    """
    fields = {"day": DAYS, "hour": HOURS, "action": inventory.labels}
    behavior = _object({name: {"type": "string", "enum": list(values)} for name, values in fields.items()})
    sequence = _array(behavior, minItems=LEAST_BEHAVIORS, maxItems=MAX_BEHAVIORS)
    return _object({"sequences": _array(sequence, minItems=least)})


def is_too_large(inventory: Inventory) -> bool:
    """Whether strict endpoints would refuse the enumeration of this home's pairs."""
    labels = inventory.labels
    if len(DAYS) + len(HOURS) + len(labels) > MAX_VALUES:
        return True
    return len(labels) > MANY_VALUES and sum(map(len, labels)) > MAX_CHARACTERS


def response_format(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema as the request holds it."""
    return {"type": "json_schema", "json_schema": {"name": "sequences", "strict": True, "schema": schema}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: dict[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **limits}
