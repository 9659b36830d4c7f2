"""The autoencoder of the paper's section 4.3, as SSC and TOF train it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from smartgen.nets.transae import Arithmetic, TransAE
from smartgen.settings import AutoencoderSettings, TrainerSettings
from smartgen.training.noise import CommonNoise
from smartgen.training.reconstruction import fit_reconstruction
from smartgen.training.trainer import refuse_diverged


def build_autoencoder(pad: int, settings: AutoencoderSettings, positions: bool = False) -> TransAE:
    """An untrained autoencoder over ids up to ``pad``, with weights from torch's generator."""
    arithmetic: Arithmetic = "padded" if settings.padded else "merged"
    s = settings
    return TransAE(pad + 1, pad, s.d_model, s.heads, s.layers, arithmetic, positions)


def train_autoencoder(
    tokens: NDArray[np.int64],
    pad: int,
    settings: AutoencoderSettings,
    trainer: TrainerSettings,
    *,
    positions: bool = False,
    label: str = "training",
    noise: CommonNoise | None = None,
) -> tuple[TransAE, torch.optim.Optimizer]:
    """A new autoencoder, trained on (n, length) tokens in their order; torch must be seeded before.

    Returns:
        The network in evaluation mode, and its optimizer.

    Raises:
        SmartgenError: a weight is no finite number at the end.
    """
    network = build_autoencoder(pad, settings, positions)
    optimizer = fit_reconstruction(
        network,
        tokens,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        fused=not settings.padded,
        settings=trainer,
        label=label,
        noise=noise,
    )
    refuse_diverged(network, label)
    return network, optimizer
