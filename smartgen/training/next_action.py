"""How unified predictors are trained: every action from the behaviors before it, in the budget (ours)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from smartgen.core.types import DAY, Sequences
from smartgen.data.padding import padded

SCORE_BATCH = 2048


class Rows(NamedTuple):
    """Distinct sequences as a rectangle.

    Args:
        behaviors: (n, length, 4) ids, padded on the right.
        weights: (n,) how often each occurs.
    """

    behaviors: NDArray[np.int64]
    weights: NDArray[np.float64]


def distinct_rows(sequences: Sequences, pad: int, length: int) -> Rows:
    """Equal sequences once, with their number."""
    rows, counts = np.unique(padded(sequences, pad, length), axis=0, return_counts=True)
    return Rows(rows, counts.astype(np.float64))


@torch.inference_mode()
def next_action_scores(network: nn.Module, histories: NDArray[np.int64], pad: int) -> NDArray[np.float64]:
    """(n, actions) logits of what follows each history.

    Args:
        histories: (n, length, 4) ids padded on the right, one behavior at least.
    """
    device = next(network.parameters()).device
    parts = []
    for some in torch.from_numpy(histories).split(SCORE_BATCH):
        ends = (some[:, :, DAY] != pad).sum(1) - 1
        wanted = F.one_hot(ends, some.shape[1]).bool()
        parts.append(network(some.to(device), wanted.to(device)).double().cpu())
    found: NDArray[np.float64] = torch.cat(parts).numpy()
    return found
