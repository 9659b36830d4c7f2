"""What each quirk of the authors' code was worth: Table 2 as released, and with one switched off (ours)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.tables.blocks import Block, Page
from smartgen.tables.declare import Table, load_named
from smartgen.tables.select import Choice, choose, matches, seed_of

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


def worths(records: Sequence[Record]) -> list[Worth]:
    """Each system and quirk for which records with and without it exist, in the order of Table 2."""
    table = load_named("table2")
    usable = [record for record in records if record.ok]
    found = [_worth(table, usable, method, quirk) for method in table.methods for quirk in QUIRKS]
    return [one for one in found if one.released]


def quirks_page(records: Sequence[Record]) -> Page:
    """One line a system and quirk.

    Raises:
        SmartgenError: no quirk was run both ways.
    """
    head = ["method", "without", "cells", "F1 released", "F1 without", "difference", "ST", "TT", "NT"]
    found = worths(records)
    if not found:
        raise SmartgenError(
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


def quirks_records(records: Sequence[Record]) -> list[dict[str, Any]]:
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
        for one in worths(records)
        for cell in one.released
    ]


def _worth(table: Table, records: Sequence[Record], method: str, quirk: str) -> Worth:
    """Over the cells that have records both ways."""
    released: dict[Cell, float] = {}
    without: dict[Cell, float] = {}
    notes: dict[str, None] = {}
    for dataset in table.datasets:
        for transition in table.transitions:
            with_it = _chosen(table, records, method, "none", dataset, transition)
            without_it = _chosen(table, records, method, quirk, dataset, transition)
            first, second = _values(with_it), _values(without_it)
            if common := first.keys() & second.keys():
                released[dataset, transition] = fmean(first[seed] for seed in common)
                without[dataset, transition] = fmean(second[seed] for seed in common)
                told = {"with it": with_it.note, "without it": without_it.note}
                notes |= {f"{dataset} {transition} {how}: {x}": None for how, x in told.items() if x}
    return Worth(method, quirk, released, without, tuple(notes))


def _chosen(
    table: Table, records: Sequence[Record], method: str, without: str, dataset: str, transition: str
) -> Choice:
    """The records of a cell without a quirk, by the rules of the table itself."""
    declared = table.methods[method]
    where = {"dataset": table.datasets[dataset], "transition": table.transitions[transition]}
    wanted = {**table.axes, **where, **(declared.cells or {}), "without": without}
    return choose([record for record in records if matches(record, wanted)], declared.defaults)


def _values(choice: Choice) -> dict[Any, float]:
    """F1 by seed."""
    return {seed_of(record): float(record.metrics[METRIC]) for record in choice.records}


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"
