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
from smartgen.tables.select import choose, matches, seed_of

METRIC = "f1"
QUIRKS = {
    "D20": "networks and `seen` read all four fields, not one",
    "D21": "one percentile, 95, for all",
    "D22": "occupancy: threshold from held-out sequences, not from training ones",
    "D25": "trained and tested on the pieces that SmartGen is tested on, not on windows",
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
    """

    method: str
    quirk: str
    released: Mapping[Cell, float]
    without: Mapping[Cell, float]

    def difference(self, transition: str | None = None) -> float | None:
        """Mean of what switching the quirk off adds; None where no such cell was run."""
        cells = [cell for cell in self.released if transition in (None, cell[1])]
        return fmean(self.without[cell] - self.released[cell] for cell in cells) if cells else None


def worths(records: Sequence[Record]) -> list[Worth]:
    """Each system and quirk for which records with and without it exist, in the order of Table 2.

    Raises:
        SmartgenError: there is none.
    """
    table = load_named("table2")
    usable = [record for record in records if record.ok]
    found = []
    for method in table.methods:
        for quirk in QUIRKS:
            pairs = {
                (dataset, transition): pair
                for dataset in table.datasets
                for transition in table.transitions
                if (pair := _pair(table, usable, method, quirk, dataset, transition)) is not None
            }
            if pairs:
                released = {cell: pair[0] for cell, pair in pairs.items()}
                found.append(Worth(method, quirk, released, {cell: pair[1] for cell, pair in pairs.items()}))
    if not found:
        raise SmartgenError(
            "no record with a quirk switched off; `smartgen experiment=table2 without=D27 system=aegis` and "
            "`smartgen experiment=table2 system=aegis` make some"
        )
    return found


def quirks_page(records: Sequence[Record]) -> Page:
    """One line a system and quirk."""
    head = ["method", "without", "cells", "F1 released", "F1 without", "difference", "ST", "TT", "NT"]
    found = worths(records)
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


def _pair(
    table: Table, records: Sequence[Record], method: str, quirk: str, dataset: str, transition: str
) -> tuple[float, float] | None:
    """F1 with and without a quirk over the seeds that both have."""
    declared = table.methods[method]
    where = {"dataset": table.datasets[dataset], "transition": table.transitions[transition]}
    both = []
    for without in ("none", quirk):
        wanted = {**table.axes, **where, **(declared.cells or {}), "without": without}
        fitting = [record for record in records if matches(record, wanted)]
        chosen = choose(fitting, {} if without != "none" else declared.defaults).records
        both.append({seed_of(record): float(record.metrics[METRIC]) for record in chosen})
    common = both[0].keys() & both[1].keys()
    if not common:
        return None
    first, second = (fmean(values[seed] for seed in common) for values in both)
    return first, second


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"
