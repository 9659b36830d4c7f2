"""The W&B mirror of the records: one run a cell, opened and closed here, offline by default."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.settings import CellSettings


class NoTracker:
    """Mirrors nothing."""

    logger = None

    def log(self, metrics: dict[str, float], counts: dict[str, int]) -> None:
        """Nothing to do."""


class WandbTracker:
    """Mirrors one cell into one W&B run, training curves included."""

    def __init__(self, run: Any) -> None:
        from pytorch_lightning.loggers import WandbLogger

        self.run = run
        self.logger = WandbLogger(experiment=run)

    def log(self, metrics: dict[str, float], counts: dict[str, int]) -> None:
        """The record's numbers as the run's summary."""
        self.run.summary.update({"metrics": metrics, "counts": counts})


def open_tracker(
    cell: CellSettings, axes: dict[str, Any], key: str
) -> AbstractContextManager[NoTracker | WandbTracker]:
    """The tracker of a cell; it ends with the cell, failed where the cell failed.

    Raises:
        SmartgenError: an unknown ``tracking.name``.
    """
    if cell.tracking.name == "none":
        return _none()
    if cell.tracking.name == "wandb":
        return _wandb(cell, axes, key)
    raise SmartgenError(f"tracking.name is {cell.tracking.name!r}, expected wandb or none")


@contextmanager
def _none() -> Iterator[NoTracker]:
    yield NoTracker()


@contextmanager
def _wandb(cell: CellSettings, axes: dict[str, Any], key: str) -> Iterator[WandbTracker]:
    # The openai package is loaded; W&B would advertise another product of its own for that.
    os.environ.setdefault("WANDB_DISABLE_WEAVE", "true")
    import wandb

    folder = Path(cell.paths.outputs)
    folder.mkdir(parents=True, exist_ok=True)
    run = wandb.init(
        project=cell.tracking.project,
        dir=str(folder),
        mode=cell.tracking.mode,  # type: ignore[arg-type]  # W&B checks the word itself
        group=cell.tracking.group,
        job_type=str(axes["method"]),
        name=key,
        tags=[f"{name}={axes[name]}" for name in ("dataset", "transition", "regime", "protocol", "seed")],
        config=axes,  # with the resolved settings under "config"
        settings=wandb.Settings(silent=True),
    )
    exit_code = 1
    try:
        yield WandbTracker(run)
        exit_code = 0
    finally:
        # Without finish, the next cell of this process would be logged into the same run.
        run.finish(exit_code=exit_code)
