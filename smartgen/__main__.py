"""The command ``smartgen``: one cell, or with ``experiment=`` or ``-m`` a sweep of cells."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from smartgen.config import config_dir, register_schemas, to_settings
from smartgen.progress import BAD_INPUT, INTERRUPTED, begin, end, noting


def task(config: DictConfig) -> None:
    """One cell. A failure is noted, not raised: in a sweep the next cell runs, and the end tells all."""
    from smartgen.cell import run_cell
    from smartgen.tracking.live import open_tracker

    overrides = list(HydraConfig.get().overrides.task)
    with noting(overrides) as note:
        note.finished(run_cell(to_settings(config), overrides, open_tracker))


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script: exit code 0, 2 for bad input, 130 if interrupted, 1 where anything else failed."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Hydra's own errors come to us whole, instead of being printed in many lines with exit code 1.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    register_schemas()
    run = hydra.main(version_base="1.3", config_path=str(config_dir()), config_name="config")(task)
    sys.argv = ["smartgen", *given]
    begin()
    try:
        run()
    except (HydraException, OmegaConfBaseException) as error:
        print(f"smartgen: {explain(error)}", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:  # an outputs folder that cannot be made, a full disk
        print(f"smartgen: {error.filename or 'system'}: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("smartgen: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return INTERRUPTED
    return end()


def explain(error: BaseException) -> str:
    """One line for a person: what is wrong, and what there is to choose."""
    if isinstance(error, MissingConfigException) and error.options and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        choices = [option for option in error.options if not option.endswith("_schema")]
        return f"{group}={name} is unknown, choose one of {', '.join(choices)}"
    told = " ".join(str(error).splitlines()[:2])
    if isinstance(error.__cause__, OmegaConfBaseException):
        told = f"{told.split('. To append')[0].removesuffix('.')}: {str(error.__cause__).splitlines()[0]}"
    if (within := re.search(r"In '(\w+/[\w.-]+)'", told)) is not None:
        return f"{told}; conf/{within[1]}.yaml says on top what it goes with"
    return f"{told}; `smartgen --cfg job` shows every key"


if __name__ == "__main__":
    sys.exit(main())
