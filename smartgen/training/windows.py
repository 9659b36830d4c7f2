"""How the release trains the windowed predictors: cross-entropy on the action that follows nine others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import Logger
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from smartgen.settings import TrainerSettings, WindowPredictorSettings
from smartgen.training.trainer import make_trainer, quiet_lightning

Windows = NDArray[np.int64]
SCORE_BATCH = 1024


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
class _MostRight(Callback):
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


def fit_windows(
    network: nn.Module,
    train: Windows,
    validation: Windows,
    settings: WindowPredictorSettings,
    trainer: TrainerSettings,
    logger: Logger | None = None,
) -> int:
    """Train in place for the given epochs; the weights of the most accurate one stay.

    Args:
        train, validation: (n, length + 1) action ids.

    Returns:
        The epoch whose weights were kept, counted from 1.
    """
    batches = DataLoader(TensorDataset(torch.from_numpy(train)), settings.batch_size, shuffle=True)
    held_out = DataLoader(TensorDataset(torch.from_numpy(validation)), settings.batch_size)
    best, module = _MostRight(), NextAction(network, settings)
    with quiet_lightning():
        loop = make_trainer(trainer, logger, [best], max_epochs=settings.epochs)
        loop.fit(module, batches, held_out)
    assert best.weights is not None
    module.load_state_dict(best.weights)
    network.eval()
    return best.epoch


@torch.inference_mode()
def window_scores(network: nn.Module, windows: Windows, actions: int) -> NDArray[np.float64]:
    """(n, actions) logits; what a network gives for a pad beside them is left out."""
    device = next(network.parameters()).device
    parts = [
        network(some.to(device))[:, :actions].double().cpu()
        for some in torch.from_numpy(windows).split(SCORE_BATCH)
    ]
    found: NDArray[np.float64] = torch.cat(parts).numpy()
    return found
