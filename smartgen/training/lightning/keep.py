"""Which weights stay where training is checked on the way."""

from __future__ import annotations

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch import Tensor


class KeepBest(Callback):
    """Holds the weights with the lowest held-out loss in memory, and the step at which they were reached."""

    def __init__(self) -> None:
        self.loss, self.step = float("inf"), 0
        self.weights: dict[str, Tensor] = {}

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compare after each check."""
        loss = float(trainer.callback_metrics["held_out/loss"])
        if loss < self.loss or not self.weights:
            self.loss, self.step = loss, trainer.global_step
            self.weights = {k: v.detach().clone() for k, v in pl_module.state_dict().items()}
