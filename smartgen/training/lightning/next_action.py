"""Training of unified predictors: every action from the behaviors before it (ours)."""

from __future__ import annotations

from collections.abc import Sequence

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from smartgen.core.types import ACTION, DAY
from smartgen.training.next_action import SCORE_BATCH, Rows


class NextBehavior(pl.LightningModule):
    """Trains a network to tell each behavior's action from the behaviors before it.

    Args:
        network: (behaviors, wanted) -> logits of each action; trained in place.
        pad: the id behind a row's end.
        held_out: sets whose loss decides which weights stay; each set counts the same.
        learning_rate: of Adam.
        watched: log the loss of each step, for a tracker or a bar.
    """

    def __init__(
        self,
        network: nn.Module,
        pad: int,
        held_out: Sequence[Rows],
        learning_rate: float,
        watched: bool = False,
    ) -> None:
        super().__init__()
        self.watched = watched
        self.network, self.pad, self.learning_rate = network, pad, learning_rate
        self.held_out = [_tensors(rows) for rows in held_out]

    def training_step(self, batch: tuple[Tensor, ...], _: int) -> Tensor:
        """Mean cross-entropy over the batch's behaviors from the second of each sequence on."""
        (behaviors,) = batch
        loss = self._losses(behaviors)[0].mean()
        if self.watched:  # logging takes as long as a small network's step
            self.log("train/loss", loss, batch_size=len(behaviors))
        return loss

    def validation_step(self, batch: list[Tensor], _: int) -> None:
        """The held-out loss, over every behavior from the second on, copies included."""
        self.network.eval()
        means = [self._mean(behaviors, weights) for behaviors, weights in self.held_out]
        self.log("held_out/loss", sum(means) / len(means), batch_size=1)

    def _mean(self, behaviors: Tensor, weights: Tensor) -> float:
        total = count = 0.0
        for some, weight in zip(behaviors.split(SCORE_BATCH), weights.split(SCORE_BATCH), strict=True):
            losses, owner = self._losses(some.to(self.device))
            each = weight.to(self.device)[owner]
            total, count = total + float((losses * each).sum()), count + float(each.sum())
        return total / count

    def _losses(self, behaviors: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy of each behavior from the second on, in nats, and the row that it is in."""
        real = behaviors[:, :, DAY] != self.pad
        wanted = torch.zeros_like(real)
        wanted[:, :-1] = real[:, 1:]
        logits = self.network(behaviors, wanted).float()
        owner, place = wanted.nonzero(as_tuple=True)
        return F.cross_entropy(logits, behaviors[owner, place + 1, ACTION], reduction="none"), owner

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with PyTorch's defaults but for the learning rate."""
        return torch.optim.Adam(self.network.parameters(), lr=self.learning_rate, fused=True)


def _tensors(rows: Rows) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(rows.behaviors), torch.from_numpy(rows.weights).float()
