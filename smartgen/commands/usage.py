"""`smartgen --help`: what there is to choose. Hydra's own takes two seconds and lists its schemas too."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from smartgen.added import added_systems
from smartgen.core.models import ADDED

INTRODUCTION = """\
smartgen runs one cell of an experiment, or a sweep of cells, and records it in outputs/.

One cell:   smartgen dataset=fr transition=seasonal task=detection protocol=released
A sweep:    smartgen experiment=table2 dataset=fr launcher=joblib
All tables: smartgen-report run all
Your home:  smartgen experiment=adapt dataset.path=home.csv    a log of your own; docs/home.md
A report:   smartgen-report table2
Settings:   smartgen --cfg job               every key; conf/ explains each on its line

Groups (choose with GROUP=NAME; several, as GROUP=NAME,NAME with -m, are a sweep)
"""
FLAGS = """
Flags, of Hydra
  --cfg, -c job        show the settings instead of running
  --multirun, -m       a sweep over all values that are separated by commas
  --hydra-help         all the others; --shell-completion among them
"""


def usage(config: Path, width: int = 100) -> str:
    """The whole text.

    Args:
        config: the folder ``conf``, whose folders are the groups.
        width: columns.
    """
    return INTRODUCTION + "\n".join(_groups(config, width)) + "\n" + FLAGS


def _groups(config: Path, width: int) -> Iterator[str]:
    files = sorted(path.relative_to(config) for path in config.rglob("*.yaml") if path.parent != config)
    names: dict[str, list[str]] = {}
    for file in files:
        names.setdefault(file.parent.as_posix(), []).append(file.stem)
    for kind in ADDED:
        names.setdefault("system", []).extend(added_systems(kind))
    for group, choices in sorted(names.items()):
        told = textwrap.wrap(", ".join(sorted(choices)), width - 15, break_on_hyphens=False)
        yield f"  {group:<12} " + f"\n{'':<15}".join(told)
