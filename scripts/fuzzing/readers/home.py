"""A home that cases are about."""

from __future__ import annotations

from smartgen.core.types import Sequences
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary

ACTIONS = ("Fan:off", "Fan:on", "Heater:off", "Heater:on", "Light:off", "Light:on")
HOME = Vocabulary(("Fan", "Heater", "Light"), ACTIONS, frozenset({0, 2, 4}))
ROWS = [
    [0, 2, 2, 5, 0, 2, 1, 3, 0, 6, 1, 2],
    [1, 2, 2, 5, 1, 3, 2, 4],
    [2, 2, 1, 3],
    [3, 2, 2, 5, 3, 2, 1, 3, 3, 7, 1, 2, 3, 7, 2, 4],
    [6, 7, 0, 1, 0, 2, 0, 0],
]
LOG = Sequences.from_lists(ROWS)
SIZES = (len(DAYS), len(HOURS), len(HOME.devices), len(HOME.actions))


def check_sequences(found: Sequences, sizes: tuple[int, ...] | None = SIZES) -> None:
    """Ids of the home, offsets that fit."""
    assert found.values.ndim == 2, found.values.shape
    assert found.values.shape[1] == 4, found.values.shape
    assert found.offsets[0] == 0
    assert found.offsets[-1] == len(found.values)
    assert (found.lengths >= 0).all()
    assert (found.values >= 0).all(), "ids below 0"
    assert sizes is None or (found.values < sizes).all(), "ids that the home does not have"
