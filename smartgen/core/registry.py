"""Names to classes, imported when first wanted: a command that only lists names loads no heavy library."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from smartgen.core.errors import SmartgenError


def load(registry: Mapping[str, str], name: str, kind: str) -> Any:
    """The class that a registry has under this name.

    Args:
        registry: name -> ``package.module:Class``.
        kind: what the registry holds, for the message.

    Raises:
        SmartgenError: no such name; the message has those that there are.
    """
    if name not in registry:
        raise SmartgenError(f"{kind} is {name!r}, expected one of {', '.join(registry)}")
    module, _, attribute = registry[name].partition(":")
    return getattr(import_module(module), attribute)
