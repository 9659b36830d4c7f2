"""The W&B mirror of a cell while it runs: one run a cell, opened and closed here, offline by default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.settings import CellSettings
from smartgen.tracking.describe import describe
from smartgen.tracking.runs import Target, fill, opened


class NoTracker:
    """Mirrors nothing."""

    logger = None

    def log(self, record: Record) -> None:
        """Nothing to do."""


class WandbTracker:
    """Mirrors one cell into one W&B run, training curves included."""

    def __init__(self, run: Any, group: str) -> None:
        from pytorch_lightning.loggers import WandbLogger

        self.run, self.group = run, group
        self.logger = WandbLogger(experiment=run)

    def log(self, record: Record) -> None:
        """What the record holds, as ``smartgen-report wandb`` would publish it."""
        fill(self.run, record, describe(record, self.group))


def open_tracker(cell: CellSettings, begun: Record) -> AbstractContextManager[NoTracker | WandbTracker]:
    """The tracker of a cell; it ends with the cell, failed where the cell failed.

    Args:
        cell: resolved settings.
        begun: the cell's record as far as it is known: key, axes and settings.

    Raises:
        SmartgenError: an unknown ``tracking.name``, or W&B opens no run.
    """
    if cell.tracking.name == "none":
        return _none()
    if cell.tracking.name == "wandb":
        return _wandb(cell, begun)
    raise SmartgenError(f"tracking.name is {cell.tracking.name!r}, expected wandb or none")


@contextmanager
def _none() -> Iterator[NoTracker]:
    yield NoTracker()


@contextmanager
def _wandb(cell: CellSettings, begun: Record) -> Iterator[WandbTracker]:
    group = cell.tracking.group or cell.task
    target = Target(Path(cell.paths.outputs), cell.tracking.project, cell.tracking.mode)
    with opened(describe(begun, group), target) as run:
        yield WandbTracker(run, group)
