"""Gap closed and worth as blocks of text and as flat rows."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from typing import Any

from smartgen.core.names import TRANSITIONS
from smartgen.tables.blocks import Block, Page
from smartgen.tables.paired import FEW, Figure
from smartgen.tables.worth import JUDGED, SMALLEST_GAP, Worth, mean_difference, mean_gap

TITLE = "worth: regimes against real data of the new context (protocol unified)"
INTRO = (
    "gap closed: (regime - source) / (oracle - source) without one real sequence of the new context; blank "
    f"where the gap is below {SMALLEST_GAP}.",
    "worth: how many real sequences the stale model needs beside the old log to reach the regime; 0: it is "
    "there already.",
    "In brackets: 95 % of 2,000 bootstrap draws over distinct test sequences, seeds averaged first.",
)


def worth_page(found: Sequence[Worth], left_out: Sequence[str] = ()) -> Page:
    """Means over homes first, then the blocks of each model.

    Args:
        left_out: homes that could not be compared, and why.
    """
    blocks, notes = [], []
    for task in dict.fromkeys(one.task for one in found):
        of_task = [one for one in found if one.task == task]
        blocks += [_summary(of_task), _differences(of_task)]
        for method in dict.fromkeys(one.method for one in of_task):
            mine = [one for one in of_task if one.method == method]
            blocks.append(_gap_block(mine))
            blocks += [_worth_block(mine)] if any(one.worths for one in mine) else []
        notes += [f"{one.method} {where_of(one)}: {one.note}" for one in of_task if one.note]
    below = [
        f"n: distinct sequences; ‡ fewer than {FEW}",
        "clearly: the paired interval of the difference excludes zero",
    ]
    below += [*dict.fromkeys(notes), *(f"left out: {reason}" for reason in left_out)]
    return Page(TITLE, INTRO, blocks, below)


def _summary(found: Sequence[Worth]) -> Block:
    homes = sorted({one.dataset for one in found})
    head = ["method", "regime", *homes, *(["all"] if len(homes) > 1 else []), "cells"]
    lines = []
    for method in dict.fromkeys(one.method for one in found):
        mine = [one for one in found if one.method == method]
        for regime in regimes_of(mine):
            groups = [[one for one in mine if one.dataset == home] for home in homes]
            means = [mean_gap(group, regime) for group in (*groups, *([mine] if len(homes) > 1 else []))]
            run, counted = sum(regime in x.figures for x in mine), sum(regime in x.gaps for x in mine)
            lines.append([method, regime, *map(_gap, means), f"{counted} of {run}"])
    told = f"{found[0].task}, {found[0].metric}: mean gap closed, and over how many of the cells"
    return Block(told, head, lines, frozenset(range(2, len(head))))


def _differences(found: Sequence[Worth]) -> Block:
    """Each regime against the others, over all cells."""
    pairs = [("synthetic", "source"), ("mixed", "source")]
    pairs += [("adapted", other) for other in ("source", "synthetic", "mixed")]
    head = ["method", *(f"{a} - {b}" for a, b in pairs)]
    lines = []
    for method in dict.fromkeys(one.method for one in found):
        mine = [one for one in found if one.method == method]
        lines.append([method, *(_wins(mine, a, b) for a, b in pairs)])
    told = f"{found[0].task}, {found[0].metric}: mean difference; cells clearly above, below"
    return Block(told, head, lines, frozenset(range(1, len(head))))


def _wins(found: Sequence[Worth], regime: str, other: str) -> str:
    mean = mean_difference(found, regime, other)
    if mean is None:
        return "not run"
    each = [figure for one in found if (figure := one.over(regime, other))]
    above, below = sum(one.low > 0 for one in each), sum(one.high < 0 for one in each)
    shown = f"{mean.mean:+.3f} [{mean.low:+.3f} {mean.high:+.3f}]".replace("0.", ".")
    return f"{shown} {above}, {below}"


def _gap_block(found: Sequence[Worth]) -> Block:
    regimes = regimes_of(found)
    lines = []
    for one in found:
        levels = [_level(one.figures.get(name)) for name in ("source", "oracle")]
        gaps = [_gap(one.gaps.get(regime)) if regime in one.figures else "not run" for regime in regimes]
        lines.append([*_names(one), *levels, *gaps])
    seeds = sorted({one.seeds for one in found})
    told = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
    plural = "s" if seeds[-1] > 1 else ""
    heading = f"{found[0].method}: gap closed in {found[0].metric}, mean of {told} seed{plural}"
    return _cells(heading, ["source", "oracle", *regimes], lines, found)


def _worth_block(found: Sequence[Worth]) -> Block:
    regimes = regimes_of(found)
    lines = [
        [*_names(one), *(_number(one.worths.get(regime), one.tried) for regime in regimes)] for one in found
    ]
    return _cells(f"{found[0].method}: worth, in real sequences", regimes, lines, found)


def _cells(
    heading: str, columns: Sequence[str], lines: Sequence[Sequence[str]], found: Sequence[Worth]
) -> Block:
    head = ["cell", "n", *columns]
    rules = frozenset(i for i in range(len(found) - 1) if found[i].dataset != found[i + 1].dataset)
    return Block(heading, head, lines, frozenset(range(1, len(head))), rules)


def regimes_of(found: Sequence[Worth]) -> list[str]:
    """Those that are judged and were run."""
    return [regime for regime in JUDGED if any(regime in one.figures for one in found)]


def _names(one: Worth) -> list[str]:
    return [where_of(one), f"{one.sequences}{'‡' if one.sequences < FEW else ''}"]


def _gap(figure: Figure | None) -> str:
    return "" if figure is None else f"{figure.mean:+.2f} [{figure.low:+.2f} {figure.high:+.2f}]"


def _level(figure: Figure | None) -> str:
    return "not run" if figure is None else f"{figure.mean:.3f}"


def _number(figure: Figure | None, tried: int) -> str:
    if figure is None:
        return ""
    value, low, high = (_count(x, tried) for x in (figure.mean, figure.low, figure.high))
    return f"{value} [{low} {high}]"


def _count(value: float, tried: int) -> str:
    return f">{tried}" if isinf(value) else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def where_of(one: Worth) -> str:
    """Home and change in short, as ``FR ST``."""
    return f"{one.dataset.upper()} {TRANSITIONS.get(one.transition, one.transition)}"


def worth_records(found: Sequence[Worth]) -> list[dict[str, Any]]:
    """One flat row a regime; an infinite worth is ``inf`` in text, since JSON has no such number."""
    rows = []
    for one in found:
        names = {
            "task": one.task,
            "dataset": one.dataset,
            "transition": TRANSITIONS.get(one.transition, one.transition),
            "method": one.method,
            "metric": one.metric,
            "sequences": one.sequences,
            "seeds": one.seeds,
        }
        for regime, figure in one.figures.items():
            row = names | {"regime": regime} | _flat("", figure)
            for other in ("source", "synthetic", "mixed"):
                row |= _flat(f"over_{other}_", one.over(regime, other) if regime != other else None)
            row |= _flat("gap_", one.gaps.get(regime))
            rows.append(row | _flat("worth_", one.worths.get(regime)) | {"tried": one.tried})
    return rows


def _flat(prefix: str, figure: Figure | None) -> dict[str, Any]:
    values = (None,) * 3 if figure is None else (figure.mean, figure.low, figure.high)
    return {
        f"{prefix}{name}": "inf" if value is not None and isinf(value) else value
        for name, value in zip(("mean", "low", "high"), values, strict=True)
    }


def curve_records(found: Sequence[Worth]) -> list[dict[str, Any]]:
    """One flat row a point of the curves."""
    return [
        {
            "task": one.task,
            "dataset": one.dataset,
            "transition": TRANSITIONS.get(one.transition, one.transition),
            "method": one.method,
            "metric": one.metric,
            "regime": regime,
            "few": point.few,
            "order": point.order,
            "mean": point.mean,
        }
        for one in found
        for regime, points in one.curves.items()
        for point in points
    ]
