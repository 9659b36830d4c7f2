"""Which cells of a sweep to compose beforehand, so that a mistake in its axes shows before anything runs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable

from smartgen.sweeps.journal import Cell

MOST = 60  # cells, ten seconds; beyond, as over thousands of homes, a mistake shows when its cell runs


def covering(cells: Iterable[Cell], is_group: Callable[[str], bool], most: int = MOST) -> list[Cell]:
    """Cells in which every value occurs, and every two choices of groups that occur together: not many.

    What does not compose is a value by itself, or two choices of groups with each other; a key that another
    group's choice does not have shows in any cell with that choice, since every cell has all keys.

    Args:
        cells: of the sweep.
        is_group: whether an axis is a group of the configuration, not a key.
        most: cells that are chosen.

    Example:
        >>> axes = [[f"{name}={value}" for value in range(4)] for name in ("a", "b", "c", "seed")]
        >>> len(covering(itertools.product(*axes), lambda name: name == "a")), "of", 4**4
        (9, 'of', 256)
    """
    seen: set[tuple[str, ...]] = set()
    chosen: list[Cell] = []
    every = list(cells)
    # In random order, the same each time: neighbors in a sweep have most values in common.
    for cell in random.Random(0).sample(every, len(every)):
        groups = [override for override in cell if is_group(override.partition("=")[0])]
        wanted = {(override,) for override in cell} | set(itertools.combinations(groups, 2))
        if wanted - seen:
            seen |= wanted
            chosen.append(cell)
        if len(chosen) == most:
            break
    return chosen
