"""Training of the release's SASRec: each next token from one drawn at random."""

from __future__ import annotations

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.nn import functional as F

from smartgen.nets.sasrec import TokenSASRec
from smartgen.training.tokens import Batch


class NextToken(pl.LightningModule):
    """Trains ``TokenSASRec`` to tell each next token from one drawn at random.

    Args:
        network: trained in place.
        learning_rate: of Adam with second beta 0.98 (release).
    """

    def __init__(self, network: TokenSASRec, learning_rate: float) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network, self.learning_rate = network, learning_rate

    def training_step(self, batches: list[Batch], _: int) -> None:
        """An epoch's steps at once: Lightning's loop around each would take as long as the step itself."""
        optimizer = self.optimizers()
        assert isinstance(optimizer, LightningOptimizer)
        for batch in batches:
            loss = self.loss(batch)
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
        self.log("train/loss", loss, batch_size=1)

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropies of wanted and drawn tokens, averaged over positions whose wanted id is not 0."""
        tokens, sizes, wanted, negatives = batch
        states = self.network(tokens, sizes)
        counted = (wanted != 0).float()
        good, bad = (self.network.scores(states, ids).float() for ids in (wanted, negatives))
        losses = F.softplus(-good) + F.softplus(bad)
        return (losses * counted).sum() / counted.sum().clamp(min=1)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam as the release sets it."""
        return torch.optim.Adam(
            self.network.parameters(), lr=self.learning_rate, betas=(0.9, 0.98), fused=True
        )
