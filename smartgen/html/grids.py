"""Blocks of a report as sortable tables: each row with what the page's filters go by."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from smartgen.core.names import TRANSITIONS
from smartgen.tables.blocks import Block

NUMBER = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)")
PLACE = re.compile(r"([A-Z][\w-]*) (ST|TT|NT)\b")
CODES = set(TRANSITIONS.values())


@dataclass(frozen=True)
class Facts:
    """What filters go by; empty where a row says nothing of it, and is then always shown.

    Attributes:
        dataset: fr, sp, us or a home of one's own. transition: ST, TT or NT.
        method: as tables call it. verdict: of one number.
    """

    dataset: str = ""
    transition: str = ""
    method: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell. `sort`: what a column of numbers is ordered by."""

    text: str
    sort: float | str = ""


@dataclass(frozen=True)
class Row:
    """A row and its facts."""

    cells: Sequence[Cell]
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True)
class Grid:
    """A sortable table. `right`: the columns of numbers."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Row]
    right: Collection[int] = frozenset()


def grid_of(block: Block, methods: Collection[str] = ()) -> Grid:
    """A block of a report's text, what filters go by read off its columns and its heading.

    Args:
        methods: names that a heading may begin with, as "LOF: auroc, mean of 3 seeds".
    """
    named = next((m for m in methods if re.split(r"[:,]| - ", block.heading)[0] == m), "")
    rows = []
    for number, texts in enumerate(block.rows):
        verdict = block.verdicts[number] if block.verdicts else ""
        cells = [Cell(text, sort_key(text) if c in block.right else text) for c, text in enumerate(texts)]
        rows.append(Row(cells, facts_of(block.head, texts, named, verdict)))
    return Grid(block.heading, block.head, rows, block.right)


def facts_of(head: Sequence[str], texts: Sequence[str], method: str = "", verdict: str = "") -> Facts:
    """What the columns called cell, home, dataset, change, method and system say.

    Example:
        >>> facts_of(["cell", "n", "best"], ["FR ST", "42", "source"])
        Facts(dataset='fr', transition='ST', method='', verdict='')
    """
    said = dict(zip(head, texts, strict=True))
    dataset = said.get("home") or said.get("dataset") or ""
    change = said.get("change") or said.get("transition") or ""
    if found := PLACE.match(said.get("cell", "")):
        dataset, change = found[1], found[2]
    change = TRANSITIONS.get(change, change)
    return Facts(
        dataset.lower(),
        change if change in CODES else "",
        said.get("method") or said.get("system") or method,
        verdict,
    )


def sort_key(text: str) -> float | str:
    """The first number of a text; "" where there is none, which goes last whatever the order.

    Example:
        >>> sort_key("0.861 ± 0.014 (10)"), sort_key("-.12 [-.3 .1]"), sort_key("1,728"), sort_key("not run")
        (0.861, -0.12, 1728.0, '')
    """
    found = NUMBER.search(text)
    return float(found[0].replace(",", "")) if found else ""
