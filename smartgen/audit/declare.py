"""The discrepancies by topic, read from `experiments/audit/<topic>.yaml` and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from smartgen.core.errors import SmartgenError
from smartgen.core.resources import resource_dir
from smartgen.tables.curves import figure_names
from smartgen.tables.declare import Place, Table, load_named, printed_name, table_names
from smartgen.tables.node import Node, read_yaml
from smartgen.tables.shares import shares_names

SCHEMA = 1
LEVELS = ("dataset", "transition", "metric", "method")


@dataclass(frozen=True)
class Touched:
    """What a discrepancy bears on.

    Args:
        where: in words, as "Table 2, SmartGen, NT".
        table: the declared table, or figure, by name; empty where it is neither.
        places: the published or released numbers of it.
    """

    where: str
    table: str = ""
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Discrepancy:
    """One place where the release does otherwise than the paper says.

    Args:
        paper: what the paper says; empty where it is silent.
        release: what the authors' code and files do, as far as a check sees it, if there is one.
        told: what of it no check sees, on the word of whoever read the code.
    """

    id: str
    topic: str
    paper: str
    release: str
    touches: tuple[Touched, ...]
    told: str = ""

    @property
    def cells(self) -> int:
        """How many numbers of the paper or its result files it touches."""
        return len({(one.table, place) for one in self.touches for place in one.places})


def topics(folder: Path | None = None) -> list[str]:
    """The topics by name."""
    return sorted(path.stem for path in (folder or resource_dir("experiments") / "audit").glob("*.yaml"))


def discrepancies(folder: Path | None = None) -> list[Discrepancy]:
    """All of them, in the order of their ids.

    Raises:
        SmartgenError: a file that is wrong, with file and key; or an id that stands twice.
    """
    folder = folder or resource_dir("experiments") / "audit"
    found = [one for topic in topics(folder) for one in _read(folder / f"{topic}.yaml")]
    found.sort(key=lambda one: one.id)
    ids = [one.id for one in found]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise SmartgenError(f"{folder}: {twice[0]} stands there twice; keep one")
    return found


def _read(path: Path) -> Iterator[Discrepancy]:
    found = read_yaml(path).fields(["schema", "title", "discrepancies"])
    if found["schema"].value != SCHEMA:
        raise found["schema"].fail(str(SCHEMA))
    for name, node in found["discrepancies"].items().items():
        told = node.fields(["release", "touches"], ["paper", "told"])
        touches = tuple(_touched(row) for row in told["touches"].rows())
        texts = {key: told.get(key, "").text() for key in ("paper", "release", "told")}
        yield Discrepancy(id=name, topic=path.stem, touches=touches, **texts)


def _touched(node: Node) -> Touched:
    """One of three: a text, a figure without numbers, or a part of a table."""
    items = node.fields([], ["text", "figure", "table", *LEVELS]).items
    if set(items) == {"text"}:
        return Touched(items["text"].text())
    if set(items) == {"figure"}:
        name = items["figure"].one_of([*figure_names(), *shares_names()])
        return Touched(_title(name), name)
    if "table" not in items or {"text", "figure"} & set(items):
        raise node.fail(f"text, figure, or table with some of {', '.join(LEVELS)}")
    table = _table(items["table"].one_of(table_names()))
    chosen = {level: _chosen(items[level], _known(table, level)) for level in LEVELS if level in items}
    places = tuple(_places(table, chosen))
    if not places:
        raise node.fail("a part of the table that has numbers")
    return Touched(", ".join([_title(table.name), *map(" ".join, chosen.values())]), table.name, places)


@cache
def _table(name: str) -> Table:
    """Most discrepancies touch the same few tables."""
    return load_named(name)


def _chosen(node: Node, known: Mapping[str, object]) -> list[str]:
    """One name, or a list of names."""
    rows = node.rows() if isinstance(node.value, list) else [node]
    return [row.one_of(known) for row in rows]


def _known(table: Table, level: str) -> Mapping[str, object]:
    found: Mapping[str, object] = getattr(table, f"{level}s")
    return found


def _places(table: Table, chosen: Mapping[str, list[str]]) -> Iterator[Place]:
    """The numbers of the paper, or of its result files where it prints none."""
    for names in product(*(chosen.get(level, _known(table, level)) for level in LEVELS)):
        place = Place(*names)
        if place in table.published or place in table.released:
            yield place


def _title(name: str) -> str:
    return printed_name(name) or f"study of {name}"
