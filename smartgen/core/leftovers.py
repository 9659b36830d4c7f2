"""What killed processes left behind under temporary names: nothing reads it, and it goes after a day."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

DAY: Final = 86_400.0  # seconds; nothing that is being written takes that long
JOURNALS: Final = "journals"
_PLACES: Final = ("runs", "cache", "tables", "figures")


def clear_leftovers(outputs: Path) -> list[Path]:
    """Remove temporary files, folders and journals that nothing has touched for a day.

    Another process may do the same at this moment, and what is being written stays: it is younger. A clock
    that was set back makes leftovers younger too, so that they stay longer. How old something is goes by the
    clock of the file system, whatever this machine's says.

    Returns:
        What was removed; nothing where nothing can be.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=outputs, prefix=".", suffix=".tmp") as probe:
            oldest = os.stat(probe.name).st_mtime - DAY
    except OSError:  # there is no such folder yet, or it can only be read
        return []
    old = [path for path in leftovers(outputs) if _newest(path) < oldest]
    for path in old:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return old


def leftovers(outputs: Path) -> Iterator[Path]:
    """Everything under a temporary name, in use or not.

    Files as ``core.atomic`` writes them, folders as ``core.store`` fills them, and journals of sweeps.
    """
    if outputs.is_dir():
        yield from (path for path in outputs.iterdir() if is_temporary(path.name) and path.is_file())
    for place in _PLACES:
        for root, folders, files in os.walk(outputs / place):
            yield from (Path(root, name) for name in files if is_temporary(name))
            if Path(root).name == JOURNALS:
                temporary = folders[:]
            else:
                temporary = [name for name in folders if name.startswith(".")]
            yield from (Path(root, name) for name in temporary)
            folders[:] = [name for name in folders if name not in temporary]


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that is not whole yet.

    Example:
        >>> is_temporary(".result.json.17.0f3a.tmp"), is_temporary("result.json")
        (True, False)
    """
    return name.startswith(".") and name.endswith(".tmp")


def _newest(path: Path) -> float:
    """When it, or anything in it, was last changed; never before where it is gone."""
    try:
        inner = [entry.stat().st_mtime for entry in path.iterdir()] if path.is_dir() else []
        return max([path.stat().st_mtime, *inner])
    except OSError:
        return math.inf
