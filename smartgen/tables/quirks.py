"""What each quirk of the authors' code was worth: Table 2 as released, and with one switched off (ours)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import Any

from smartgen.core.errors import NothingRecordedError
from smartgen.core.records import Record
from smartgen.tables.blocks import Block, Page
from smartgen.tables.declare import Table, load_named
from smartgen.tables.select import Choice, choose, lookup, matches, seed_of

METRIC = "f1"
QUIRKS = {
    "D05": "TransAE knows positions",
    "D20": "networks and `seen` read all four fields, not one",
    "D21": "one percentile, 95, for all",
    "D22": "occupancy: threshold from held-out sequences, not from training ones",
    "D23": "attacks of a habit that the new context lacks, not the release's",
    "D25": "stale detectors: trained and tested on pieces, as SmartGen is, not on windows",
    "D26": "fitted on training rows alone, judged on test rows alone",
    "D27": "unlikely rows are flagged, not the likely ones; judged on test rows alone",
    "D29": "the activation, or the dropout, that the authors' network lacks",
}
Cell = tuple[str, str]  # dataset and transition, as the paper names them


@dataclass(frozen=True)
class Worth:
    """F1 of one system in the cells that were run both ways, seeds averaged.

    Args:
        released, without: cell -> F1.
        notes: what a reader must know of the records' choice.
    """

    method: str
    quirk: str
    released: Mapping[Cell, float]
    without: Mapping[Cell, float]
    notes: tuple[str, ...] = ()

    def difference(self, transition: str | None = None) -> float | None:
        """Mean of what switching the quirk off adds; None where no such cell was run."""
        cells = [cell for cell in self.released if transition in (None, cell[1])]
        return fmean(self.without[cell] - self.released[cell] for cell in cells) if cells else None


def worths(records: Sequence[Record], quirks: Iterable[str] = QUIRKS) -> list[Worth]:
    """Each system and quirk for which records with and without it exist, in the order of Table 2."""
    table = load_named("table2")
    axes = {axis: value for axis, value in table.axes.items() if axis != "without"}
    usable = [record for record in records if record.ok and matches(record, axes)]
    found = []
    for method, declared in table.methods.items():
        own = [record for record in usable if matches(record, declared.cells or {})]
        chosen = _chosen(table, own, declared.defaults)
        found += [_worth(table, method, quirk, chosen) for quirk in quirks]
    return [one for one in found if one.released]


def quirks_page(found: Sequence[Worth]) -> Page:
    """One line a system and quirk.

    Raises:
        SmartgenError: no quirk was run both ways.
    """
    head = ["method", "without", "cells", "F1 released", "F1 without", "difference", "ST", "TT", "NT"]
    if not found:
        raise NothingRecordedError(
            "no cell with a quirk switched off and with it; `smartgen experiment=table2 without=none,D27 "
            "system=aegis` makes some"
        )
    lines = []
    for one in found:
        means = [f"{fmean(values.values()):.4f}" for values in (one.released, one.without)]
        parts = [_signed(one.difference(transition)) for transition in ("ST", "TT", "NT")]
        whole = _signed(one.difference())
        lines.append([one.method, one.quirk, str(len(one.released)), *means, whole, *parts])
    rules = frozenset(i for i in range(len(found) - 1) if found[i].method != found[i + 1].method)
    block = Block(
        "Mean F1 over the cells that were run both ways", head, lines, frozenset(range(2, 9)), rules
    )
    told = {one.quirk for one in found}
    below = [f"{quirk}: {text}" for quirk, text in QUIRKS.items() if quirk in told]
    below += [f"{one.method}, {one.quirk}: {note}" for one in found for note in one.notes]
    intro = (
        "Table 2 under protocol released, beside the same with one quirk of the authors' code switched off.",
    )
    return Page("quirks: what each quirk was worth", intro, [block], below)


def quirks_records(found: Sequence[Worth]) -> list[dict[str, Any]]:
    """One flat row a system, quirk and cell."""
    return [
        {
            "method": one.method,
            "without": one.quirk,
            "dataset": cell[0].lower(),
            "transition": cell[1],
            "metric": METRIC,
            "released": one.released[cell],
            "without_it": one.without[cell],
        }
        for one in found
        for cell in one.released
    ]


def _chosen(
    table: Table, records: Sequence[Record], defaults: Mapping[str, Any]
) -> dict[tuple[Cell, str], Choice]:
    """One method's records by cell and by what they do without, each chosen by the table's own rules."""
    datasets = {ours: paper for paper, ours in table.datasets.items()}
    transitions = {ours: paper for paper, ours in table.transitions.items()}
    groups: dict[tuple[Cell, str], list[Record]] = {}
    for record in records:
        dataset, transition = datasets.get(record.axes["dataset"]), transitions.get(record.axes["transition"])
        if dataset and transition:
            groups.setdefault(((dataset, transition), str(lookup(record, "without"))), []).append(record)
    return {place: choose(some, defaults) for place, some in groups.items()}


def _worth(table: Table, method: str, quirk: str, chosen: Mapping[tuple[Cell, str], Choice]) -> Worth:
    """Over the cells that have records both ways, seeds that both have."""
    released: dict[Cell, float] = {}
    without: dict[Cell, float] = {}
    notes: dict[str, None] = {}
    for cell in product(table.datasets, table.transitions):
        with_it, without_it = chosen.get((cell, "none"), Choice()), chosen.get((cell, quirk), Choice())
        first, second = _values(with_it), _values(without_it)
        if common := first.keys() & second.keys():
            released[cell] = fmean(first[seed] for seed in common)
            without[cell] = fmean(second[seed] for seed in common)
            told = {"with it": with_it.note, "without it": without_it.note}
            notes |= {f"{' '.join(cell)} {how}: {note}": None for how, note in told.items() if note}
    return Worth(method, quirk, released, without, tuple(notes))


def _values(choice: Choice) -> dict[Any, float]:
    """F1 by seed."""
    return {seed_of(record): float(record.metrics[METRIC]) for record in choice.records}


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"
