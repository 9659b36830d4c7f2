"""What ``dataset=logs`` and ``task=adapt`` take, told before a log is read."""

from __future__ import annotations

import math
from collections.abc import Iterator

from smartgen.core.errors import SmartgenError
from smartgen.core.models import PREDICTORS
from smartgen.logs_settings import LogsSettings
from smartgen.settings import CellSettings, ReplaySettings, UnifiedProtocolSettings, WalkSettings

FORMATS = ("auto", "csv", "parquet", "home_assistant")


def home_choices(cell: CellSettings) -> Iterator[tuple[str, object, tuple[str, ...]]]:
    """Keys of a log with the words that they take."""
    if isinstance(cell.dataset, LogsSettings):
        yield "dataset.format", cell.dataset.format, FORMATS


def adapt_choices(cell: CellSettings) -> Iterator[tuple[str, object, tuple[str, ...]]]:
    """Keys of task=adapt with the words that they take."""
    yield "with task=adapt, protocol.name", cell.protocol.name, ("unified",)
    yield "with task=adapt, predictor", cell.predictor.name, tuple(PREDICTORS)


def check_home(cell: CellSettings) -> None:
    """Refuse what no log and no adaptation can have.

    Raises:
        SmartgenError: names the key, its value and what may stand there.
    """
    if isinstance(cell.dataset, LogsSettings):
        _check_log(cell, cell.dataset)
    elif cell.transition.split is not None:
        raise SmartgenError(
            f"transition.split is {cell.transition.split!r}, but only dataset=logs is split; take null"
        )
    if cell.task == "adapt":
        _check_adapt(cell)


def _check_adapt(cell: CellSettings) -> None:
    if isinstance(cell.protocol, UnifiedProtocolSettings) and cell.protocol.few:
        raise SmartgenError(
            f"protocol.few is {cell.protocol.few}, but task=adapt trains on nothing real of the new "
            "context; take 0"
        )
    _check_told(cell)


def _check_told(cell: CellSettings) -> None:
    """What changes must be told, in words or, to a synthesizer that reads none, in numbers and names."""
    told = cell.transition
    for key, text in (("source", told.source), ("target", told.target)):
        if not text.strip():
            raise SmartgenError(
                f"transition.{key} is empty, expected what that time is like, as transition.{key}='summer, "
                "windows open'"
            )
    moves = told.change.hour_shift or told.change.replace or told.change.lengthen != 1
    if isinstance(cell.synthesizer, WalkSettings) and cell.regime != "source" and not moves:
        raise SmartgenError(
            "synthesizer is walk, which reads no prose, and transition.change changes nothing; say what "
            "changes, as +transition.change.replace={heater:[fan]} or transition.change.hour_shift=2, or "
            "take synthesizer=embedded_shifts"
        )


def _check_log(cell: CellSettings, log: LogsSettings) -> None:
    if log.path is None:
        raise SmartgenError(
            "dataset.path is null, expected the file of the home's log: CSV, Parquet or Home Assistant's "
            "home-assistant_v2.db"
        )
    if not 0 <= log.settle_seconds < math.inf:
        raise SmartgenError(f"dataset.settle_seconds is {log.settle_seconds}, expected 0 or more seconds")
    if isinstance(cell.synthesizer, ReplaySettings):
        raise SmartgenError(
            "synthesizer is replay, but nothing is recorded for a home of your own; take embedded, walk "
            "or another"
        )
