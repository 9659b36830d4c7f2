"""The tables of `smartgen-data show`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table

from smartgen.core.errors import SmartgenError
from smartgen.core.texts import printable
from smartgen.data.release import contexts, parts, read_part, read_vocabulary
from smartgen.data.summary import Ranked, Summary, clock, summarize

_MOST = 8
_COUNTS = ("sequences", "distinct", "behaviors", "mean length")
_WORDS = ("hours covered", "most used device")


def show(tables: Iterable[RenderableType]) -> None:
    """Print tables; a pipe has no width, so nothing is cut to that of a terminal there."""
    width = None if sys.stdout.isatty() else 200
    # Names of actions are text: no markup, no emoji codes (":on:"), no colored numbers.
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    for table in tables:
        console.print(table)


def overview(root: Path, chosen: list[str]) -> Table:
    """One row a dataset and context."""
    table = _table("dataset", "context", "file", *_COUNTS, "TSS pieces", *_WORDS, title=f"Release in {root}")
    for dataset in chosen:
        vocabulary = read_vocabulary(root, dataset)
        for context in contexts(root, dataset):
            there = parts(root, dataset, context)
            summary = summarize(read_part(root, dataset, context, there[0], vocabulary), vocabulary)
            split = f"split_{there[0]}"
            pieces = "-"
            if split in there:
                pieces = f"{len(read_part(root, dataset, context, split, vocabulary)):,}"
            counts, words = _cells(summary)
            _add(table, dataset, context, there[0], *counts, pieces, *words)
        table.add_section()
    return table


def details(root: Path, dataset: str, context: str) -> list[Table]:
    """The parts of one context, and what is used most in the first of them."""
    _known_context(root, dataset, context)
    vocabulary = read_vocabulary(root, dataset)
    table = _table("file", *_COUNTS, *_WORDS, title=f"{dataset} {context}")
    summaries = []
    for part in parts(root, dataset, context):
        summaries.append(summarize(read_part(root, dataset, context, part, vocabulary), vocabulary))
        counts, words = _cells(summaries[-1])
        _add(table, part, *counts, *words)
    first = summaries[0]
    return [table, _ranking("device", first.devices), _ranking("action", first.actions)]


def sequence(root: Path, dataset: str, context: str, row: int) -> Table:
    """One raw sequence in words."""
    _known_context(root, dataset, context)
    vocabulary = read_vocabulary(root, dataset)
    part = parts(root, dataset, context)[0]
    sequences = read_part(root, dataset, context, part, vocabulary)
    if not 0 <= row < len(sequences):
        there = f"0 to {len(sequences) - 1}" if len(sequences) else "none"
        raise SmartgenError(f"no sequence {row} in {dataset} {context} ({part}); it has {there}")
    table = _table(
        "", "day", "hours", "device", "action", title=f"{dataset} {context} {part}, sequence {row}"
    )
    for position, behavior in enumerate(sequences[row]):
        _add(table, str(position), *vocabulary.words(behavior))
    return table


def actions(root: Path, dataset: str) -> Table:
    """The action table of a dataset."""
    vocabulary = read_vocabulary(root, dataset)
    table = _table("id", "action", "device id", "ends something", title=f"Actions of {dataset}")
    for number, name in enumerate(vocabulary.actions):
        device = vocabulary.prefix_device(number)
        off = "yes" if number in vocabulary.off_actions else ""
        _add(table, str(number), name, "-" if device is None else str(device), off)
    return table


def _cells(summary: Summary) -> tuple[list[str], list[str]]:
    counts = [f"{n:,}" for n in (summary.sequences, summary.distinct, summary.behaviors)]
    most = f"{summary.devices[0][0]} {summary.devices[0][1]:.0%}" if summary.devices else "-"
    return [*counts, f"{summary.mean_length:.2f}"], [clock(summary.hours), most]


def _ranking(kind: str, ranked: Ranked) -> Table:
    table = _table(f"most used {kind}s, {min(_MOST, len(ranked))} of {len(ranked)}", "share")
    for name, share in ranked[:_MOST]:
        _add(table, name, f"{share:.1%}")
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*map(printable, cells))


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(title=title and printable(title), title_justify="left")
    numbers = {*_COUNTS, "TSS pieces", "share", "id", "device id", ""}
    for column in columns:
        table.add_column(printable(column), justify="right" if column in numbers else "left", overflow="fold")
    return table


def _known_context(root: Path, dataset: str, context: str) -> None:
    if context not in (known := contexts(root, dataset)):
        raise SmartgenError(f"no context {context!r} in dataset {dataset}; it has {', '.join(known)}")
