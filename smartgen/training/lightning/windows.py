"""Training of the windowed predictors as in the release: cross-entropy on the last action of a window."""

from __future__ import annotations

from dataclasses import dataclass

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn
from torch.nn import functional as F

from smartgen.settings import WindowPredictorSettings


class NextAction(pl.LightningModule):
    """Trains a network to tell the last action of each window from those before it.

    Args:
        network: (rows, length) ids -> logits of each action; trained in place.
        settings: learning rate, its decay, and the weights'.
    """

    def __init__(self, network: nn.Module, settings: WindowPredictorSettings) -> None:
        super().__init__()
        self.network, self.settings = network, settings

    def training_step(self, batch: list[Tensor], _: int) -> Tensor:
        """Mean cross-entropy of the batch."""
        (windows,) = batch
        loss = F.cross_entropy(self.network(windows[:, :-1]), windows[:, -1])
        self.log("train/loss", loss, batch_size=len(windows))
        return loss

    def validation_step(self, batch: list[Tensor], _: int) -> None:
        """Number of windows whose last action scores highest, which decides which weights stay."""
        (windows,) = batch
        right = self.network(windows[:, :-1]).argmax(1) == windows[:, -1]
        # Whole numbers, so that epochs that are equally good compare as equal.
        self.log("validation/right", right.sum().float(), reduce_fx="sum", batch_size=len(windows))

    def configure_optimizers(
        self,
    ) -> tuple[list[torch.optim.Optimizer], list[torch.optim.lr_scheduler.StepLR]]:
        """Adam with weight decay; the learning rate falls by steps."""
        s = self.settings
        weights = self.network.parameters()
        adam = torch.optim.Adam(weights, lr=s.learning_rate, weight_decay=s.weight_decay)
        return [adam], [torch.optim.lr_scheduler.StepLR(adam, s.decay_every, s.decay)]


@dataclass
class MostRight(Callback):
    """Holds the weights of the most accurate epoch, the first of equals."""

    right: float = -1.0
    epoch: int = 0
    weights: dict[str, Tensor] | None = None

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compare after each epoch."""
        right = float(trainer.callback_metrics["validation/right"])
        if right > self.right:
            self.right, self.epoch = right, trainer.current_epoch + 1
            self.weights = {k: v.detach().clone() for k, v in pl_module.state_dict().items()}
