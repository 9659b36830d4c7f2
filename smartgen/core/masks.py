"""What may be a secret never stands in a record, a log or a message."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "***"
VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")  # the name of an environment variable, and no key


def masked(override: str) -> str:
    """An override without an address's user, password and query, or a key where its variable belongs.

    Example:
        >>> masked("synthesizer.base_url=https://me:secret@host/v1")
        'synthesizer.base_url=https://***@host/v1'
    """
    name, equals, value = override.partition("=")
    key = name.lstrip("+")
    if key == "synthesizer.key_variable" and value != "null" and not VARIABLE.fullmatch(value):
        value = HIDDEN
    if key == "synthesizer.base_url":
        value = re.sub(r"//.*@", f"//{HIDDEN}@", re.sub(r"[?#][^'\"]*", f"?{HIDDEN}", value))
    return f"{name}{equals}{value}"
