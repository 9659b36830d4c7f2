"""The paired comparison of regimes as blocks of text, and as flat rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from statistics import fmean
from typing import Any

from smartgen.core.names import REGIMES, TRANSITIONS
from smartgen.tables.blocks import Block, Page
from smartgen.tables.paired import FEW, Compared, Comparison, Figure

BRACKETS = (
    "In brackets: 95 % of 2,000 bootstrap draws over distinct sequences, seeds averaged first; differences "
    "are paired."
)


def paired_page(
    rows: Sequence[Compared],
    metric: str,
    task: Comparison,
    beside: Mapping[str, Sequence[Compared]] | None = None,
    left_out: Sequence[str] = (),
) -> Page:
    """What was compared: the count of wins, then a block a model.

    Args:
        beside: the same comparison by other metrics; their wins stand below its own.
        left_out: homes that could not be compared, and why.
    """
    methods = dict.fromkeys(row.method for row in rows)
    blocks = [_summary(rows, metric), *(_summary(some, part) for part, some in (beside or {}).items())]
    blocks += [_block([row for row in rows if row.method == name], metric) for name in methods]
    below = [
        f"n: distinct sequences; ‡ fewer than {FEW}",
        "best: of the regimes without real new data; * its paired interval over the second excludes zero",
    ]
    below += dict.fromkeys(f"{row.method} {_where(row)}: {row.note}" for row in rows if row.note)
    below += [f"left out: {reason}" for reason in left_out]
    return Page(task.title, (*task.meaning, BRACKETS), blocks, below)


def paired_records(rows: Sequence[Compared], metric: str) -> list[dict[str, Any]]:
    """One flat row a regime, with its paired difference from ``source``."""
    return [
        {
            "dataset": row.dataset,
            "transition": TRANSITIONS.get(row.transition, row.transition),
            "method": row.method,
            "regime": regime,
            "metric": metric,
            "sequences": row.sequences,
            "seeds": row.seeds[regime],
            **_flat(figure, ""),
            **_flat(row.differences.get((regime, "source")), "over_source_"),
            "best": row.best == regime,
            "best_is_clear": row.clear,
        }
        for row in rows
        for regime, figure in row.figures.items()
    ]


def _flat(figure: Figure | None, prefix: str) -> dict[str, float | None]:
    """None where there is nothing, or nothing defined."""
    values = (None,) * 3 if figure is None else (figure.mean, figure.low, figure.high)
    named = zip(("mean", "low", "high"), values, strict=True)
    return {f"{prefix}{name}": None if value is None or isnan(value) else value for name, value in named}


def _block(rows: Sequence[Compared], metric: str) -> Block:
    regimes = [regime for regime in REGIMES if any(regime in row.figures for row in rows)]
    head = ["cell", "n", *regimes, "best", "synthetic - source"]
    lines = [_line(row, regimes) for row in rows]
    seeds = sorted({count for row in rows for count in row.seeds.values()})
    told = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
    heading = f"{rows[0].method}: {metric}, mean of {told} seed{'s' if seeds[-1] > 1 else ''}"
    rules = frozenset(i for i in range(len(rows) - 1) if rows[i].dataset != rows[i + 1].dataset)
    return Block(heading, head, lines, frozenset(range(1, len(head))) - {len(head) - 2}, rules)


def _line(row: Compared, regimes: Sequence[str]) -> list[str]:
    few = "‡" if row.sequences < FEW else ""
    cells = [_figure(row.figures.get(regime)) for regime in regimes]
    best = row.best + ("*" if row.clear else "")
    return [_where(row), f"{row.sequences}{few}", *cells, best, _difference(row, "synthetic", "source")]


def _summary(rows: Sequence[Compared], metric: str) -> Block:
    """In how many cells one regime is above another, and in how many of those clearly."""
    pairs = [("synthetic", "source"), ("mixed", "source"), ("mixed", "synthetic")]
    pairs += (
        [("adapted", "source"), ("adapted", "synthetic")] if any("adapted" in r.figures for r in rows) else []
    )
    pairs.append(("oracle", "synthetic"))
    head = ["method", *(f"{a} > {b}" for a, b in pairs)]
    lines = []
    for name in dict.fromkeys(row.method for row in rows):
        lines.append([name, *(_wins([r for r in rows if r.method == name], a, b) for a, b in pairs)])
    told = "cells in which one regime is above another (of these clearly; clearly below), mean difference"
    return Block(f"{metric}: {told}", head, lines, frozenset(range(1, len(head))))


def _wins(rows: Sequence[Compared], one: str, other: str) -> str:
    found = [row.differences[one, other] for row in rows if (one, other) in row.differences]
    if not found:
        return "not run"
    above = [d for d in found if d.mean > 0]
    clear, below = sum(d.excludes_zero for d in above), sum(d.high < 0 for d in found)
    return f"{len(above)} of {len(found)} ({clear}; {below}), {fmean(d.mean for d in found):+.3f}"


def _difference(row: Compared, one: str, other: str) -> str:
    found = row.differences.get((one, other))
    if found is None:
        return "-"
    star = "*" if found.excludes_zero else ""
    return f"{_short(found.mean, '+.3f')} [{_short(found.low, '+.2f')} {_short(found.high, '+.2f')}]{star}"


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return "not run"
    return f"{_short(figure.mean, '.3f')} [{_short(figure.low, '.2f')} {_short(figure.high, '.2f')}]"


def _short(value: float, form: str) -> str:
    """A share without the zero before its point, to fit a line."""
    return format(value, form).replace("0.", ".", 1)


def _where(row: Compared) -> str:
    return f"{row.dataset.upper()} {TRANSITIONS.get(row.transition, row.transition)}"
