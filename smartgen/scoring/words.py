"""Words of lines as messages show them."""

from __future__ import annotations

from typing import Any

LONGEST = 60  # characters of a foreign value in a message


def shown(value: Any) -> str:
    """A foreign value on one short line.

    Example:
        >>> shown("light.new"), shown("x" * 100)[-5:]
        ("'light.new'", 'xx...')
    """
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
