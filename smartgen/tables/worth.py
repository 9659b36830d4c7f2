"""What a regime is worth: how much of the gap to real data it closes, and in real sequences (ours).

``gap closed`` = (regime - source) / (oracle - source), without one real sequence of the new context; blank
where oracle - source is below 0.05. ``worth`` = how many real sequences the stale model needs beside the old
log to reach what the regime reaches without any: 0 if that is below the stale model, infinite if the most
that were tried do not suffice, between two numbers that were tried by a straight line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import NothingRecordedError
from smartgen.core.names import REGIMES, transition_order
from smartgen.core.records import Record
from smartgen.metrics.bootstrap import interval
from smartgen.metrics.reach import reached_with
from smartgen.tables.added import preferred
from smartgen.tables.paired import DEFAULTS, RECORDED_DEFAULTS, CasesDifferError, Comparison, Figure
from smartgen.tables.select import MISSING, choose, lookup, matches, seed_of

SMALLEST_GAP = 0.05
JUDGED = tuple(regime for regime in REGIMES if regime not in ("source", "oracle"))
Draws = NDArray[np.float64]
Key = tuple[str, int, int]  # regime, real sequences, their order
OnHome = Callable[[int, int], None]


@dataclass(frozen=True)
class Point:
    """One point of a curve: ``few`` real sequences, and what is reached with them in one kind of order."""

    few: int
    order: str
    mean: float


@dataclass(frozen=True)
class Worth:
    """One model, home and change.

    Args:
        sequences: distinct ones tested.
        seeds: the fewest of any regime.
        figures: regime -> what it reaches without real sequences.
        draws: regime -> the bootstrap's draws of its figure, shared by all.
        gaps: regime -> gap closed; none where the gap is too small.
        gap_draws: the draws behind them.
        worths: regime -> real sequences; none where ``source`` was not run with any.
        tried: the most real sequences that ``source`` was run with.
        curves: regime -> points by rising number, the file's order (``file``) and the mean of random ones
            (``random``).
        note: what a reader must know of the records' choice.
    """

    task: str
    metric: str
    dataset: str
    transition: str
    method: str
    sequences: int
    seeds: int
    figures: Mapping[str, Figure]
    draws: Mapping[str, Draws]
    gaps: Mapping[str, Figure]
    gap_draws: Mapping[str, Draws]
    worths: Mapping[str, Figure]
    tried: int
    curves: Mapping[str, Sequence[Point]]
    note: str = ""

    def over(self, regime: str, other: str) -> Figure | None:
        """The paired difference of two regimes; None where one was not run."""
        if regime not in self.figures or other not in self.figures:
            return None
        mean = self.figures[regime].mean - self.figures[other].mean
        return Figure(mean, *interval(self.draws[regime] - self.draws[other]))


@dataclass
class _Home:
    """The records of one model at one home, by regime and real sequences."""

    chosen: dict[Key, tuple[Record, ...]] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)


def worths(
    records: Iterable[Record],
    task: Comparison,
    metric: str,
    on_home: OnHome = lambda done, count: None,
) -> tuple[list[Worth], list[str]]:
    """Every model, home and change that has ``source`` and another regime; and why some are left out.

    Raises:
        SmartgenError: a metric that the task does not have.
    """
    task.check_metric(metric)
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        if record.ok and matches(record, task.axes):
            dataset, transition, method = (
                str(record.axes[axis]) for axis in ("dataset", "transition", task.axis)
            )
            groups.setdefault((dataset, transition, method), []).append(record)
    order = {method: place for place, method in enumerate(task.methods)}
    wanted = sorted(groups, key=lambda g: (order.get(g[2], len(order)), g[0], transition_order(g[1])))
    found: list[Worth] = []
    unlike: list[CasesDifferError] = []
    for done, names in enumerate(wanted):
        on_home(done, len(wanted))
        try:
            one = _worth(names, groups[names], task, metric)
        except CasesDifferError as error:
            unlike.append(error)
        else:
            found += [] if one is None else [one]
    on_home(len(wanted), len(wanted))
    return found, [str(error) for error in unlike]


def _worth(
    names: tuple[str, str, str], records: Sequence[Record], task: Comparison, metric: str
) -> Worth | None:
    home = _choose(records, task.axis, names[2])
    alone = {regime: home.chosen[regime, 0, 0] for regime in REGIMES if (regime, 0, 0) in home.chosen}
    if "source" not in alone or len(alone) < 2:
        return None
    grid = {key: some for key, some in home.chosen.items() if key[0] == "source" and key[1]}
    columns = {("", regime): some for regime, some in alone.items()}
    columns |= {("", f"{few} {order}"): some for (_, few, order), some in grid.items()}
    sample = task.samples(columns, [metric], names[:2]).get(metric)
    if sample is None:
        return None
    means = {name: value for (_, name), value in sample.means.items()}
    draws = {name: value for (_, name), value in sample.draws.items()}
    figures = {regime: Figure(means[regime], *interval(draws[regime])) for regime in alone}
    gaps, gap_draws = _gaps(means, draws)
    counted, tried = _worths(means, draws, [(few, order) for _, few, order in grid])
    curves = {regime: _curve(home, regime, figures[regime].mean, metric) for regime in alone}
    return Worth(
        task=str(task.axes["task"]),
        metric=metric,
        dataset=names[0],
        transition=names[1],
        method=names[2],
        sequences=sample.sequences,
        seeds=min(len({seed_of(record) for record in some}) for some in alone.values()),
        figures=figures,
        draws={regime: draws[regime] for regime in alone},
        gaps=gaps,
        gap_draws=gap_draws,
        worths=counted,
        tried=tried,
        curves=curves,
        note="; ".join(home.notes),
    )


def _choose(records: Sequence[Record], axis: str, method: str) -> _Home:
    """One setting a regime and number of real sequences."""
    recorded = any(lookup(record, "dataset.kind") == "release" for record in records)
    defaults = preferred({**DEFAULTS, **(RECORDED_DEFAULTS if recorded else {})}, axis, method)
    groups: dict[Key, list[Record]] = {}
    for record in records:
        groups.setdefault(few_key(record), []).append(record)
    home = _Home()
    for key, some in groups.items():
        # Where a home has fewer than were asked for, several askings gave the same.
        least = min(_asked(record) for record in some)
        choice = choose([record for record in some if _asked(record) == least], defaults)
        if choice.records:
            home.chosen[key] = choice.records
        if choice.note:
            home.notes[f"{key[0]}: {choice.note}"] = None
    return home


def few_key(record: Record) -> Key:
    """Regime, real sequences that there were (fewer than asked for where the home has fewer), and order."""
    few, order = (lookup(record, f"protocol.{name}") for name in ("few", "few_order"))
    if few is MISSING or not few:
        return str(record.axes["regime"]), 0, 0
    known = [int(value) for name, value in record.counts.items() if name.startswith("few_fold_")]
    return str(record.axes["regime"]), max(known, default=int(few)), int(order)


def _asked(record: Record) -> int:
    few = lookup(record, "protocol.few")
    return 0 if few is MISSING else int(few)


def _gaps(
    means: Mapping[str, float], draws: Mapping[str, Draws]
) -> tuple[dict[str, Figure], dict[str, Draws]]:
    if "oracle" not in means or means["oracle"] - means["source"] < SMALLEST_GAP:
        return {}, {}
    gap = means["oracle"] - means["source"]
    gap_draws = np.maximum(draws["oracle"] - draws["source"], SMALLEST_GAP / 10)  # never by next to nothing
    found, drawn = {}, {}
    for regime in JUDGED:
        if regime in means:
            drawn[regime] = (draws[regime] - draws["source"]) / gap_draws
            found[regime] = Figure((means[regime] - means["source"]) / gap, *interval(drawn[regime]))
    return found, drawn


def _worths(
    means: Mapping[str, float], draws: Mapping[str, Draws], grid: Sequence[tuple[int, int]]
) -> tuple[dict[str, Figure], int]:
    """Where the stale model's curve reaches each regime; of random orders the mean, else the file's."""
    if not grid:
        return {}, 0
    curve, few = _stale_curve(means, grid)
    drawn, _ = _stale_curve(draws, grid)
    found = {}
    for regime in JUDGED:
        if regime not in means:
            continue
        value = reached_with(few, np.array(curve)[:, None], np.array([means[regime]]))[0]
        spread = reached_with(few, np.stack(drawn), draws[regime])
        low, high = np.quantile(spread, [0.025, 0.975], method="nearest")
        found[regime] = Figure(float(value), float(low), float(high))
    return found, few[-1]


def _stale_curve(values: Mapping[str, Any], grid: Sequence[tuple[int, int]]) -> tuple[list[Any], list[int]]:
    """What ``source`` reaches by number of real sequences, and the numbers, from none on."""
    few = sorted({one for one, _ in grid})
    curve = [values["source"]]
    for one in few:
        orders = [order for other, order in grid if other == one]
        random = [order for order in orders if order] or orders
        curve.append(np.mean([values[f"{one} {order}"] for order in random], axis=0))
    return curve, [0, *few]


def _curve(home: _Home, regime: str, alone: float, metric: str) -> list[Point]:
    """The points of a regime, seeds and random orders averaged."""
    values: dict[tuple[int, str], list[float]] = {}
    for (name, few, order), records in home.chosen.items():
        if name == regime and few:
            kind = "random" if order else "file"
            # Records hold the usual metrics; others can be had of the cases, without a curve.
            known = [float(one.metrics[metric]) for one in records if metric in one.metrics]
            if known:
                values.setdefault((few, kind), []).extend(known)
    starts = {kind: Point(0, kind, alone) for _, kind in values} or {"file": Point(0, "file", alone)}
    points = [Point(few, kind, float(np.mean(some))) for (few, kind), some in sorted(values.items())]
    return [*starts.values(), *points]


def mean_gap(found: Sequence[Worth], regime: str) -> Figure | None:
    """The mean gap closed over homes and changes; homes are drawn apart."""
    having = [one for one in found if regime in one.gaps]
    if not having:
        return None
    mean = float(np.mean([one.gaps[regime].mean for one in having]))
    return Figure(mean, *interval(np.mean([one.gap_draws[regime] for one in having], axis=0)))


def mean_difference(found: Sequence[Worth], regime: str, other: str) -> Figure | None:
    """The mean paired difference of two regimes over homes and changes that have both."""
    having = [one for one in found if one.over(regime, other)]
    if not having:
        return None
    means = [one.figures[regime].mean - one.figures[other].mean for one in having]
    draws = np.mean([one.draws[regime] - one.draws[other] for one in having], axis=0)
    return Figure(float(np.mean(means)), *interval(draws))


def refuse_none(found: Sequence[Worth], left_out: Sequence[str], metric: str) -> None:
    """No comparison is an error that says why, or how to make one.

    Raises:
        SmartgenError: there is none.
    """
    if not found and left_out:
        raise NothingRecordedError(left_out[0])
    if not found:
        raise NothingRecordedError(
            f"no home has records of {metric} under source and another regime (protocol=unified); "
            "`smartgen experiment=worth` makes them"
        )
