"""A list in the text of an answer, read as the Python literal that it is; nothing is executed."""

from __future__ import annotations

import ast
import json
import warnings
from itertools import chain
from typing import Final

# What ast.literal_eval raises on text that is no literal, too deep, or too large for it.
_NOT_A_LITERAL: Final = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


def read_literal(source: str) -> tuple[list[object] | None, str]:
    """A Python literal that is a list, or None and the reason."""
    plain = _lists_of_words(source)
    if plain is not None:
        return plain, ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in an answer is a warning about our own source otherwise
            value = ast.literal_eval(source)
    except _NOT_A_LITERAL as error:
        return None, f"not a Python literal ({type(error).__name__})"
    return (value, "") if isinstance(value, list) else (None, "not a list")


def _lists_of_words(source: str) -> list[object] | None:
    """The literal if it is lists of plain words, as in nearly all answers: JSON's reader takes a fifth.

    Without a backslash, JSON reads from double quotes, or from single ones alone put in their place, what
    Python reads, or nothing.
    """
    if "\\" in source or (source[:1], source[-1:]) != ("[", "]"):
        return None
    try:
        source.encode()  # Python refuses half a character, JSON does not
        value = json.loads(source if '"' in source else source.replace("'", '"'))
    except (ValueError, RecursionError):
        return None
    if not set(map(type, value)) <= {list} or not set(map(type, chain.from_iterable(value))) <= {str}:
        return None
    return list(value)
