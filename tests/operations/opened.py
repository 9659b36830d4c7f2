"""Run a module as `python -m` does and write down what it opens: `python opened.py LOG MODULE WORD ...`."""

from __future__ import annotations

import json
import os
import runpy
import sys
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR


def main(log: str, module: str, *words: str) -> None:
    """The log gets ``opened`` (path, bytes, whether to be written to), other ``events``, and ``modules``."""
    opened: list[tuple[str, int, bool]] = []
    events: dict[str, int] = {}

    def note(event: str, given: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(given[0], str | bytes | os.PathLike):
            path = os.path.abspath(os.fsdecode(given[0]))
            writes = bool((given[2] or 0) & WRITING) or any(sign in str(given[1]) for sign in "wax+")
            opened.append((path, _size(path), writes))
        elif event in ("subprocess.Popen", "socket.connect", "sqlite3.connect"):
            events[event] = events.get(event, 0) + 1

    sys.argv = [module, *words]
    sys.path[0] = os.getcwd()  # not this script's folder
    sys.addaudithook(note)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        told = {"opened": list(opened), "events": events, "modules": sorted(sys.modules)}
        with open(log, "w", encoding="utf-8") as file:
            json.dump(told, file)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


if __name__ == "__main__":
    main(*sys.argv[1:])
