"""How unified detectors are trained: a behavior is told from the others while hidden, or given back."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from smartgen.nets.transae import BehaviorAutoencoder, BehaviorTransAE

SCORE_BATCH = 1024
Network = BehaviorTransAE | BehaviorAutoencoder


def hidden_losses(network: Network, behaviors: NDArray[np.int64], masked: bool) -> NDArray[np.float64]:
    """(n, 4) mean losses of day, hour, device, action over a sequence's behaviors, each hidden in turn.

    Args:
        behaviors: (n, length, 4) padded ids; every distinct sequence is scored once, then scattered.
    """
    distinct, where = np.unique(behaviors, axis=0, return_inverse=True)
    rows, losses = _each_hidden(network, distinct, masked)
    return mean_losses(rows, losses, len(distinct))[where.reshape(-1)]


def mean_losses(owner: NDArray[np.intp], losses: NDArray[np.float64], sequences: int) -> NDArray[np.float64]:
    """(sequences, 4) means over the behaviors of each.

    Args:
        owner: (n_behaviors,) the sequence of each, ascending.
        losses: (n_behaviors, 4) of their fields.
    """
    sums = np.stack([np.bincount(owner, losses[:, i], sequences) for i in range(4)], axis=1)
    means: NDArray[np.float64] = sums / np.bincount(owner, minlength=sequences)[:, None]
    return means


def behavior_losses(network: Network, behaviors: NDArray[np.int64], masked: bool) -> NDArray[np.float64]:
    """(n_behaviors, 4) the losses whose means ``hidden_losses`` gives, of all sequences' behaviors in turn.

    Args:
        behaviors: (n, length, 4) padded ids.
    """
    distinct, where = np.unique(behaviors, axis=0, return_inverse=True)
    rows, losses = _each_hidden(network, distinct, masked)
    counts = np.bincount(rows, minlength=len(distinct))
    lengths = counts[where.reshape(-1)]
    starts = (np.cumsum(counts) - counts)[where.reshape(-1)]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return losses[np.repeat(starts, lengths) + within]


@torch.inference_mode()
def _each_hidden(
    network: Network, distinct: NDArray[np.int64], masked: bool
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Of each behavior its row, and (behaviors, 4) losses."""
    rows, positions = np.nonzero(distinct[:, :, 0] != network.pad)
    device = next(network.parameters()).device
    ids = torch.from_numpy(distinct)
    if masked:
        wanted = torch.zeros(len(rows), distinct.shape[1], dtype=torch.bool)
        wanted[torch.arange(len(rows)), torch.from_numpy(positions)] = True
        ids = ids[torch.from_numpy(rows)]
    else:
        wanted = ids[:, :, 0] != network.pad
    parts = [
        field_losses(network, some.to(device), hidden.to(device), masked).double().cpu()
        for some, hidden in zip(ids.split(SCORE_BATCH), wanted.split(SCORE_BATCH), strict=True)
    ]
    return rows, torch.cat(parts).numpy()


def field_losses(network: Network, behaviors: Tensor, wanted: Tensor, masked: bool) -> Tensor:
    """(wanted behaviors, 4) cross-entropies of the fields, in nats."""
    logits = network(behaviors, wanted if masked else None)
    truth = behaviors[wanted]
    losses = [F.cross_entropy(x.float(), truth[:, i], reduction="none") for i, x in enumerate(logits)]
    return torch.stack(losses, dim=1)
