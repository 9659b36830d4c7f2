"""Files that are either wholly there or not at all, and the one way in which JSON is written."""

from __future__ import annotations

import contextlib
import json
import math
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smartgen.core.errors import SmartgenError


def write_text_atomic(path: Path, text: str) -> Path:
    """Text as UTF-8, written atomically; half a character, as some files' names have, as its escape.

    Raises:
        SmartgenError: the folder or the file cannot be written.
    """
    return write_bytes_atomic(path, text.encode("utf-8", "backslashreplace"))


def write_bytes_atomic(path: Path, content: bytes) -> Path:
    """Write under a temporary name, flush to the disk, rename; folders are made as needed.

    Raises:
        SmartgenError: the folder or the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def unwritable(path: Path, error: OSError) -> SmartgenError:
    """The line for a file or folder that cannot be written, as where the disk is full."""
    return SmartgenError(f"{path}: cannot be written ({error.strerror or error}); choose another folder")


def write_json_atomic(path: Path, value: object) -> Path:
    """Canonical JSON, written atomically.

    Raises:
        SmartgenError: as `json_text`, or the file cannot be written.
    """
    return write_text_atomic(path, json_text(value, path.name))


def json_text(value: object, where: str = "value") -> str:
    """The canonical text of a value: sorted keys, indent 1, a closing line feed.

    Raises:
        SmartgenError: a NaN, an infinity or a value that JSON does not know; the message has its place.
    """
    plain = _plain(value, where)
    text = json.dumps(plain, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    # Half a character, as in the name of a file that is not UTF-8, is written as JSON escapes it.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(value: Any, where: str) -> Any:
    """JSON's own types: keys as strings, tuples as lists, NumPy scalars as numbers; the rest is refused."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{row}]") for row, item in enumerate(value)]
    if value is None or isinstance(value, bool | int | str):
        return value
    if not isinstance(value, float) and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return _plain(value.item(), where)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    raise SmartgenError(f"{where}: expected a finite number, text, list or mapping to write, got {value!r}")
