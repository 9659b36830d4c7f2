"""What a device does in the new context: its own actions, those written, the home's usual commands (ours)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartgen.core.types import ACTION, DEVICE, Sequences
from smartgen.data.vocabulary import Vocabulary

ENOUGH = 20  # behaviors from which on a device's shares count in full
UNSEEN = 0.05  # of a device's habits, for a command that no device was seen to use
Table = NDArray[np.float64]


def device_actions(source: Sequences, synthetic: Sequences, vocabulary: Vocabulary, commands: float) -> Table:
    """(devices, actions) shares of each device's actions; a row sums to 1, or to 0 without any action.

    The mean of three: the old log's shares of the device, the written set's, and ``commands`` / 2 of what the
    home's devices use of the commands that this one has (a command is what follows the colon). The first two
    count less where they rest on fewer than 20 behaviors.

    Args:
        commands: weight of the third.
    """
    logs = [_counts(one, vocabulary) for one in (source, synthetic)]
    valid = _valid(vocabulary, logs)
    habits = [counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) for counts in logs]
    sizes = [np.minimum(counts.sum(axis=1, keepdims=True), ENOUGH) / ENOUGH for counts in logs]
    known = sum(habit * size for habit, size in zip(habits, sizes, strict=True))
    active = (logs[0] + logs[1]).sum(axis=1) > 0
    usual = _usual_commands(np.add(*habits), valid, active, vocabulary)
    return _rows_to_one(known + commands / 2 * usual)


def _counts(sequences: Sequences, vocabulary: Vocabulary) -> Table:
    counts = np.zeros((len(vocabulary.devices), len(vocabulary.actions)))
    np.add.at(counts, (sequences.values[:, DEVICE], sequences.values[:, ACTION]), 1)
    return counts


def _valid(vocabulary: Vocabulary, logs: list[Table]) -> NDArray[np.bool_]:
    """(devices, actions) pairs whose names agree, or that occurred."""
    valid = np.add(*logs) > 0
    for action in range(len(vocabulary.actions)):
        device = vocabulary.prefix_device(action)
        if device is not None:
            valid[device, action] = True
    return valid


def _usual_commands(
    habits: Table, valid: NDArray[np.bool_], active: NDArray[np.bool_], vocabulary: Vocabulary
) -> Table:
    """(devices, actions) what a device would use if it were like the others; each device counts once."""
    names = [text.split(":", 1)[-1] for text in vocabulary.actions]
    kinds = {name: number for number, name in enumerate(dict.fromkeys(names))}
    kind = np.array([kinds[name] for name in names], dtype=np.int64)
    used = np.bincount(kind, habits.sum(axis=0), len(kinds))
    having = np.stack([np.bincount(kind, row, len(kinds)) > 0 for row in valid])
    popular = (used + UNSEEN) / (having[active].sum(axis=0) + 1)
    return _rows_to_one(np.where(valid, popular[kind], 0.0))


def _rows_to_one(table: Table) -> Table:
    totals = table.sum(axis=1, keepdims=True)
    shares: Table = np.divide(table, totals, out=np.zeros_like(table), where=totals > 0)
    return shares
