"""What the measuring scripts share: how a cell is named, and a process for each measurement."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

HELP = "as fr/seasonal"


def home_and_change(text: str) -> str:
    """``fr/seasonal``, checked; for argparse."""
    if text.count("/") != 1:
        raise argparse.ArgumentTypeError(f"{text}: expected HOME/CHANGE, {HELP}")
    return text


def overrides(cell: str) -> list[str]:
    """Of the configuration, for a cell named so.

    Example:
        >>> overrides("fr/seasonal")
        ['dataset=fr', 'transition=seasonal', 'tracking=none']
    """
    dataset, transition = cell.split("/")
    return [f"dataset={dataset}", f"transition={transition}", "tracking=none"]


def apart(measure: Callable[..., dict[str, Any]], *what: Any) -> dict[str, Any] | None:
    """A measurement in a process of its own, so that its peak memory is its own; printed as one JSON line.

    Returns:
        What was measured; None where the process was killed, as for want of memory.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            row = pool.submit(measure, *what).result()
        except BrokenProcessPool:
            print(f"{measure.__name__} {what}: the process was killed", file=sys.stderr)
            return None
    print(json.dumps(row), flush=True)
    return row
