"""How unified detectors are trained: a behavior is told from the others while hidden, or given back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from smartgen.nets.transae import BehaviorAutoencoder, BehaviorTransAE

SCORE_BATCH = 1024
Network = BehaviorTransAE | BehaviorAutoencoder


class HiddenBehaviors(pl.LightningModule):
    """Trains a network to tell one hidden behavior of each sequence from the others, or to give all back.

    Args:
        network: the network, trained in place.
        held_out: of each training set (n, length, 4) ids, whose losses' mean decides which weights stay.
        masked: false hides nothing and predicts every behavior.
        watched: log the loss of each step, for a tracker or a bar.
    """

    def __init__(
        self,
        network: Network,
        held_out: Sequence[NDArray[np.int64]],
        masked: bool,
        learning_rate: float,
        watched: bool = False,
    ) -> None:
        super().__init__()
        self.watched = watched
        self.network, self.held_out = network, held_out
        self.masked, self.learning_rate = masked, learning_rate

    def training_step(self, batch: tuple[Tensor, ...], _: int) -> Tensor:
        """Mean over the batch's predicted behaviors of the four cross-entropies' sum."""
        (behaviors,) = batch
        real = behaviors[:, :, 0] != self.network.pad
        wanted = _one_each(real) if self.masked else real
        loss = _field_losses(self.network, behaviors, wanted, self.masked).sum(1).mean()
        if self.watched:
            self.log("train/loss", loss, batch_size=len(behaviors))
        return loss

    def validation_step(self, batch: list[Tensor], _: int) -> None:
        """The held-out loss, over every behavior of every held-out sequence; sets count the same."""
        self.network.eval()
        losses = [hidden_losses(self.network, one, self.masked).sum(1).mean() for one in self.held_out]
        self.log("held_out/loss", float(np.mean(losses)), batch_size=1)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with PyTorch's defaults but for the learning rate."""
        return torch.optim.Adam(self.network.parameters(), lr=self.learning_rate, fused=True)


@torch.inference_mode()
def hidden_losses(network: Network, behaviors: NDArray[np.int64], masked: bool) -> NDArray[np.float64]:
    """(n, 4) mean losses of day, hour, device, action over a sequence's behaviors, each hidden in turn.

    Args:
        behaviors: (n, length, 4) padded ids; every distinct sequence is scored once, then scattered.
    """
    distinct, where = np.unique(behaviors, axis=0, return_inverse=True)
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
        _field_losses(network, some.to(device), hidden.to(device), masked).double().cpu()
        for some, hidden in zip(ids.split(SCORE_BATCH), wanted.split(SCORE_BATCH), strict=True)
    ]
    losses = torch.cat(parts).numpy()
    sums = np.stack([np.bincount(rows, losses[:, i], len(distinct)) for i in range(4)], axis=1)
    means: NDArray[np.float64] = sums / np.bincount(rows, minlength=len(distinct))[:, None]
    return means[where.reshape(-1)]


def _one_each(real: Tensor) -> Tensor:
    """(rows, length) true at one random real position of each row."""
    drawn = torch.rand(len(real), device=real.device) * real.sum(1)
    return nn.functional.one_hot(drawn.long(), real.shape[1]).bool()


def _field_losses(network: Network, behaviors: Tensor, wanted: Tensor, masked: bool) -> Tensor:
    """(wanted behaviors, 4) cross-entropies of the fields, in nats."""
    logits = network(behaviors, wanted if masked else None)
    truth = behaviors[wanted]
    losses = [F.cross_entropy(x.float(), truth[:, i], reduction="none") for i, x in enumerate(logits)]
    return torch.stack(losses, dim=1)
