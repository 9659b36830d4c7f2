"""The paper's headline, "+85.43 %" and "+70.51 %": a ratio of two means over nine cells, taken anew (D48)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from smartgen.core.names import REGIMES
from smartgen.core.records import Record
from smartgen.tables.blocks import Block, Page
from smartgen.tables.collect import collect
from smartgen.tables.declare import Place, Table, load_named
from smartgen.tables.paired import DEFAULTS, RECORDED_DEFAULTS
from smartgen.tables.quirks import worths
from smartgen.tables.select import choose, matches

Cell = tuple[str, str]
Values = Mapping[Cell, float]
BySeed = Mapping[Any, float]


@dataclass(frozen=True)
class Ratio:
    """Two rows of numbers, cell by cell, and the ratio of their means.

    Args:
        how: what the numbers are.
        new, old: what each row is called, and its values; only cells that both have count.
    """

    task: str
    how: str
    new: tuple[str, Values]
    old: tuple[str, Values]

    @property
    def cells(self) -> list[Cell]:
        """The cells that both rows have."""
        return [cell for cell in self.new[1] if cell in self.old[1]]

    def mean(self, row: tuple[str, Values]) -> float:
        """Over the common cells."""
        return fmean(row[1][cell] for cell in self.cells)

    @property
    def gain(self) -> float | None:
        """How much the new row's mean is above the old one's, as a share of it."""
        old = self.mean(self.old)
        return self.mean(self.new) / old - 1 if old else None


@dataclass(frozen=True)
class _Task:
    """Where a task's headline comes from."""

    name: str
    table: str
    metric: str  # in the table
    adapted: str
    stale: str
    axes: Mapping[str, Any]  # of the unified records
    keys: Sequence[str]  # of the unified metrics


TASKS = (
    _Task("detection", "table2", "F1 Score", "SmartGen", "TransAE", {"detector": "transae"}, ("f1", "auroc")),
    _Task(
        "prediction", "table3", "HR@10", "SmartGen", "SASRec", {"predictor": "sasrec"}, ("hr@10", "ndcg@10")
    ),
)


def ratios(records: Sequence[Record]) -> list[Ratio]:
    """Every reading of the headline for which there are numbers; the published ones always."""
    found = [ratio for task in TASKS for ratio in _ratios(task, records)]
    return [ratio for ratio in found if ratio.cells]


def headline_page(found: Sequence[Ratio]) -> Page:
    """One line a reading, and below each task the sums behind it."""
    head = ["task", "reading", "cells", "adapted", "mean", "stale", "mean", "gain"]
    lines = [
        [
            one.task,
            one.how,
            str(len(one.cells)),
            one.new[0],
            f"{one.mean(one.new):.4f}",
            one.old[0],
            f"{one.mean(one.old):.4f}",
            "-" if one.gain is None else f"{100 * one.gain:+.2f} %",
        ]
        for one in found
    ]
    rules = frozenset(i for i in range(len(found) - 1) if found[i].task != found[i + 1].task)
    block = Block("Ratio of means over cells", head, lines, frozenset({2, 4, 6, 7}), rules)
    below = [line for one in found for line in _arithmetic(one)]
    intro = (
        "The abstract claims 85.43 % (F1) and 70.51 % (HR@10) on average: the ratio of SmartGen's mean "
        "over nine cells to that of the same model as trained on the old log.",
    )
    return Page("headline: the average gain, read in several ways", intro, [block], below)


def headline_records(found: Sequence[Ratio]) -> list[dict[str, Any]]:
    """One flat row a reading."""
    return [
        {
            "task": one.task,
            "reading": one.how,
            "cells": len(one.cells),
            "adapted": one.new[0],
            "adapted_mean": one.mean(one.new),
            "stale": one.old[0],
            "stale_mean": one.mean(one.old),
            "gain": one.gain,
        }
        for one in found
    ]


def _arithmetic(one: Ratio) -> list[str]:
    """The sums, in the order of the cells."""
    names = " ".join(f"{dataset} {transition}," for dataset, transition in one.cells).rstrip(",")
    sums = []
    for row in (one.new, one.old):
        values = [row[1][cell] for cell in one.cells]
        sums.append(
            f"({' + '.join(_short(value) for value in values)}) / {len(values)} = {fmean(values):.4f}"
        )
    return [
        f"{one.task}, {one.how} ({names}):",
        f"  {one.new[0]} {sums[0]}",
        f"  {one.old[0]} {sums[1]}",
    ]


def _ratios(task: _Task, records: Sequence[Record]) -> list[Ratio]:
    table = load_named(task.table)
    rerun = _rerun(task, table, records)
    found = []
    for how, source in (("as published", table.published), ("as released", table.released)):
        new, old = (_printed(table, source, task, method) for method in (task.adapted, task.stale))
        best = max(
            _stale(table, task), key=lambda method: fmean(_printed(table, source, task, method).values())
        )
        found.append(Ratio(task.name, how, (task.adapted, new), (task.stale, old)))
        found.append(Ratio(task.name, how, (task.adapted, new), (best, _printed(table, source, task, best))))
    adapted, stale = rerun.get(task.adapted, {}), rerun.get(task.stale, {})
    for name in (task.adapted, *(("seen",) if task.name == "detection" else ())):
        one = rerun.get(name, {})
        every = (name, _means(one)), (task.stale, _means(stale))
        found.append(Ratio(task.name, "rerun, all seeds", *every))
        common = (name, _means(one, stale)), (task.stale, _means(stale, one))
        found.append(Ratio(task.name, "rerun, seeds that both have", *common))
    if task.name == "detection":
        found += _same_test(task, table, records, _means(adapted))
    return found + _like_for_like(task, table, records)


def _rerun(task: _Task, table: Table, records: Sequence[Record]) -> dict[str, dict[Cell, BySeed]]:
    """What was measured of each method, by cell and seed."""
    names = {ours: paper for paper, ours in table.datasets.items()}
    found: dict[str, dict[Cell, BySeed]] = {}
    for cell in collect(table, records):
        if cell.metric == task.metric and cell.seeds:
            found.setdefault(cell.method, {})[names[cell.dataset], cell.transition] = dict(cell.seeds)
    return found


def _means(row: Mapping[Cell, BySeed], other: Mapping[Cell, BySeed] | None = None) -> dict[Cell, float]:
    """Over seeds; with another row over those that both have."""
    kept = {
        cell: [value for seed, value in seeds.items() if other is None or seed in other.get(cell, {})]
        for cell, seeds in row.items()
    }
    return {cell: fmean(values) for cell, values in kept.items() if values}


def _same_test(task: _Task, table: Table, records: Sequence[Record], adapted: Values) -> list[Ratio]:
    """The paper's stale detectors trained and tested on SmartGen's kind of sequences (without D25)."""
    stale = _stale(table, task)
    return [
        Ratio(task.name, "rerun, same test (D25 off)", (task.adapted, adapted), (one.method, one.without))
        for one in worths(records, ["D25"])
        if one.method in stale
    ]


def _like_for_like(task: _Task, table: Table, records: Sequence[Record]) -> list[Ratio]:
    """Regime against regime under protocol unified."""
    chosen = _unified(task, table, records)
    found = []
    for key in task.keys:
        rows = {
            regime: {
                cell: fmean(float(record.metrics[key]) for record in some) for cell, some in cells.items()
            }
            for regime, cells in chosen.items()
        }
        old = ("source", rows.get("source", {}))
        for regime in ("synthetic", "mixed", "oracle"):
            new = (regime, rows.get(regime, {}))
            found.append(Ratio(task.name, f"like for like, {key}", new, old))
    return found


def _unified(
    task: _Task, table: Table, records: Sequence[Record]
) -> dict[str, dict[Cell, tuple[Record, ...]]]:
    """The chosen records by regime and cell."""
    wanted = {"task": task.name, "protocol": "unified", **task.axes}
    fitting = [record for record in records if record.ok and matches(record, wanted)]
    found: dict[str, dict[Cell, tuple[Record, ...]]] = {}
    for dataset, ours in table.datasets.items():
        for transition, name in table.transitions.items():
            here = [record for record in fitting if matches(record, {"dataset": ours, "transition": name})]
            for regime in REGIMES:
                some = [record for record in here if matches(record, {"regime": regime})]
                if chosen := choose(some, {**DEFAULTS, **RECORDED_DEFAULTS}).records:
                    found.setdefault(regime, {})[dataset, transition] = chosen
    return found


def _stale(table: Table, task: _Task) -> list[str]:
    """The paper's methods that are not adapted."""
    return list(dict.fromkeys(place.method for place in table.published if place.method != task.adapted))


def _printed(table: Table, source: Mapping[Place, float], task: _Task, method: str) -> dict[Cell, float]:
    return {
        (dataset, transition): source[Place(dataset, transition, task.metric, method)]
        for dataset in table.datasets
        for transition in table.transitions
    }


def _short(value: float) -> str:
    return f"{value:.4f}".removeprefix("0")
