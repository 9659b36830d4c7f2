"""The one place that seeds and that makes a Trainer."""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from smartgen.core.errors import SmartgenError
from smartgen.settings import TrainerSettings

if TYPE_CHECKING:  # what only scores does without
    import pytorch_lightning as pl
    from pytorch_lightning.callbacks import Callback
    from pytorch_lightning.loggers import Logger

REMEDY = "lower learning_rate, or take trainer.precision=32-true"


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch, once, as the release does before it builds a network."""
    import pytorch_lightning  # noqa: F401  # draws from Python's generator as it is imported: before, not after

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_trainer(
    settings: TrainerSettings,
    logger: Logger | None = None,
    callbacks: list[Callback] | None = None,
    label: str = "training",
    **limits: Any,
) -> pl.Trainer:
    """A Trainer on one device that does nothing in an epoch that nobody reads.

    Args:
        label: what the progress bar calls this training.
        limits: how long to train and when to check, in Lightning's words (``max_epochs`` and so on).

    Raises:
        SmartgenError: a device or precision that this machine does not have.
    """
    import pytorch_lightning as pl
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    from smartgen.training.bar import TrainingBar

    bars: list[Callback] = [TrainingBar(label)] if settings.progress else []
    try:
        return pl.Trainer(
            accelerator=settings.accelerator,
            devices=1,
            precision=settings.precision,  # type: ignore[arg-type]  # a Literal there; Lightning checks it
            logger=logger or False,
            callbacks=bars + (callbacks or []),
            enable_progress_bar=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1,
            **limits,
        )
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        told = str(error).splitlines()[0]
        raise SmartgenError(f"trainer.accelerator or trainer.precision cannot be had here: {told}") from error


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Without Lightning's banner and its advice that does not apply (loader workers for a few kilobytes)."""
    log = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*LeafSpec.*")
            yield
    finally:
        log.setLevel(before)


def refuse_diverged(network: nn.Module, label: str) -> None:
    """Refuse weights that are no finite numbers: nothing could be ranked or compared by them.

    Raises:
        SmartgenError: names what was trained and what to do.
    """
    if not all(bool(torch.isfinite(weight).all()) for weight in network.parameters()):
        raise SmartgenError(f"{label}: the training diverged, its weights are no finite numbers; {REMEDY}")
