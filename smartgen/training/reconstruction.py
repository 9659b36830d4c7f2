"""Training and scoring of ``TransAE`` as in the release: every token, no mask, fixed epochs."""

from __future__ import annotations

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.loggers import Logger
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from smartgen.settings import TrainerSettings
from smartgen.training.trainer import make_trainer, quiet_lightning

SCORE_BATCH = 512


class Reconstruction(pl.LightningModule):
    """Trains a network to give its own input back: masked mean token cross-entropy and Adam (release).

    Args:
        network: (rows, length) tokens to (rows, length, vocabulary) logits.
        pad: tokens of this id carry no loss.
        learning_rate: of Adam, whose other settings are PyTorch's (release 1e-3).
        fused: Adam in one kernel, three times faster on a processor; it rounds otherwise (ours).
        watched: log the loss of each epoch, for a tracker or a bar.
    """

    def __init__(
        self,
        network: nn.Module,
        pad: int,
        learning_rate: float = 1e-3,
        fused: bool = False,
        watched: bool = False,
    ) -> None:
        super().__init__()
        self.watched = watched
        self.network, self.pad, self.learning_rate, self.fused = network, pad, learning_rate, fused

    def training_step(self, batch: list[Tensor], _: int) -> Tensor:
        """Sum of the real tokens' losses over their number (release)."""
        (tokens,) = batch
        real = tokens != self.pad
        loss = (token_losses(self.network(tokens), tokens) * real).sum() / real.sum()
        if self.watched:
            self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(tokens))
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with PyTorch's defaults but for the learning rate."""
        return torch.optim.Adam(self.network.parameters(), lr=self.learning_rate, fused=self.fused)


def token_losses(logits: Tensor, tokens: Tensor) -> Tensor:
    """(rows, length) cross-entropy of each token, in nats and single precision."""
    return F.cross_entropy(logits.float().transpose(1, 2), tokens, reduction="none")


def fit_reconstruction(
    network: nn.Module,
    tokens: NDArray[np.int64],
    pad: int,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    fused: bool,
    settings: TrainerSettings,
    logger: Logger | None = None,
) -> None:
    """Train in place on (n, length) tokens, in file order without shuffling; the last epoch stays (release).

    The loader draws one number an epoch from torch's generator, as the release's does, so with its seed and
    thread count the weights follow its own.
    """
    loader = DataLoader(TensorDataset(torch.from_numpy(tokens)), batch_size=batch_size)
    with quiet_lightning():
        trainer = make_trainer(settings, logger, max_epochs=epochs)
        watched = logger is not None or settings.progress
        trainer.fit(Reconstruction(network, pad, learning_rate, fused, watched), loader)
    network.eval()


@torch.inference_mode()
def sequence_losses(network: nn.Module, tokens: NDArray[np.int64], pad: int) -> NDArray[np.float64]:
    """(n,) mean loss over the real tokens of each row; every distinct row is scored once, then scattered.

    Equal rows so get bit-equal losses, on which thresholds with ``>=`` depend.
    """
    distinct, where = np.unique(tokens, axis=0, return_inverse=True)
    device = next(network.parameters()).device
    parts = []
    for rows in torch.from_numpy(distinct).split(SCORE_BATCH):
        rows = rows.to(device)
        losses, real = token_losses(network(rows), rows), rows != pad
        parts.append(((losses * real).sum(1) / real.sum(1)).double().cpu())
    losses_of_distinct: NDArray[np.float64] = torch.cat(parts).numpy()
    return losses_of_distinct[where.reshape(-1)]
