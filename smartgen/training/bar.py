"""A progress bar for one training, on a terminal only; in a log it would be noise."""

from __future__ import annotations

import sys
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class TrainingBar(Callback):
    """Steps done, steps in all, time left, and the last held-out loss where there is one."""

    def __init__(self, label: str = "training") -> None:
        self.progress = Progress(
            TextColumn(label),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps, {task.fields[told]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the bar."""
        steps = trainer.estimated_stepping_batches  # infinite or below 0 where only the loader knows
        self.task = self.progress.add_task("", total=steps if 0 < steps < float("inf") else None, told="")
        self.progress.start()

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Move it by a step."""
        losses = {name: float(value) for name, value in trainer.callback_metrics.items()}
        told = "  ".join(f"{name} {value:.3f}" for name, value in sorted(losses.items()))
        self.progress.update(self.task, completed=trainer.global_step, told=told)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take it away."""
        self.progress.stop()

    def on_exception(self, *_: Any) -> None:
        """Give the terminal back, whatever happened."""
        self.progress.stop()
