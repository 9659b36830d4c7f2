"""One cell in, one record out: ``outputs/runs/<key>/result.json``."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from smartgen.adapt import adapt
from smartgen.check import check_settings
from smartgen.core.atomic import write_bytes_atomic
from smartgen.core.errors import SmartgenError
from smartgen.core.keys import CODE_VERSIONS, content_key
from smartgen.core.provenance import command, provenance
from smartgen.core.records import Record, is_recorded, write_cases, write_error, write_result
from smartgen.core.types import Sequences
from smartgen.data.homes import load_home
from smartgen.detection import measure_detection
from smartgen.llm.errors import WaitingError
from smartgen.llm.ledger import Ledger
from smartgen.llm.plan import Plan
from smartgen.pipeline import Pipeline, make_store
from smartgen.prediction import measure_prediction
from smartgen.quirks import quirks_off
from smartgen.reads import (
    attack_kind,
    model_code,
    read_config,
    reads_recorded_attacks,
    reads_source,
    reads_synthetic,
    reads_target_validation,
    reads_windows,
)
from smartgen.recorded import with_recorded_variant
from smartgen.saved import Trained, has_models, save_models
from smartgen.settings import CellSettings, SscAutoencoderSettings
from smartgen.training.device import resolve_accelerator
from smartgen.training.threads import thread_limit


class Tracker(Protocol):
    """Where a cell's record is mirrored; see ``smartgen.tracking``."""

    @property
    def logger(self) -> Any:
        """A Lightning logger for the training curves, or None."""

    def log(self, record: Record) -> None:
        """The finished record."""


OpenTracker = Callable[[CellSettings, Record], AbstractContextManager[Tracker]]


@dataclass(frozen=True)
class Outcome:
    """How a cell ended.

    Args:
        status: ``done``, ``recorded`` (it was there already), ``planned`` (told what it would ask an LLM, no
            more) or ``waiting`` (for answers of a batch).
        metrics: of the cell, empty if it was not run.
        ledger: of its calls to an LLM.
        plan: of its calls to an LLM.
        told: what it waits for.
    """

    key: str
    status: str
    seconds: float
    metrics: dict[str, float]
    ledger: Ledger | None = None
    plan: Plan | None = None
    told: str = ""


def run_cell(cell: CellSettings, overrides: list[str], open_tracker: OpenTracker) -> Outcome:
    """Run one cell unless it is recorded; a failure is recorded too, and raised again.

    Args:
        cell: resolved settings.
        overrides: of the command line, so that the record holds the command.
        open_tracker: mirrors the run; it opens before the cell and ends with the cell's outcome.

    Raises:
        SmartgenError: bad settings or data; nothing is written where the cell has no key yet.
    """
    start, processor = time.perf_counter(), time.process_time()
    prepared = Prepared(cell)
    outputs, key = Path(cell.paths.outputs), prepared.key
    recorded = is_recorded(outputs, key) and not cell.force
    saves = cell.save or cell.task == "adapt"
    if recorded and (not saves or has_models(outputs, key)):
        return Outcome(key, "recorded", time.perf_counter() - start, {})
    if cell.plan:
        return Outcome(key, "planned", time.perf_counter() - start, {}, plan=prepared.pipeline.plan())
    run: dict[str, Any] = {"started": _now(), "command": command(overrides)}

    def ended() -> dict[str, Any]:
        spent = {"total": time.perf_counter() - start, "processor": time.process_time() - processor}
        seconds = prepared.pipeline.watch.seconds | {name: round(value, 3) for name, value in spent.items()}
        ledger = {} if prepared.ledger is None else {"ledger": prepared.ledger.told()}
        return run | {"finished": _now(), "seconds": seconds} | ledger | provenance()

    try:
        problem = _synthesis_problem(prepared)  # before a mirror opens: a batch may leave the cell waiting
        begun = {"axes": prepared.axes, "config": prepared.config}
        with open_tracker(cell, Record(key, outputs / "runs" / key, begun)) as tracker:
            if problem is not None:
                raise problem
            metrics, counts = prepared.measure(tracker)
            # The record first: what mirrors it may fail without loss.
            result: dict[str, Any] = {name: getattr(prepared, name) for name in ("axes", "config", "inputs")}
            if prepared.synthesis:
                result["synthesis"] = prepared.synthesis
            if prepared.cases:
                result["cases"] = write_cases(outputs, key, prepared.cases)
            for name, content in prepared.files.items():
                write_bytes_atomic(outputs / "runs" / key / name, content)
            if saves:
                kept = prepared.axes, prepared.models, prepared.home.zone
                run["models"] = save_models(outputs, key, *kept)
            result |= {"metrics": metrics, "counts": counts}
            spent = ended()
            path = write_result(outputs, key, result, spent)
            tracker.log(Record(key, path.parent, result, spent))
    except WaitingError as waiting:
        return Outcome(key, "waiting", time.perf_counter() - start, {}, told=str(waiting))
    except Exception as error:
        told = {"type": type(error).__name__, "message": str(error), "traceback": traceback.format_exc()}
        write_error(outputs, key, prepared.axes, told, ended(), prepared.config)
        raise
    return Outcome(key, "done", time.perf_counter() - start, metrics, ledger=prepared.ledger)


def _synthesis_problem(prepared: Prepared) -> Exception | None:
    """What the writing by an LLM failed of, for the mirror to tell; waiting for a batch is no failure."""
    try:
        prepared.synthesize()
    except WaitingError:
        raise
    except Exception as error:
        return error
    return None


class Prepared:
    """A cell whose settings are checked and whose inputs are known, so that it has a key.

    Attributes:
        axes: what tables match on.
        config: the settings that can change the result.
        inputs: checksums of what is read.
    """

    def __init__(self, cell: CellSettings) -> None:
        check_settings(cell)
        cell = with_recorded_variant(cell)
        accelerator = resolve_accelerator(cell.trainer.accelerator)
        cell = replace(cell, trainer=replace(cell.trainer, accelerator=accelerator))
        self.cell = cell
        self.home = load_home(cell.dataset, cell.transition, cell.paths.release, cell.seed)
        self.held_out = Sequences.from_lists([])
        if cell.task == "reconstruction":
            self.home, self.held_out = self.home.holding_out()
        self.pipeline = Pipeline(cell, self.home, make_store(cell.paths.outputs))
        self.axes = _axes(cell)
        self.cases: dict[str, NDArray[Any]] = {}
        self.models: list[Trained] = []
        self.files: dict[str, bytes] = {}
        self.config = read_config(cell)
        self.inputs = self.pipeline.input_digests(source=reads_source(cell), synthetic=reads_synthetic(cell))
        if reads_windows(cell):
            self.inputs |= {
                f"windows_{name}": part.digest() for name, part in vars(self.home.windows).items()
            }
        if reads_target_validation(cell):
            self.inputs["target_validation"] = self.home.target_validation.digest()
        if reads_recorded_attacks(cell):
            self.inputs["attacks"] = self.home.recorded_attacks(attack_kind(cell)).digest()
        if len(self.held_out):
            self.inputs["held_out"] = self.held_out.digest()
        if (code := model_code(cell)) is not None:
            self.inputs["code"] = code
        identity = {"config": self.config, "inputs": self.inputs, "versions": CODE_VERSIONS}
        label = [cell.dataset.name, cell.transition.name, cell.task, *_label(cell)]
        self.key = "-".join([*label, f"s{cell.seed}", content_key(identity)])

    def synthesize(self) -> None:
        """Have an LLM write, if the cell asks one."""
        if reads_synthetic(self.cell) and self.pipeline.live is not None:
            _ = self.pipeline.written

    def measure(self, tracker: Tracker) -> tuple[dict[str, float], dict[str, int]]:
        """Metrics and counts of the cell under its protocol."""
        with thread_limit(self.cell.trainer.threads):
            return self._measured(tracker)

    def _measured(self, tracker: Tracker) -> tuple[dict[str, float], dict[str, int]]:
        if self.cell.task == "distribution":
            return self._distribution()
        if self.cell.task == "adapt":
            adapted = adapt(self.pipeline, tracker.logger)
            self.models, self.files = adapted.models, adapted.files
            return adapted.metrics, adapted.counts
        if self.cell.task not in ("detection", "prediction"):
            return self._old_log()
        measure = measure_prediction if self.cell.task == "prediction" else measure_detection
        metrics, counts, self.cases, self.models = measure(self.pipeline, tracker.logger)
        if not reads_synthetic(self.cell):
            return metrics, counts
        return metrics | self.pipeline.quality, counts | self.pipeline.counts

    @property
    def ledger(self) -> Ledger | None:
        """What the calls to an LLM took, if the cell asks one."""
        live = self.pipeline.live if reads_synthetic(self.cell) else None
        return None if live is None else live.desk.ledger

    @property
    def synthesis(self) -> dict[str, Any]:
        """How an LLM was asked, if the cell asks one; the same for the same answers."""
        live = self.pipeline.live if reads_synthetic(self.cell) else None
        return {} if live is None else live.told()

    def _distribution(self) -> tuple[dict[str, float], dict[str, int]]:
        """What old log, synthetic set and real new sequences consist of."""
        from smartgen.metrics.distribution import distribution, flat

        pipeline, home = self.pipeline, self.home
        logs = {
            "source": pipeline.pieces,
            "synthetic": pipeline.synthetic,
            "target": pipeline.split(home.target),
        }
        found = flat({name: distribution(log, home.vocabulary) for name, log in logs.items()})
        sizes = {name: len(log) for name, log in logs.items()}
        return found | pipeline.quality, pipeline.counts | sizes

    def _old_log(self) -> tuple[dict[str, float], dict[str, int]]:
        """What SSC keeps of the old log, and how well that stands for the whole."""
        from smartgen.protocols.compression import compression

        home, compressed = self.home, self.pipeline.compressed
        metrics, counts = compression(home.source, self.pipeline.pieces, compressed, home.vocabulary)
        if self.cell.task == "compression":
            return metrics, counts
        from smartgen.protocols.reconstruction import reconstruct

        detector, trainer = self.cell.detector, self.cell.trainer
        if not isinstance(detector, SscAutoencoderSettings):
            raise SmartgenError(f"detector is {detector.name!r}, expected ssc_autoencoder")
        pipeline, train, test = self.pipeline, compressed.sequences, self.pipeline.split(self.held_out)
        read = {"detector": vars(detector), "train": train.digest(), "test": test.digest()}
        reconstructed, sizes = reconstruct(
            train,
            test,
            home.vocabulary,
            detector,
            trainer,
            self.cell.seed,
            watch=pipeline.watch,
            cached=partial(pipeline.reconstruction, read),
        )
        return metrics | reconstructed, counts | sizes


def _label(cell: CellSettings) -> list[str]:
    """What tells the cells of a task from each other at a glance."""
    if cell.task == "adapt":
        return [*_models(cell).values(), cell.regime]
    if cell.task in ("detection", "prediction"):
        without = quirks_off(cell) if cell.task == "detection" else "none"
        quirks = [] if without == "none" else [f"without_{without}"]
        return [_model(cell), cell.regime, cell.protocol.name, *quirks]
    return [cell.synthesizer.name if cell.task == "distribution" else f"ssc_{cell.stage.ssc.name}"]


def _axes(cell: CellSettings) -> dict[str, Any]:
    return {
        "task": cell.task,
        "dataset": cell.dataset.name,
        "transition": cell.transition.name,
        "method": _model(cell),
        **_models(cell),
        "regime": cell.regime,
        "protocol": cell.protocol.name,
        "synthesizer": cell.synthesizer.name,
        **({"without": quirks_off(cell)} if cell.task == "detection" else {}),
        "seed": cell.seed,
    }


def _models(cell: CellSettings) -> dict[str, str]:
    """What is trained, by axis."""
    if cell.task == "distribution":
        return {}
    if cell.task == "adapt":
        return {"detector": cell.detector.name, "predictor": cell.predictor.name}
    return {"predictor" if cell.task == "prediction" else "detector": _model(cell)}


def _model(cell: CellSettings) -> str:
    """What is trained for the task, or writes where nothing is."""
    if cell.task == "distribution":
        return cell.synthesizer.name
    if cell.task == "adapt":
        return "+".join(_models(cell).values())
    return cell.predictor.name if cell.task == "prediction" else cell.detector.name


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
