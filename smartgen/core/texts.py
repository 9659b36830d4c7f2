"""Texts and values from outside, as they may be shown."""

from __future__ import annotations

import reprlib
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SHORT = reprlib.Repr()
_SHORT.maxlevel = 3
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxset = _SHORT.maxfrozenset = _SHORT.maxdict = 8
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def brief(value: Any, longest: int = 60) -> str:
    """A value on one short line; of one that holds lists in lists without end, the beginning.

    Example:
        >>> brief("lamp"), brief([[[["deep"]]]]), brief("x" * 100)[-5:]
        ("'lamp'", '[[[[...]]]]', "xxxx'")
    """
    try:
        text = _SHORT.repr(value)
    except ValueError:  # a number of more digits than Python writes out
        text = f"a long {type(value).__name__}"
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def printable(text: str) -> str:
    r"""A text with a sign in place of what would steer a terminal, or what XML cannot hold.

    Example:
        >>> printable("fan\x1b[31m") == "fan\ufffd[31m"
        True
    """
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def printable_lines(text: str) -> str:
    r"""The same of a text of several lines.

    Example:
        >>> printable_lines("one\n\ttwo\x1b") == "one\n        two\ufffd"
        True
    """
    return "\n".join(printable(line.expandtabs()) for line in text.split("\n"))


def as_text(value: Any) -> Any:
    """A cell of a CSV file that no spreadsheet takes for a formula: an apostrophe before it, as they have it.

    Example:
        >>> as_text("=1+1"), as_text("-0.5"), as_text(-0.5), as_text("lamp")
        ("'=1+1", '-0.5', -0.5, 'lamp')
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
