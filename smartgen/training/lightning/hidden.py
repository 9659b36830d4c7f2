"""Training of unified detectors: one behavior of each sequence is hidden, or all are given back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from smartgen.training import hidden


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
        network: hidden.Network,
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
        loss = hidden.field_losses(self.network, behaviors, wanted, self.masked).sum(1).mean()
        if self.watched:
            self.log("train/loss", loss, batch_size=len(behaviors))
        return loss

    def validation_step(self, batch: list[Tensor], _: int) -> None:
        """The held-out loss, over every behavior of every held-out sequence; sets count the same."""
        self.network.eval()
        losses = [hidden.hidden_losses(self.network, one, self.masked).sum(1).mean() for one in self.held_out]
        self.log("held_out/loss", float(np.mean(losses)), batch_size=1)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with PyTorch's defaults but for the learning rate."""
        return torch.optim.Adam(self.network.parameters(), lr=self.learning_rate, fused=True)


def _one_each(real: Tensor) -> Tensor:
    """(rows, length) true at one random real position of each row."""
    drawn = torch.rand(len(real), device=real.device) * real.sum(1)
    return nn.functional.one_hot(drawn.long(), real.shape[1]).bool()
