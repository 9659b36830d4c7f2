"""How the scripts name a cell on their command line."""

from __future__ import annotations

import argparse

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
