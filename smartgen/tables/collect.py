"""Records and a declaration in, one row a cell of the table out; what is missing stays visible as a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.records import RESULT_FILE, Record
from smartgen.tables.compare import Source, Unit, in_range, judge, summarize
from smartgen.tables.declare import Metric, Place, Table
from smartgen.tables.marks import marks
from smartgen.tables.select import Choice, choose, lookup, matches, seed_of


@dataclass(frozen=True)
class TableCell:
    """One number of a table, ours beside the paper's. The first eighteen fields are the report's contract.

    Attributes:
        dataset: fr, sp or us, the name in our records. transition, method, metric: the paper's names.
        reference: what the verdict compares with; `reference_source` says where it is from.
        mean: over seeds, in `unit`, as are sd (0 below three seeds), min, max and delta = mean - reference.
        mark: where the paper contradicts itself or its release.
        seeds: (seed, value) pairs.
        in_range: whether the reference lies within the seeds' range; None without values or reference.
        keys: the records used.
        command: what makes or remakes the cell; empty if nothing is meant to.
    """

    dataset: str
    transition: str
    method: str
    metric: str
    protocol: str
    unit: Unit
    reference: float | None
    published: float | None
    released: float | None
    mean: float | None
    sd: float | None
    min: float | None
    max: float | None
    n: int
    delta: float | None
    verdict: str
    reason: str
    reference_source: Source
    mark: str
    seeds: tuple[tuple[Any, float], ...]
    in_range: bool | None
    keys: tuple[str, ...]
    command: str


@dataclass(frozen=True)
class _Runs:
    """What was recorded for one place: the chosen setting, and failures that no success made good."""

    choice: Choice
    failed: int


def collect(
    table: Table, records: Sequence[Record], where: Mapping[str, Any] | None = None
) -> list[TableCell]:
    """Every cell of the table, whether run or not.

    Args:
        table: the declaration.
        records: all that were recorded, of any table.
        where: further values that records must have.

    Raises:
        SmartgenError: a record whose metric is no number; the message names its file.
    """
    contradictions = marks(table)
    usable = [record for record in records if record.ok] + unresolved(records)
    usable = [record for record in usable if matches(record, where or {})]
    homes: dict[tuple[Any, Any], list[Record]] = {}
    for record in usable:
        homes.setdefault((lookup(record, "dataset"), lookup(record, "transition")), []).append(record)
    known: dict[str, _Runs] = {}
    cells = []
    for place in table.places:
        wanted = _wanted(table, place)
        name = f"{place.method} {sorted((wanted or {}).items())}"
        if name not in known:
            home = table.datasets[place.dataset], table.transitions[place.transition]
            known[name] = _find(
                homes.get(home, []), wanted, table.methods[place.method].defaults_of(place.dataset)
            )
        cells.append(_cell(table, place, known[name], contradictions.get(place, "")))
    return cells


def unresolved(records: Sequence[Record]) -> list[Record]:
    """Failed records without a success of the same axes and settings, under another key (inputs, code)."""
    done = [record for record in records if record.ok]
    return [
        record for record in records if not record.ok and not any(_heals(other, record) for other in done)
    ]


def _heals(done: Record, failed: Record) -> bool:
    """Whether a success is of what failed; settings that a failure does not tell are not held against it."""
    return done.axes == failed.axes and (not failed.config or done.config == failed.config)


def _wanted(table: Table, place: Place) -> dict[str, Any] | None:
    """The axes of the records that fill a place; None where none is meant to."""
    cells = table.methods[place.method].cells
    if cells is None:
        return None
    where = {"dataset": table.datasets[place.dataset], "transition": table.transitions[place.transition]}
    return {**table.axes, **where, **table.metrics[place.metric].axes, **cells}


def _find(records: Sequence[Record], wanted: Mapping[str, Any] | None, defaults: Mapping[str, Any]) -> _Runs:
    found = [] if wanted is None else [record for record in records if matches(record, wanted)]
    choice = choose([record for record in found if record.ok], defaults)
    return _Runs(choice, sum(not record.ok for record in found))


def _cell(table: Table, place: Place, runs: _Runs, mark: str) -> TableCell:
    metric, chosen = table.metric_of(place), runs.choice.records
    pairs = [(record, value) for record in chosen if (value := _value(record, metric)) is not None]
    values = [value for _, value in pairs]
    summary = summarize(values)
    published, released = table.published.get(place), table.released.get(place)
    judged = judge(
        values, published, released, metric.unit, failed=runs.failed, skipped=table.skip_reason(place)
    )
    lacking = len(chosen) - len(pairs)
    gap = f"{lacking} of {len(chosen)} records have no {metric.key!r}" if lacking else ""
    wanted = _wanted(table, place) or table.axes
    return TableCell(
        dataset=table.datasets[place.dataset],
        transition=place.transition,
        method=place.method,
        metric=place.metric,
        protocol=str(wanted.get("protocol", "")),
        unit=metric.unit,
        reference=judged.reference,
        published=published,
        released=released,
        mean=summary.mean,
        sd=summary.sd,
        min=summary.low,
        max=summary.high,
        n=summary.n,
        delta=judged.delta,
        verdict=judged.verdict,
        reason="; ".join(part for part in (judged.reason, gap, runs.choice.note) if part),
        reference_source=judged.source,
        mark=mark,
        seeds=tuple((seed_of(record), value) for record, value in pairs),
        in_range=in_range(values, judged.reference, metric.unit),
        keys=tuple(record.key for record, _ in pairs),
        command=_command(table, place),
    )


def _value(record: Record, metric: Metric) -> float | None:
    """The metric in the table's unit; None where the record lacks it or it is undefined there."""
    for block in (record.metrics, record.counts):
        value: Any = block
        for part in [metric.key] if metric.key in block else metric.key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            file = record.path / RESULT_FILE
            raise SmartgenError(f"{file}: {metric.key}: expected a number, got {value!r}; run the cell again")
        return value * metric.scale if metric.scale != 1 else value
    return None


def _command(table: Table, place: Place) -> str:
    """The table's command narrowed to the cell; Hydra lets these choices win over the sweep's own."""
    method = table.methods[place.method]
    if method.cells is None or not method.command:
        return ""
    dataset, transition = table.datasets[place.dataset], table.transitions[place.transition]
    return f"{method.command} dataset={dataset} transition={transition}"
