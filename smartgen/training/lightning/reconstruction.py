"""Training of autoencoders as in the release: every token, no mask."""

from __future__ import annotations

import pytorch_lightning as pl
import torch
from torch import Tensor

from smartgen.training.noise import CommonNoise
from smartgen.training.reconstruction import Network, bags_loss, mean_loss


class Reconstruction(pl.LightningModule):
    """Trains an autoencoder to give its own input back: masked mean token cross-entropy and Adam (release).

    Args:
        network: trained in place.
        learning_rate: of Adam, whose other settings are PyTorch's (release 1e-3).
        fused: Adam in one kernel, three times faster on a processor; it rounds otherwise (ours).
        watched: log the loss of each epoch, for a tracker or a bar.
        noise: gives every dropout call a seed of its own; None draws on as the release does.
    """

    def __init__(
        self,
        network: Network,
        learning_rate: float = 1e-3,
        fused: bool = False,
        watched: bool = False,
        noise: CommonNoise | None = None,
    ) -> None:
        super().__init__()
        self.watched, self.noise = watched, noise
        self.network, self.learning_rate, self.fused = network, learning_rate, fused

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        """Sum of the real tokens' losses over their number (release).

        Args:
            batch: the fields of ``Bags``, or tokens alone.
        """
        if self.noise is not None:
            self.noise.begin(self.current_epoch, index)
        loss = bags_loss(self.network, *batch) if len(batch) > 1 else mean_loss(self.network, *batch)
        if self.watched:
            self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[0]))
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam with PyTorch's defaults but for the learning rate."""
        return torch.optim.Adam(self.network.parameters(), lr=self.learning_rate, fused=self.fused)
