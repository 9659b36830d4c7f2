"""A sweep that resumes: what is recorded is skipped, and the death of a worker costs one cell at most.

Hydra loads this file without naming it as a module, so annotations may not be text.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class ResumingSweeperConf:
    """conf/config.yaml, ``hydra.sweeper``."""

    _target_: str = "hydra_plugins.smartgen_sweeper.resuming_sweeper.ResumingSweeper"
    max_batch_size: int | None = None
    params: dict[str, str] | None = field(default_factory=dict)


ConfigStore.instance().store(
    group="hydra/sweeper", name="smartgen", node=ResumingSweeperConf, provider="smartgen_sweeper"
)


class ResumingSweeper(BasicSweeper):
    """The same product of axes as Hydra's own sweeper; ``smartgen.sweeps`` says how its cells are run.

    Args:
        max_batch_size: cells that are handed to the launcher at once; None: all.
        params: the axes.
    """

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives, made for many cells."""
        from smartgen.sweeps.context import for_many

        context = for_many(hydra_context)
        super().setup(hydra_context=context, task_function=task_function, config=config)

    def sweep(self, arguments: list[str]) -> Any:
        """Run every cell that is not recorded."""
        from smartgen.sweeps.orphans import ending_workers
        from smartgen.sweeps.sweep import run_sweep

        assert self.config is not None
        assert self.launcher is not None
        assert self.hydra_context is not None
        loader, launcher, config = self.hydra_context.config_loader, self.launcher, self.config
        cells = self._cells([*self._parse_config(), *arguments])

        def compose(cell: Sequence[str]) -> None:
            loader.load_sweep_config(config, list(cell))

        def launch(some: Sequence[Sequence[str]]) -> object:
            ending = ending_workers if "joblib" in type(launcher).__module__ else nullcontext
            with ending():
                # A list of the cells, numbered from 0: nothing here is named by a number.
                return launcher.launch([list(cell) for cell in some], initial_job_idx=0)

        return run_sweep(cells, config, compose, launch, self.max_batch_size)

    def _cells(self, arguments: list[str]) -> list[tuple[str, ...]]:
        from hydra.core.override_parser.overrides_parser import OverridesParser

        assert self.hydra_context is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        (cells,) = self.split_arguments(parser.parse_overrides(arguments), None)
        return [tuple(cell) for cell in cells]
