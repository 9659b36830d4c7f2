"""Files that somebody else may have made, read without harm: JSON, and arrays of NumPy."""

from __future__ import annotations

import json
import lzma
import math
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

DEEPEST: Final = 100  # lists and tables in one another
_END_BYTES: Final = 22  # of a zip archive without a comment
MOST_BYTES: Final = 4 << 30  # of all arrays of a file

# What zipfile, its packers and NumPy raise on a file that is none of theirs, or damaged.
_DAMAGED: Final = (
    *(EOFError, KeyError, MemoryError, NotImplementedError, OverflowError, RuntimeError, TypeError),
    *(SyntaxError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON in UTF-8, holds a NaN or an infinity, or is so deeply nested that nothing
            here could go through it.
    """
    text = path.read_text(encoding="utf-8")
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        value = None
    if value is None or text.count("[") + text.count("{") > DEEPEST:
        _check_depth(path, value, text)
    return value


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # which Python reads, but JSON does not know
        raise ValueError(f"{text[:40]} is no finite number")
    return number


def _check_depth(path: Path, value: Any, text: str) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            break
    if level or (value is None and text.strip() != "null"):
        raise ValueError(f"{path.name} is nested over {DEEPEST} deep")


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _told_members(stream: IO[bytes]) -> int:
    """How many files a zip archive says at its very end that it has.

    No checksum guards the list of them, and one damaged length in it makes an entry swallow the next.
    """
    stream.seek(-_END_BYTES, os.SEEK_END)
    end = stream.read()
    return int.from_bytes(end[10:12], "little") if end.startswith(b"PK\5\6") else -1


def _check_members(stream: IO[bytes], name: str) -> None:
    """Raise ValueError where an archive lacks members or unfolds to too much."""
    with zipfile.ZipFile(stream) as archive:  # which gives no more bytes of a member than are told here
        members = archive.infolist()
    if not members or len(members) != _told_members(stream):
        raise ValueError(f"{name} lacks arrays that it had")
    size = sum(member.file_size for member in members)
    if size > MOST_BYTES:
        raise ValueError(f"{name} unfolds to {size:,} bytes, expected {MOST_BYTES:,} at most")


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` file by name; nothing in it is unpickled.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file, damaged, or unfolds to more than ``MOST_BYTES``.
    """
    try:
        with path.open("rb") as stream:
            _check_members(stream, path.name)
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as loaded:
                arrays = {name: loaded[name] for name in loaded.files}
    except _DAMAGED as error:
        raise ValueError(f"{path.name} holds no whole arrays ({type(error).__name__})") from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or not array.dtype.itemsize:  # a trillion of nothing
            raise ValueError(f"{path.name}: {name} is no array")
    return arrays
