"""``smartgen`` with a cell that does next to nothing: all that is left is what a sweep itself takes.

Started as ``python -m loads.trivial``, with the words of ``smartgen``; or with ``direct``, a number of cells
and the overrides that they share, by which they are run in this process without Hydra's part. Settings are
composed, checked and handed over as ever, by the chosen launcher; record, note and journal are written as
ever. Only the record's numbers are drawn, not measured.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

import smartgen.__main__ as command
from smartgen.cell import Outcome
from smartgen.config import config_dir, register_schemas, to_settings
from smartgen.core.keys import content_key
from smartgen.core.provenance import command as words
from smartgen.core.provenance import provenance
from smartgen.core.records import write_result
from smartgen.reads import input_paths
from smartgen.settings import CellSettings
from smartgen.sweeps.journal import Cell, cell_of
from smartgen.sweeps.known import fingerprints, remember
from smartgen.sweeps.progress import end, noting
from smartgen.sweeps.sweep import run_sweep

COUNTS = {"train": 100, "test": 100, "kept": 100}


def task(config: DictConfig) -> None:
    """In the place of ``smartgen.__main__.task``."""
    finish(to_settings(config), list(HydraConfig.get().overrides.task))


def record(cell: CellSettings, overrides: list[str]) -> tuple[str, dict[str, float]]:
    """Write the record of a cell that measured nothing; its key and metrics."""
    config = asdict(cell)
    axes = {
        "task": cell.task,
        "dataset": cell.dataset.name,
        "transition": cell.transition.name,
        "method": cell.detector.name,
        "detector": cell.detector.name,
        "regime": cell.regime,
        "protocol": cell.protocol.name,
        "synthesizer": cell.synthesizer.name,
        "without": "none",
        "seed": cell.seed,
    }
    key = f"trivial-s{cell.seed}-{content_key(config)}"
    draws = random.Random(cell.seed)
    metrics = {name: draws.random() for name in ("f1", "auroc", "false_alarms")}
    result = {"axes": axes, "config": config, "inputs": {}, "metrics": metrics, "counts": COUNTS}
    run = {"command": words(overrides), "seconds": {"total": 0.0, "processor": 0.0}} | provenance()
    write_result(Path(cell.paths.outputs), key, result, run)
    return key, metrics


def direct(count: int, *shared: str) -> int:
    """A sweep whose cells are one's settings with other seeds: journal, notes and tally are what is left."""
    register_schemas()
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        config = compose("config", overrides=list(shared), return_hydra_config=True)
        settings = to_settings(compose("config", overrides=list(shared)))

    def launch(cells: Sequence[Cell]) -> None:
        for cell in cells:
            seed = int(cell[-1].partition("=")[2])
            finish(replace(settings, seed=seed), list(cell))

    cells = [(*shared, f"seed={seed}") for seed in range(count)]
    run_sweep(cells, config, lambda _: None, launch, None)
    return end()


def finish(cell: CellSettings, overrides: list[str]) -> None:
    """A cell from its beginning to its end."""
    with noting(overrides) as note:
        key, metrics = record(cell, overrides)
        remember(Path(cell.paths.outputs), cell_of(overrides), key, fingerprints(input_paths(cell)))
        note.finished(Outcome(key, "done", 0.0, metrics))


def main() -> int:
    """``smartgen``'s exit code."""
    if sys.argv[1] == "direct":
        return direct(int(sys.argv[2]), *sys.argv[3:])
    command.task = task
    return command.main()


if __name__ == "__main__":
    # By its name, so that workers find the task too.
    from loads import trivial

    sys.exit(trivial.main())
