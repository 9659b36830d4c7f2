"""One cell in, one record out: ``outputs/runs/<key>/result.json``."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from smartgen.core.errors import SmartgenError
from smartgen.core.keys import CODE_VERSIONS, content_key, without_harmless
from smartgen.core.provenance import command, provenance
from smartgen.core.records import RESULT_FILE, write_error, write_result
from smartgen.core.seeds import seed_for
from smartgen.core.types import FIELDS
from smartgen.data.homes import load_home
from smartgen.pipeline import Pipeline, make_store
from smartgen.settings import (
    CellSettings,
    ReleasedProtocolSettings,
    TransAESettings,
    UnifiedProtocolSettings,
)
from smartgen.training.device import resolve_accelerator


class Tracker(Protocol):
    """Where a cell's numbers are mirrored; see ``smartgen.tracking``."""

    @property
    def logger(self) -> Any:
        """A Lightning logger for the training curves, or None."""

    def log(self, metrics: dict[str, float], counts: dict[str, int]) -> None:
        """The final numbers."""


OpenTracker = Callable[[CellSettings, dict[str, Any], str], AbstractContextManager[Tracker]]


@dataclass(frozen=True)
class Outcome:
    """How a cell ended.

    Args:
        status: ``done`` or ``recorded`` (it was there already).
        metrics: of the cell, empty if it was recorded.
    """

    key: str
    status: str
    seconds: float
    metrics: dict[str, float]


def run_cell(cell: CellSettings, overrides: list[str], open_tracker: OpenTracker) -> Outcome:
    """Run one cell unless it is recorded; a failure is recorded too, and raised again.

    Args:
        cell: resolved settings.
        overrides: of the command line, so that the record holds the command.
        open_tracker: mirrors the run, closed with its outcome.

    Raises:
        SmartgenError: bad settings or data; nothing is written where the cell has no key yet.
    """
    start = time.perf_counter()
    cell.trainer.accelerator = resolve_accelerator(cell.trainer.accelerator)
    prepared = Prepared(cell)
    outputs, key = Path(cell.paths.outputs), prepared.key
    if (outputs / "runs" / key / RESULT_FILE).is_file() and not cell.force:
        return Outcome(key, "recorded", time.perf_counter() - start, {})
    run: dict[str, Any] = {"started": _now(), "command": command(overrides)}
    try:
        with open_tracker(cell, prepared.axes, key) as tracker:
            metrics, counts = prepared.measure(tracker)
            tracker.log(metrics, counts)
    except Exception as error:
        told = {"type": type(error).__name__, "message": str(error), "traceback": traceback.format_exc()}
        write_error(outputs, key, prepared.axes, told, run | _ended(start, prepared))
        raise
    result = {"axes": prepared.axes, "config": prepared.config, "metrics": metrics, "counts": counts}
    write_result(outputs, key, result | {"inputs": prepared.inputs}, run | _ended(start, prepared))
    return Outcome(key, "done", time.perf_counter() - start, metrics)


class Prepared:
    """A cell whose settings are checked and whose inputs are known, so that it has a key.

    Attributes:
        axes: what tables match on.
        config: the settings that can change the result.
        inputs: checksums of what is read.
    """

    def __init__(self, cell: CellSettings) -> None:
        _check_task(cell)
        self.cell = cell
        self.home = load_home(cell.dataset, cell.transition, cell.paths.release, cell.seed)
        self.pipeline = Pipeline(cell, self.home, make_store(cell.paths.outputs))
        self.axes = _axes(cell)
        self.config = without_harmless(asdict(cell))
        unified = isinstance(cell.protocol, UnifiedProtocolSettings)
        self.inputs = self.pipeline.input_digests(
            source=unified or cell.regime == "source", synthetic=unified or cell.regime == "synthetic"
        )
        identity = {"config": self.config, "inputs": self.inputs, "versions": CODE_VERSIONS}
        label = [cell.dataset.name, cell.transition.name, cell.task, cell.detector.name]
        self.key = "-".join([*label, cell.regime, cell.protocol.name, f"s{cell.seed}", content_key(identity)])

    def measure(self, tracker: Tracker) -> tuple[dict[str, float], dict[str, int]]:
        """Metrics and counts of the cell under its protocol."""
        import torch

        torch.set_num_threads(self.cell.trainer.threads)
        if isinstance(self.cell.protocol, UnifiedProtocolSettings):
            return self._unified(self.cell.protocol, tracker)
        return self._released(tracker)

    def _released(self, tracker: Tracker) -> tuple[dict[str, float], dict[str, int]]:
        from smartgen.data.attacks.released import released_attack
        from smartgen.detectors.transae import TransAEDetector
        from smartgen.protocols.released import detect
        from smartgen.stages.tss import split_sequences

        cell, home, rule = self.cell, self.home, self.cell.transition.released
        if rule.field not in FIELDS:
            raise SmartgenError(
                f"transition.released.field is {rule.field!r}, expected one of {', '.join(FIELDS)}"
            )
        train = self.pipeline.pieces if cell.regime == "source" else self.pipeline.synthetic
        normal = split_sequences(home.target, home.vocabulary)
        detector = TransAEDetector(
            home.vocabulary,
            FIELDS.index(rule.field),
            _transae(cell),
            cell.trainer,
            cell.seed,
            tracker.logger,
        )
        outcome = detect(
            detector,
            train,
            normal,
            released_attack(rule.attack, normal, home.vocabulary),
            percentile=_released_protocol(cell).percentile,
            hold_out=rule.hold_out,
            watch=self.pipeline.watch,
        )
        return outcome.metrics, outcome.counts

    def _unified(
        self, protocol: UnifiedProtocolSettings, tracker: Tracker
    ) -> tuple[dict[str, float], dict[str, int]]:
        from smartgen.data.attacks.unified import AttackContext
        from smartgen.detectors.transae import UnifiedTransAEDetector
        from smartgen.protocols.unified import Rules, detect

        cell, home = self.cell, self.home
        names = (cell.dataset.name, cell.transition.name)
        seed = seed_for(cell.seed, "train", *names, cell.detector.name, cell.regime)
        # Attacks and held-out draws are the same for every regime, so that regimes can be compared in pairs.
        rules = Rules(protocol.percentile, protocol.held_out, seed_for(cell.seed, "test", *names))
        return detect(
            lambda: UnifiedTransAEDetector(
                home.vocabulary, protocol, _transae(cell), cell.trainer, seed, tracker.logger
            ),
            cell.regime,
            AttackContext(home.vocabulary, home.source, home.target),
            self.pipeline.synthetic,
            rules,
            self.pipeline.watch,
        )


def _check_task(cell: CellSettings) -> None:
    regimes = (
        ("source", "synthetic", "oracle") if cell.protocol.name == "unified" else ("source", "synthetic")
    )
    for name, value, allowed in (
        ("task", cell.task, ("detection",)),
        ("detector", cell.detector.name, ("transae",)),
        ("protocol", cell.protocol.name, ("released", "unified")),
        ("regime", cell.regime, regimes),
    ):
        if value not in allowed:
            among = f" with protocol={cell.protocol.name}" if name == "regime" else ""
            raise SmartgenError(f"{name} is {value!r}, expected one of {', '.join(allowed)}{among}")


def _axes(cell: CellSettings) -> dict[str, Any]:
    return {
        "task": cell.task,
        "dataset": cell.dataset.name,
        "transition": cell.transition.name,
        "method": cell.detector.name,
        "detector": cell.detector.name,
        "regime": cell.regime,
        "protocol": cell.protocol.name,
        "synthesizer": cell.synthesizer.name,
        "seed": cell.seed,
    }


def _transae(cell: CellSettings) -> TransAESettings:
    if not isinstance(cell.detector, TransAESettings):
        raise SmartgenError(f"detector is {cell.detector.name!r}, expected transae")
    return cell.detector


def _released_protocol(cell: CellSettings) -> ReleasedProtocolSettings:
    if not isinstance(cell.protocol, ReleasedProtocolSettings):
        raise SmartgenError(f"protocol is {cell.protocol.name!r}, expected released")
    return cell.protocol


def _ended(start: float, prepared: Prepared) -> dict[str, Any]:
    seconds = prepared.pipeline.watch.seconds | {"total": round(time.perf_counter() - start, 3)}
    return {"finished": _now(), "seconds": seconds} | provenance()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
