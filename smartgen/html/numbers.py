"""A table of the paper for the page: as the paper sets it, and number by number with what makes each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smartgen.audit.runner import Audited
from smartgen.html.grids import Facts
from smartgen.tables.blocks import where_of
from smartgen.tables.collect import TableCell
from smartgen.tables.compare import SEEDS_FOR_SD, SYMBOLS, show_number
from smartgen.tables.declare import Place, Table


@dataclass(frozen=True)
class Number:
    """One number of a table as the page shows it.

    Attributes:
        anchor: its name for links. where: "FR ST".
        ours: mean and spread, or nothing; `delta`: ours less the reference.
        note: reason and mark; `mark`: whether the paper contradicts itself or its release.
        seeds: value by value.
        touching: ids of the discrepancies that bear on it.
        sort: published, released, mean and delta as numbers.
    """

    anchor: str
    where: str
    method: str
    metric: str
    published: str
    released: str
    ours: str
    spread: str
    n: int
    delta: str
    verdict: str
    symbol: str
    note: str
    mark: bool
    seeds: str
    command: str
    touching: tuple[str, ...]
    facts: Facts
    sort: tuple[float | None, float | None, float | None, float | None]

    @property
    def released_differs(self) -> bool:
        """Whether the authors' result file says something else than the paper, or alone says something."""
        return self.released not in ("-", self.published)


@dataclass(frozen=True)
class Matrix:
    """One metric as the paper sets it: methods down, homes and changes across."""

    metric: str
    columns: Sequence[Facts]
    rows: Sequence[tuple[str, Sequence[Number | None]]]


Touching = Mapping[tuple[str, Place], Sequence[str]]


def touched(audit: Sequence[Audited]) -> dict[tuple[str, Place], list[str]]:
    """By table and place the ids of the discrepancies that bear on a number."""
    found: dict[tuple[str, Place], list[str]] = {}
    for one in audit:
        places = {(part.table, place) for part in one.said.touches for place in part.places}
        for where in places:
            found.setdefault(where, []).append(one.said.id)
    return found


def numbers(table: Table, cells: Sequence[TableCell], touching: Touching | None = None) -> list[Number]:
    """Every number of the table.

    Args:
        cells: of the table, in the order of its places.
        touching: as ``touched`` gives it.
    """
    homes = {ours: paper for paper, ours in table.datasets.items()}
    found = []
    for cell in cells:
        place = Place(homes[cell.dataset], cell.transition, cell.metric, cell.method)
        found.append(_number(table, cell, (touching or {}).get((table.name, place), ())))
    return found


def matrices(found: Sequence[Number]) -> list[Matrix]:
    """The numbers of each metric as the paper sets them."""
    return [
        _matrix(metric, [one for one in found if one.metric == metric])
        for metric in dict.fromkeys(one.metric for one in found)
    ]


def _matrix(metric: str, found: Sequence[Number]) -> Matrix:
    places = list(dict.fromkeys((one.facts.dataset, one.facts.transition) for one in found))
    rows = []
    for method in dict.fromkeys(one.method for one in found):
        here = {(one.facts.dataset, one.facts.transition): one for one in found if one.method == method}
        rows.append((method, [here.get(place) for place in places]))
    return Matrix(metric, [Facts(dataset, transition) for dataset, transition in places], rows)


def _number(table: Table, cell: TableCell, touching: Sequence[str]) -> Number:
    shown = {name: show_number(getattr(cell, name), cell.unit) for name in ("published", "released")}
    spread = f"± {show_number(cell.sd, cell.unit)}" if cell.n >= SEEDS_FOR_SD else ""
    return Number(
        anchor=slug(table.name, cell.dataset, cell.transition, cell.method, cell.metric),
        where=where_of(cell),
        method=cell.method,
        metric=cell.metric,
        **shown,
        ours="" if cell.mean is None else show_number(cell.mean, cell.unit),
        spread=spread,
        n=cell.n,
        delta=show_number(cell.delta, cell.unit, sign=True),
        verdict=cell.verdict,
        symbol=SYMBOLS[cell.verdict],
        note="; ".join(part for part in (cell.reason, cell.mark) if part),
        mark=bool(cell.mark),
        seeds=", ".join(f"{seed}: {show_number(value, cell.unit)}" for seed, value in cell.seeds),
        command=cell.command,
        touching=tuple(touching),
        facts=Facts(cell.dataset, cell.transition, cell.method, cell.verdict),
        sort=(cell.published, cell.released, cell.mean, cell.delta),
    )


def slug(*parts: str) -> str:
    """A name for links.

    Example:
        >>> slug("table2", "fr", "ST", "w/o SSC", "HR@10")
        'table2-fr-st-w-o-ssc-hr-10'
    """
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
