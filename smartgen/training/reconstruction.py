"""Training and scoring of autoencoders as in the release: every token, no mask, fixed epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from smartgen.data.bags import bags
from smartgen.nets.token_autoencoders import TokenAutoencoder
from smartgen.nets.transae import BaselineTransAE, TransAE
from smartgen.settings import TrainerSettings
from smartgen.training.noise import CommonNoise
from smartgen.training.trainer import make_trainer, quiet_lightning

if TYPE_CHECKING:  # what scores does without
    from pytorch_lightning.loggers import Logger

SCORE_BATCH = 512
Network = TransAE | TokenAutoencoder


def mean_loss(network: Network, tokens: Tensor) -> Tensor:
    """Mean cross-entropy over the tokens of a batch that are no pads, in nats."""
    logits, real = network(tokens), tokens != network.pad
    if _full_windows(network, real):
        return F.cross_entropy(logits.float().flatten(0, 1), tokens.flatten())
    return (token_losses(logits, tokens) * real).sum() / real.sum()


def bags_loss(network: Network, tokens: Tensor, counts: Tensor, weights: Tensor) -> Tensor:
    """Weighted cross-entropy of tokens that stand for several, in nats (``data.bags.Bags``)."""
    real = tokens != network.pad
    if not isinstance(network, TransAE):
        raise TypeError(f"{type(network).__name__} cannot be trained on bags of tokens")
    logits = network.token_logits(tokens, counts).float()
    return (F.cross_entropy(logits, tokens[real], reduction="none") * weights[real]).sum()


def token_losses(logits: Tensor, tokens: Tensor) -> Tensor:
    """(rows, length) cross-entropy of each token, in nats and single precision."""
    return F.cross_entropy(logits.float().transpose(1, 2), tokens, reduction="none")


def fit_reconstruction(
    network: Network,
    tokens: NDArray[np.int64],
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    fused: bool,
    settings: TrainerSettings,
    logger: Logger | None = None,
    label: str = "training",
    noise: CommonNoise | None = None,
) -> torch.optim.Optimizer:
    """Train in place on (n, length) tokens, in file order without shuffling; the last epoch stays (release).

    The loader draws one number an epoch from torch's generator, as the release's does, so with its seed and
    thread count the weights follow its own.

    Returns:
        The optimizer, which knows the gradients' second moments.
    """
    from smartgen.training.lightning.reconstruction import Reconstruction

    # Draws are common only if batches have one width, whatever row is added.
    loader = _batches(network, tokens, batch_size, width=0 if noise is None else tokens.shape[1])
    network.before_draw = noise
    with quiet_lightning():
        trainer = make_trainer(settings, logger, label=label, max_epochs=epochs)
        watched = logger is not None or settings.progress
        trainer.fit(Reconstruction(network, learning_rate, fused, watched, noise), loader)
    network.before_draw = None
    network.eval()
    return trainer.optimizers[0]


def _batches(network: Network, tokens: NDArray[np.int64], size: int, width: int) -> DataLoader[Any]:
    """Batches in file order; the same rows are together in each epoch, so they are merged once.

    Args:
        width: columns of every batch at least.
    """
    if network.arithmetic != "merged":
        return DataLoader(TensorDataset(torch.from_numpy(tokens)), batch_size=size)
    parts = (tokens[start : start + size] for start in range(0, len(tokens), size))
    found = [bags(part, network.pad, ordered=network.positions).widened(width, network.pad) for part in parts]
    return DataLoader([tuple(map(torch.from_numpy, some)) for some in found], batch_size=None)  # type: ignore[arg-type]  # a list is a data set


@torch.inference_mode()
def sequence_losses(network: Network, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) mean loss over the real tokens of each row; every distinct row is scored once, then scattered.

    Equal rows so get bit-equal losses, on which thresholds with ``>=`` depend.
    """
    distinct, where = np.unique(tokens, axis=0, return_inverse=True)
    device = next(network.parameters()).device
    parts = []
    for rows in torch.from_numpy(distinct).split(SCORE_BATCH):
        rows = rows.to(device)
        parts.append(_row_losses(network, rows).double().cpu())
    losses_of_distinct: NDArray[np.float64] = torch.cat(parts).numpy()
    return losses_of_distinct[where.reshape(-1)]


def _row_losses(network: Network, rows: Tensor) -> Tensor:
    """(rows,) mean losses.

    Full windows of the baselines go row by row through the very kernel that the release calls: thresholds lie
    on single windows, where its order of summing decides.
    """
    logits, real = network(rows), rows != network.pad
    if _full_windows(network, real):
        return torch.stack([F.cross_entropy(x.float(), row) for x, row in zip(logits, rows, strict=True)])
    return (token_losses(logits, rows) * real).sum(1) / real.sum(1)


def _full_windows(network: Network, real: Tensor) -> bool:
    """Whether a baseline sees no pad; its losses then go through the very kernel that the release calls."""
    return isinstance(network, TokenAutoencoder | BaselineTransAE) and bool(real.all())
