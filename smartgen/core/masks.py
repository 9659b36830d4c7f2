"""What may be a secret never stands in a record, a log or a message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from smartgen.core.errors import SmartgenError

HIDDEN: Final = "***"
VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")  # the name of an environment variable, and no key


def masked(override: str) -> str:
    """An override without an address's user, password and query, or a key where its variable belongs.

    Example:
        >>> masked("synthesizer.base_url=https://me:secret@host/v1")
        'synthesizer.base_url=https://***@host/v1'
        >>> masked("synthesizer.key_variable=sk-0123"), masked("synthesizer.key_variable=MY_KEY,null")
        ('synthesizer.key_variable=***', 'synthesizer.key_variable=MY_KEY,null')
    """
    name, equals, value = override.partition("=")
    key = name.lstrip("+")
    if key == "synthesizer.key_variable" and not all(map(_is_name, value.split(","))):
        value = HIDDEN
    if key == "synthesizer.base_url":
        value = re.sub(r"//.*@", f"//{HIDDEN}@", re.sub(r"[?#][^'\"]*", f"?{HIDDEN}", value))
    return f"{name}{equals}{value}"


def _is_name(value: str) -> bool:
    """Of a variable, perhaps in quotes; or none."""
    plain = value.strip().strip("'\"")
    return plain in ("", "null") or VARIABLE.fullmatch(plain) is not None


def refuse_secrets(arguments: Iterable[str]) -> None:
    """Before anything shows, keeps or hands on what was typed.

    Raises:
        SmartgenError: an argument has a secret where settings are; it is not shown.
    """
    for argument in arguments:
        if masked(argument) != argument:
            raise SmartgenError(
                f"{masked(argument)}: settings stand in records, so that no key, user, password or query is "
                "taken there; a key comes from an environment variable, which synthesizer.key_variable names"
            )
