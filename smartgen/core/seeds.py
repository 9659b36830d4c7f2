"""Seeds from names: adding an axis value never changes the numbers of another."""

from __future__ import annotations

import hashlib

import numpy as np


def seed_for(base: int, *names: object) -> int:
    """A seed below 2**31 for this purpose, from the base seed and the names of the purpose.

    Example:
        >>> seed_for(0, "walk", "fr") == seed_for(0, "walk", "fr") != seed_for(0, "walk", "sp")
        True
    """
    text = "\x1f".join([str(base), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def generator(base: int, *names: object) -> np.random.Generator:
    """A numpy generator for this purpose."""
    return np.random.default_rng(seed_for(base, *names))
