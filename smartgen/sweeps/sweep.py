"""One sweep from its list of cells to its end; Hydra's sweeper hands over to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from hydra.errors import HydraException
from omegaconf import DictConfig, read_write
from omegaconf.errors import OmegaConfBaseException

from smartgen.config import THREADS, assigned, config_dir, explain, own_config_folders
from smartgen.core.atomic import unwritable
from smartgen.core.leftovers import JOURNALS, clear_leftovers
from smartgen.sweeps import progress
from smartgen.sweeps.board import Board
from smartgen.sweeps.cover import covering
from smartgen.sweeps.journal import (
    VARIABLE,
    Cell,
    Event,
    JournalReader,
    cell_of,
    journal_of_environment,
    write_event,
)
from smartgen.sweeps.known import ANYWAY, chosen_folders, recorded_key, runs_anyway
from smartgen.sweeps.launch import Launch, launch_all
from smartgen.sweeps.orphans import VARIABLE as SWEEP
from smartgen.sweeps.orphans import end_with_sweep, this_process


def run_sweep(
    cells: Sequence[Cell],
    config: DictConfig,
    compose: Callable[[Cell], object],
    launch: Launch,
    batch: int | None,
) -> None:
    """Run the cells that are not recorded, shown on the way; what became of them is in ``progress``'s tally.

    Args:
        cells: overrides of each.
        config: of the sweep, Hydra's part included; workers get a few variables of environment through it.
        compose: a cell's settings; raises where they do not compose.
        launch: runs cells with the chosen launcher.
        batch: cells handed to the launcher at once; None: all.

    Raises:
        HydraException: some values of the axes do not compose; nothing was run.
    """
    end_with_sweep()
    tally = progress.begin(total=len(cells))
    left = unrecorded(cells, config)
    groups = config_dir()
    for cell in covering(left, lambda name: (groups / name).is_dir()):
        compose(cell)
    given = journal_of_environment()
    # Whoever gave a journal shows it; a training's own bar and this one cannot share a terminal.
    alone = given is None
    board = Board(progress.console(), bars=alone and not config.trainer.progress, lines=alone)
    with new_journal(Path(config.paths.outputs)) if given is None else nullcontext(given) as journal:
        send_along(config, journal)
        with board.following("cells", JournalReader(journal), tally):
            tell_recorded(cells, left, journal)
            launch_all(left, launch, journal, lambda cell: _refusal(cell, compose), batch)


def unrecorded(cells: Sequence[Cell], config: DictConfig) -> list[Cell]:
    """The cells that are not known to be recorded, in their order, each once."""
    cells = list(dict.fromkeys(cells))
    # What a folder of one's own holds is in no note, so its cells are composed to be known.
    own = "hydra" in config and own_config_folders(config.hydra)
    if own or any(config[name] for name in ANYWAY):
        return cells
    outputs = Path(config.paths.outputs)
    return [cell for cell in cells if runs_anyway(cell) or recorded_key(outputs, cell) is None]


def tell_recorded(cells: Sequence[Cell], left: Sequence[Cell], journal: Path) -> None:
    """Tell of the cells that are not looked at."""
    skipped = set(cells) - set(left)
    for place, cell in enumerate(cell for cell in cells if cell in skipped):
        text = f"[cyan]{len(skipped)} recorded before[/]" if place == 0 else ""
        write_event(journal, Event("recorded", cell_of(cell), text))


def send_along(config: DictConfig, journal: Path) -> None:
    """Have workers, wherever they run, see the same folders, journal and number of threads."""
    threads = {name: str(config.trainer.threads) for name in THREADS}
    ours = {VARIABLE: str(journal.absolute()), SWEEP: this_process()}
    for name, value in {**ours, **chosen_folders(), **threads}.items():
        with read_write(config.hydra):
            # Hydra composes each cell anew, with these.
            config.hydra.overrides.hydra.append(assigned(f"++hydra.job.env_set.{name}", value))


@contextmanager
def new_journal(outputs: Path) -> Iterator[Path]:
    """A folder among the outputs, which all workers see; gone with the block.

    Raises:
        SmartgenError: it cannot be made.
    """
    clear_leftovers(outputs)
    folder = outputs / "cache" / JOURNALS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        journal = Path(tempfile.mkdtemp(dir=folder))
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        yield journal
    finally:
        shutil.rmtree(journal, ignore_errors=True)


def _refusal(cell: Cell, compose: Callable[[Cell], object]) -> str:
    """Why a cell's settings do not compose, or "" ."""
    try:
        compose(cell)
    except (HydraException, OmegaConfBaseException) as error:
        return explain(error)
    return ""
