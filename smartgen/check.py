"""What a cell's settings may be, checked before anything is read or written."""

from __future__ import annotations

import math
from collections.abc import Iterator

from smartgen.core.errors import SmartgenError
from smartgen.core.types import FIELDS
from smartgen.settings import (
    CellSettings,
    ReleasedProtocolSettings,
    ReplaySettings,
    TransAESettings,
    UnifiedProtocolSettings,
    WalkSettings,
)

REGIMES = {"released": ("source", "synthetic"), "unified": ("source", "synthetic", "oracle")}
STAGES = {
    "tss": ("released", "paper", "none"),
    "ssc": ("none",),
    "gss": ("released", "none"),
    "tof": ("none",),
}
# Recorded for one setting of the stages each; the sets of the other collections name theirs (`variant`).
FIXED_COLLECTIONS = ("detection", "prediction", "tof")

Choice = tuple[str, object, tuple[str, ...]]
Range = tuple[str, float, float, float]


def check_settings(cell: CellSettings) -> None:
    """Refuse what no cell can be.

    Raises:
        SmartgenError: names the key, its value and what may stand there.
    """
    for name, value, allowed in _choices(cell):
        if value not in allowed:
            raise SmartgenError(f"{name} is {value!r}, expected one of {', '.join(allowed)}")
    for name, number, low, high in _ranges(cell):
        if not low <= number <= high:
            upper = f" to {high:g}" if math.isfinite(high) else " or more"
            raise SmartgenError(f"{name} is {number}, expected a number from {low:g}{upper}")
    for name, hours in (
        ("gap", cell.stage.tss.max_gap_hours),
        ("duration", cell.stage.tss.max_duration_hours),
    ):
        if not hours > 0:
            raise SmartgenError(f"stage.tss.max_{name}_hours is {hours}, expected hours above 0")
    if isinstance(cell.protocol, UnifiedProtocolSettings) and cell.protocol.width % 4:
        raise SmartgenError(f"protocol.width is {cell.protocol.width}, expected a multiple of 4, its heads")
    if isinstance(cell.detector, TransAESettings) and cell.detector.d_model % cell.detector.heads:
        raise SmartgenError(
            f"detector.d_model is {cell.detector.d_model}, expected a multiple of detector.heads, "
            f"which is {cell.detector.heads}"
        )
    if isinstance(cell.synthesizer, ReplaySettings) and reads_synthetic(cell):
        _check_recorded(cell, cell.synthesizer)


def reads_source(cell: CellSettings) -> bool:
    """Whether the protocol itself reads the old log."""
    return isinstance(cell.protocol, UnifiedProtocolSettings) or cell.regime == "source"


def reads_synthetic(cell: CellSettings) -> bool:
    """Whether the protocol reads the synthetic set; unified always does, to tell what is novel."""
    return isinstance(cell.protocol, UnifiedProtocolSettings) or cell.regime == "synthetic"


def _choices(cell: CellSettings) -> Iterator[Choice]:
    yield "task", cell.task, ("detection",)
    yield "detector.name", cell.detector.name, ("transae",)
    yield "protocol.name", cell.protocol.name, tuple(REGIMES)
    yield f"with protocol={cell.protocol.name}, regime", cell.regime, REGIMES[cell.protocol.name]
    yield "dataset.kind", cell.dataset.kind, ("release", "demo")
    yield "transition.released.field", cell.transition.released.field, FIELDS
    yield "tracking.name", cell.tracking.name, ("wandb", "none")
    yield "tracking.mode", cell.tracking.mode, ("offline", "online", "disabled")
    for stage, names in STAGES.items():
        yield f"stage.{stage}.name", getattr(cell.stage, stage).name, names


def _ranges(cell: CellSettings) -> Iterator[Range]:
    yield "trainer.threads", cell.trainer.threads, 1, math.inf
    yield "stage.gss.top_k", cell.stage.gss.top_k, 1, math.inf
    yield "dataset.days", cell.dataset.days, 1, math.inf
    protocol, detector, synthesizer = cell.protocol, cell.detector, cell.synthesizer
    if isinstance(protocol, ReleasedProtocolSettings | UnifiedProtocolSettings):
        yield "protocol.percentile", protocol.percentile, 0, 100
    if isinstance(protocol, UnifiedProtocolSettings):
        yield "protocol.held_out", protocol.held_out, 0.01, 0.5
        yield "protocol.width", protocol.width, 4, math.inf
        for name in ("max_steps", "check_every", "batch_size"):
            yield f"protocol.{name}", getattr(protocol, name), 1, math.inf
    if isinstance(detector, TransAESettings):
        for name in ("d_model", "heads", "layers", "epochs", "batch_size"):
            yield f"detector.{name}", getattr(detector, name), 1, math.inf
        yield "detector.learning_rate", detector.learning_rate, 1e-12, math.inf
    if isinstance(synthesizer, WalkSettings):
        yield "synthesizer.sequences", synthesizer.sequences, 1, math.inf


def _check_recorded(cell: CellSettings, replaying: ReplaySettings) -> None:
    """Refuse stage settings that the recorded answers were not made with, instead of leaving them unread."""
    if replaying.level == "filtered" and replaying.collection not in FIXED_COLLECTIONS:
        return
    if replaying.variant is not None:
        return
    tss, gss = cell.stage.tss, cell.stage.gss
    for key, value, recorded in (
        ("stage.tss.name", tss.name, "released"),
        ("stage.tss.algorithm", tss.algorithm, "released"),
        ("stage.tss.max_gap_hours", tss.max_gap_hours, 9),
        ("stage.tss.max_duration_hours", tss.max_duration_hours, 24),
        ("stage.gss.name", gss.name, "released"),
        ("stage.gss.top_k", gss.top_k, 5),
    ):
        if value != recorded:
            raise SmartgenError(
                f"{key} is {value}, but this set was recorded with {recorded} only; others are in "
                "synthesizer.collection=study and ablation (with synthesizer.variant); or take walk"
            )
