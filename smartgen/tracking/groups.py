"""Which table a run belongs to. A record can serve several; its group is the sweep that made it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import yaml

from smartgen.core.errors import SmartgenError
from smartgen.core.resources import resource_dir


def experiment_groups(folder: Path | None = None) -> dict[str, str]:
    """The group that each file of conf/experiment sets.

    Raises:
        SmartgenError: a file sets none.
    """
    groups = {}
    for path in sorted((folder or resource_dir("conf") / "experiment").glob("*.yaml")):
        group = (yaml.safe_load(path.read_text(encoding="utf-8")).get("tracking") or {}).get("group")
        if not group:
            raise SmartgenError(
                f"{path}: tracking.group: expected the name of the table that the sweep fills"
            )
        groups[path.stem] = str(group)
    return groups


def group_of(command: str, task: str, groups: Mapping[str, str]) -> str:
    """The group that the command of a cell sets: ``tracking.group``, else its experiment's, else the task.

    Args:
        command: as the record's block ``run`` holds it.
        task: of the cell.
        groups: by experiment; one that is not among them is its own group.

    Example:
        >>> group_of("smartgen experiment=fig5_full seed=1", "reconstruction", {"fig5_full": "fig5"})
        'fig5'
    """
    said = dict(text.lstrip("+").partition("=")[::2] for text in shlex.split(command))
    given = {name: said.get(name, "").strip("'\"") for name in ("tracking.group", "experiment")}
    named = {name: "" if value == "null" else value for name, value in given.items()}
    experiment = named["experiment"]
    return named["tracking.group"] or groups.get(experiment, experiment) or task
