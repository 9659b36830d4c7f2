"""Commands of ``smartgen`` up to measuring: which cells they have, and a few of them planned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser

from smartgen.cell import run_cell
from smartgen.config import config_dir, register_schemas, spoken, to_settings
from smartgen.logs_settings import LogsSettings
from smartgen.settings import EncodedSscSettings
from smartgen.synthesizer_settings import EmbeddedSettings, LlmSettings
from smartgen.tracking.live import open_tracker
from tests.docs.homes import PERIODS, home_log
from tests.embedded import MODELS, skip_without_model

MOST = 6


def plans(words: list[str], folder: Path) -> None:
    for cell in few(cells_of(words[1:])):
        plan(cell, folder)


@cache
def plan(cell: tuple[str, ...], folder: Path) -> None:
    """One cell up to measuring; the same cell of another command is not planned twice."""
    more = ["tracking=none", f"paths.outputs={folder}", f"paths.models={MODELS}"]
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        settings = to_settings(compose("config", [*cell, "plan=true", *more]))
    if isinstance(settings.synthesizer, EmbeddedSettings):
        skip_without_model()
    if isinstance(settings.dataset, LogsSettings):
        log = home_log(folder)
        settings.dataset.path = str(log)
        if settings.transition.split == PERIODS:
            settings.transition.split = str(log.with_name(PERIODS))
    ssc = settings.stage.ssc
    if isinstance(ssc, EncodedSscSettings) and isinstance(settings.synthesizer, LlmSettings):
        ssc.d_model, ssc.epochs = 32, 1
    outcome = run_cell(settings, list(cell), open_tracker)
    assert outcome.status in ("planned", "recorded")


def cells_of(given: Sequence[str]) -> list[tuple[str, ...]]:
    """The cells of a command, whose settings, launcher included, compose."""
    many = {"-m", "--multirun"} & set(given)
    overrides = [spoken(word, bool(many)) for word in given if word[0] != "-"]
    GlobalHydra.instance().clear()
    register_schemas()
    parsed = OverridesParser.create().parse_overrides(overrides)
    fixed = [str(one.input_line) for one in parsed if not one.is_sweep_override()]
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        config = compose("config", fixed, return_hydra_config=True)
    multirun = bool(many) or str(config.hydra.mode) == "RunMode.MULTIRUN"
    assert multirun or len(fixed) == len(parsed), "several values without -m"
    axes = [f"{name}={values}" for name, values in (config.hydra.sweeper.params or {}).items()]
    own = [
        str(one.input_line)
        for one in parsed
        if not one.get_key_element().lstrip("+~").startswith(("hydra", "launcher"))
    ]
    (cells,) = BasicSweeper.split_arguments(OverridesParser.create().parse_overrides([*axes, *own]), None)
    return [tuple(cell) for cell in cells]


def few(cells: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """All cells, or of many, in one home and change, as few as have each value of each axis once."""
    if len(cells) <= MOST:
        return list(cells)
    smallest = [cell for cell in cells if "dataset=fr" in cell] or cells
    seen: set[str] = set()
    chosen = []
    for cell in smallest:
        values = {re.sub(r"^(transition)=.*|=[-\d.e]+$", r"\1=0", word) for word in cell}
        if not values <= seen:
            chosen.append(cell)
        seen |= values
    return chosen
