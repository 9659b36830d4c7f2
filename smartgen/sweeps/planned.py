"""What cells an experiment has, told without running any."""

from __future__ import annotations

from collections.abc import Sequence

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig

from smartgen.config import config_dir, explain, register_schemas
from smartgen.core.errors import SmartgenError
from smartgen.sweeps.journal import Cell


def planned_cells(experiment: str, overrides: Sequence[str]) -> tuple[list[Cell], DictConfig]:
    """The overrides of each cell of ``smartgen experiment=NAME OVERRIDES``, and the sweep's configuration.

    Raises:
        SmartgenError: what ``smartgen`` refuses too.
    """
    register_schemas()
    given = [f"experiment={experiment}", *overrides]
    try:
        parsed = OverridesParser.create().parse_overrides(given)
        fixed = [one for one in parsed if not one.is_sweep_override()]
        with initialize_config_dir(str(config_dir()), version_base="1.3"):
            config = compose("config", [str(one.input_line) for one in fixed], return_hydra_config=True)
        axes = [f"{name}={values}" for name, values in (config.hydra.sweeper.params or {}).items()]
        own = [
            str(one.input_line)
            for one in parsed
            if not one.get_key_element().lstrip("+~").startswith("hydra")
        ]
        (cells,) = BasicSweeper.split_arguments(OverridesParser.create().parse_overrides([*axes, *own]), None)
    except HydraException as error:
        raise SmartgenError(f"experiment={experiment}: {explain(error)}") from error
    return [tuple(cell) for cell in cells], config
