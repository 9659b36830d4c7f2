"""Which cells of a sweep to compose beforehand, so that a mistake in its axes shows before anything runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from smartgen.sweeps.journal import Cell


def covering(cells: Iterable[Cell]) -> list[Cell]:
    """Cells in which every two values that occur together in the sweep occur together, far fewer than all.

    A choice or key that does not compose is wrong by itself, or with one other: a key that another group's
    choice does not have. So these cells show what all would.

    Example:
        >>> axes = itertools.product(("a=1", "a=2"), ("b=1", "b=2"), ("c=1", "c=2"))
        >>> len(covering(axes))
        6
    """
    seen: set[tuple[str, str]] = set()
    chosen = []
    for cell in cells:
        pairs = set(itertools.combinations(cell, 2)) or {(one, "") for one in cell}
        if not pairs <= seen:
            seen |= pairs
            chosen.append(cell)
    return chosen
