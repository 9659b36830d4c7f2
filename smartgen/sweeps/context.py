"""What Hydra hands to each cell of a sweep, made for thousands of them: composed once, and let go."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from hydra.errors import ConfigCompositionException
from hydra.experimental.callback import Callback
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

MOST = 32  # composed choices of groups that a process keeps, a third of a megabyte each

Choices = tuple[str, ...]
# Of a process, not of a loader: a worker is given a new loader with each cell.
_composed: dict[Choices, DictConfig] = {}


def for_many(context: HydraContext) -> HydraContext:
    """A sweep's context with the same settings and callbacks, at a fraction of the time and memory."""
    callbacks = Callbacks()
    callbacks.callbacks = [LetGo(), *context.callbacks.callbacks]  # the first is told of an end last
    return HydraContext(SweepLoader(context.config_loader.get_search_path()), callbacks)


class LetGo(Callback):
    """Drops a cell's settings when it ends; a launcher keeps what a cell returns until the last has ended."""

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Nothing reads the settings there: a record has its own."""
        job_return.cfg = job_return.hydra_cfg = None


class SweepLoader(ConfigLoaderImpl):
    """Composes each choice of groups once; cells that differ in keys alone get a copy, changed.

    To read some forty files and merge them takes Hydra longer than a short cell takes to run.
    """

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """A cell's settings, equal to those that Hydra's own loader composes.

        Raises:
            HydraException: they do not compose.
        """
        parsed = OverridesParser.create().parse_overrides(sweep_overrides)
        self.validate_sweep_overrides_legal(parsed, RunMode.RUN, from_shell=True)
        groups = [one for one in parsed if self.repository.group_exists(one.key_or_group)]
        if any(one.is_hydra_override() for one in parsed) or any(
            isinstance(one.value(), dict) for one in groups
        ):
            return super().load_sweep_config(master_config, sweep_overrides)
        config = copy.deepcopy(self._of_groups(master_config, [str(one.input_line) for one in groups]))
        try:
            self._apply_overrides_to_config([one for one in parsed if one not in groups], config)
        except OmegaConfBaseException as error:
            raise ConfigCompositionException from error
        _name(config, parsed)
        OmegaConf.copy_cache(from_config=master_config, to_config=config)
        return config

    def _of_groups(self, master: DictConfig, groups: Sequence[str]) -> DictConfig:
        """The settings of a choice of groups; the key holds what is the sweep's own, as its journal."""
        places = (f"{place.provider}={place.path}" for place in self.config_search_path.get_path())
        key = (str(master.hydra.job.config_name), *places, "", *master.hydra.overrides.hydra, "", *groups)
        if key not in _composed:
            if len(_composed) >= MOST:
                del _composed[next(iter(_composed))]
            _composed[key] = super().load_sweep_config(master, list(groups))
        return _composed[key]


def _name(config: DictConfig, overrides: Sequence[Override]) -> None:
    """Tell Hydra's part of the settings which overrides made them."""
    config.hydra.overrides.task = [one.input_line for one in overrides]
    style = config.hydra.job.config.override_dirname
    config.hydra.job.override_dirname = get_overrides_dirname(
        overrides=list(overrides),
        kv_sep=style.kv_sep,
        item_sep=style.item_sep,
        exclude_keys=style.exclude_keys,
    )
