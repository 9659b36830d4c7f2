"""Which cells of a sweep to compose beforehand, so that a mistake in its axes shows before anything runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from smartgen.sweeps.journal import Cell

MOST = 200  # cells; beyond, as over thousands of homes, a mistake shows when its cell runs


def covering(cells: Iterable[Cell], most: int = MOST) -> list[Cell]:
    """Cells in which every two values that occur together in the sweep occur together, far fewer than all.

    A choice or key that does not compose is wrong by itself, or with one other: a key that another group's
    choice does not have. So these cells show what all would.

    Args:
        cells: of the sweep.
        most: cells that are chosen.

    Example:
        >>> axes = [[f"{name}={value}" for value in range(4)] for name in "abc"]
        >>> len(covering(itertools.product(*axes))), "of", 4**3
        (37, 'of', 64)
    """
    seen: set[tuple[str, str]] = set()
    chosen = []
    for cell in cells:
        pairs = set(itertools.combinations(cell, 2)) or {(one, "") for one in cell}
        if not pairs <= seen:
            seen |= pairs
            chosen.append(cell)
        if len(chosen) == most:
            break
    return chosen
