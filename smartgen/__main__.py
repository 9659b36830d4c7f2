"""The command ``smartgen``: one cell, or with ``experiment=`` or ``-m`` a sweep of cells."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from smartgen.commands.told import complain, system_fault
from smartgen.config import (
    THREADS,
    config_dir,
    explain,
    own_config_folders,
    register_schemas,
    spoken,
    to_settings,
)
from smartgen.core.errors import SmartgenError
from smartgen.core.masks import refuse_secrets
from smartgen.reads import input_paths
from smartgen.sweeps.journal import cell_of
from smartgen.sweeps.known import fingerprints, remember
from smartgen.sweeps.progress import BAD_INPUT, INTERRUPTED, begin, end, noting


def task(config: DictConfig) -> None:
    """One cell. A failure is noted, not raised: in a sweep the next cell runs, and the end tells all."""
    # Before anything reads them: libraries that are loaded later take their number of threads from here.
    os.environ.update(dict.fromkeys(THREADS, str(config.trainer.threads)))
    from smartgen.cell import run_cell
    from smartgen.tracking.live import open_tracker

    overrides = list(HydraConfig.get().overrides.task)
    own = own_config_folders(HydraConfig.get())
    words = [word for folder in own for word in ("--config-dir", folder)]
    with noting(overrides) as note:
        cell = to_settings(config)
        read = None if own else fingerprints(input_paths(cell))
        outcome = run_cell(cell, [*words, *overrides], open_tracker)
        if cell.task == "adapt" and outcome.status in ("done", "recorded"):
            from smartgen.commands.adapted import write_adapted_page

            write_adapted_page(Path(cell.paths.outputs), outcome.key)
        if outcome.status in ("done", "recorded"):
            remember(Path(cell.paths.outputs), cell_of(overrides), outcome.key, read)
        note.finished(outcome)


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script: exit code 0, 2 for bad input, 130 if interrupted, 1 where anything else failed."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if {"--help", "-h"} & set(given):
            from smartgen.commands.usage import usage

            print(usage(config_dir()), end="")
            return 0
        refuse_secrets(given)
        register_schemas()
    except SmartgenError as error:  # also of the file of a detector or predictor that was added
        complain("smartgen", error)
        return BAD_INPUT
    # Hydra's own errors come to us whole, instead of being printed in many lines with exit code 1.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    run = hydra.main(version_base="1.3", config_path=str(config_dir()), config_name="config")(task)
    sweep = not {"-m", "--multirun"}.isdisjoint(given)
    sys.argv = ["smartgen", *(spoken(argument, sweep) for argument in given)]
    begin()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does, workers included
    try:
        run()
    except (HydraException, OmegaConfBaseException) as error:
        complain("smartgen", explain(error))
        return BAD_INPUT
    except SmartgenError as error:  # what a sweep itself cannot write, as on a full disk
        complain("smartgen", error)
        return BAD_INPUT
    except OSError as error:  # an outputs folder that cannot be made
        complain("smartgen", system_fault(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        print("smartgen: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return INTERRUPTED
    return end()


if __name__ == "__main__":
    sys.exit(main())
