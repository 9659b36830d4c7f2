"""How the release trains the windowed predictors: cross-entropy on the action that follows nine others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from smartgen.settings import TrainerSettings, WindowPredictorSettings
from smartgen.training.trainer import make_trainer, quiet_lightning

if TYPE_CHECKING:  # what scores does without
    from pytorch_lightning.loggers import Logger

Windows = NDArray[np.int64]
SCORE_BATCH = 1024


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
    from smartgen.training.lightning.windows import MostRight, NextAction

    batches = DataLoader(TensorDataset(torch.from_numpy(train)), settings.batch_size, shuffle=True)
    held_out = DataLoader(TensorDataset(torch.from_numpy(validation)), settings.batch_size)
    best, module = MostRight(), NextAction(network, settings)
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
