"""Cells of a toy home that take seconds, and how they are run without a tracker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smartgen.cell import Outcome, run_cell
from smartgen.settings import (
    CellSettings,
    ChangeSettings,
    DatasetSettings,
    PathSettings,
    ReleasedProtocolSettings,
    TrainerSettings,
    TransAESettings,
    TransitionSettings,
    WalkSettings,
)
from smartgen.tracking.live import NoTracker


def make(outputs: Path, **changes: Any) -> CellSettings:
    base = CellSettings(
        dataset=DatasetSettings(name="demo", kind="demo", days=7),
        transition=TransitionSettings(
            name="seasonal",
            source="winter",
            target="spring",
            change=ChangeSettings(replace={"Heater": ["Fan"]}),
        ),
        synthesizer=WalkSettings(name="walk", sequences=30),
        detector=TransAESettings(name="transae", d_model=16, heads=2, layers=1, epochs=2),
        protocol=ReleasedProtocolSettings(name="released", percentile=95),
        trainer=TrainerSettings(accelerator="cpu"),
        paths=PathSettings(outputs=str(outputs)),
    )
    for name, value in changes.items():
        setattr(base, name, value)
    return base


@contextmanager
def no_tracker(*_: object) -> Iterator[NoTracker]:
    yield NoTracker()


def run_quietly(settings: CellSettings) -> Outcome:
    return run_cell(settings, ["seed=2024"], no_tracker)


@pytest.fixture
def cell() -> Callable[..., CellSettings]:
    """Settings of a small cell; what is named differently is changed."""
    return make


@pytest.fixture
def run() -> Callable[[CellSettings], Outcome]:
    """Run one cell without a tracker."""
    return run_quietly
