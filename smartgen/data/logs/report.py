"""What a log is and what happened to its rows, for a person before anything is trained on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from smartgen.data.logs.log import BLOCK, Log, stamp
from smartgen.data.logs.tally import Counted
from smartgen.data.windows import BUCKET, DAY

GAP = DAY  # seconds without a behavior that are told
MOST = 3  # of the longest gaps, and of changes of the clock
YEAR = 365.25 * GAP
FAR, FEW = 60 * GAP, 0.01  # seconds without a behavior, and the share beyond them that is odd


def log_report(log: Log) -> dict[str, Any]:
    """JSON's own types; ``rows`` = ``behaviors`` + the counts of ``dropped``."""
    tally, (days, hours) = log.tally, _days_and_hours(log)
    return {
        "path": str(log.path),
        "format": log.format,
        "rows": tally.rows,
        "behaviors": len(log),
        "dropped": _counts(tally.dropped),
        "repaired": _counts(tally.repaired),
        "notes": [*tally.notes, *oddities(log)],
        "devices": len(log.vocabulary.devices),
        "actions": len(log.vocabulary.actions),
        "used_actions": len(np.unique(log.actions)),
        "off_actions": sorted(log.vocabulary.actions[i] for i in log.vocabulary.off_actions),
        "first": _when(log, 0),
        "last": _when(log, -1),
        "days": days,
        "hours": hours,
        "gaps": _gaps(log),
        "clock_changes": _clock_changes(log),
    }


def _days_and_hours(log: Log) -> tuple[int, list[int]]:
    """Days with a behavior, and behaviors in each bucket; by blocks, for a log may be large."""
    days: set[int] = set()
    hours = np.zeros(DAY // BUCKET, dtype=np.int64)
    for start in range(0, len(log), BLOCK):
        clock = log.times[start : start + BLOCK] + log.offsets[start : start + BLOCK]
        days.update(np.unique(clock // DAY).tolist())
        hours += np.bincount(clock % DAY // BUCKET, minlength=len(hours))
    return len(days), hours.tolist()


def _when(log: Log, behavior: int) -> str:
    return stamp(int(log.times[behavior]) + int(log.offsets[behavior]))


def oddities(log: Log) -> Iterator[str]:
    """What looks like a clock that was wrong: many changes, or a few behaviors far from all others."""
    years = (int(log.times[-1]) - int(log.times[0])) / YEAR
    changes = np.count_nonzero(np.diff(log.offsets))
    if changes > 2 * (years + 1):
        yield (
            f"the home's clock changes {changes:,} times, daylight saving does twice a year; where time "
            "stamps of several clocks are mixed, dataset.zone= puts all on the home's"
        )
    few = FEW * len(log)
    gaps = np.flatnonzero(np.diff(log.times) > FAR) + 1  # the behavior behind each
    before, after = gaps[gaps <= few][-1:].tolist(), gaps[len(log) - gaps <= few][:1].tolist()
    for alone, where, bound in (
        *((i, "before", i) for i in before),
        *((len(log) - i, "after", i - 1) for i in after),
    ):
        yield (
            f"{alone:,} of {len(log):,} behaviors {'lies' if alone == 1 else 'lie'} {where} "
            f"{_when(log, bound)}, over {FAR // GAP} days apart from the others; was a clock wrong?"
        )


def _counts(table: Mapping[str, Counted]) -> list[list[Any]]:
    """Reason, number and first row, most frequent first."""
    rows = sorted(table.items(), key=lambda item: (-item[1].count, item[0]))
    return [[name, one.count, one.first] for name, one in rows]


def _gaps(log: Log) -> dict[str, Any]:
    """Times of more than a day without a behavior: how many, and the longest."""
    gaps = np.diff(log.times)
    places = np.flatnonzero(gaps > GAP)
    longest = places[np.argsort(-gaps[places], kind="stable")][:MOST]
    told = [
        {
            "from": _when(log, i),
            "to": _when(log, i + 1),
            "hours": round(float(gaps[i]) / 3600, 1),
        }
        for i in longest.tolist()
    ]
    return {"count": len(places), "longest": told}


def _clock_changes(log: Log) -> list[dict[str, Any]]:
    """Where the home's clock was set, between two behaviors."""
    places = np.flatnonzero(np.diff(log.offsets))
    return [
        {"before": _when(log, i + 1), "minutes": int(log.offsets[i + 1] - log.offsets[i]) // 60}
        for i in places.tolist()
    ]


def report_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The report in plain lines."""
    yield f"{told['path']}: {told['rows']:,} rows read as {told['format']}, {told['behaviors']:,} behaviors"
    yield (
        f"  {told['devices']} devices, {told['actions']} actions ({told['used_actions']} of them used), "
        f"{told['first']} to {told['last']}, {told['days']} days with a behavior"
    )
    yield f"  busiest on the home's clock: {', '.join(_busiest(told['hours']))}"
    for title, rows in (("dropped", told["dropped"]), ("mended", told["repaired"])):
        yield f"  {title}: {sum(count for _, count, _ in rows):,}"
        for reason, count, first in rows:
            yield f"    {count:>10,}  {reason}; first {first}"
    gaps = told["gaps"]
    yield f"  gaps of more than a day: {gaps['count']}"
    for gap in gaps["longest"]:
        yield f"    {gap['hours']:>8} h  {gap['from']} to {gap['to']}"
    changes = told["clock_changes"]
    yield f"  changes of the home's clock: {len(changes)}"
    for change in changes[:MOST]:
        yield f"    {change['minutes']:+} min before {change['before']}"
    yield f"  actions that end something: {', '.join(told['off_actions']) or 'none'}"
    yield from (f"  note: {text}" for text in told["notes"])


def _busiest(counts: Sequence[int]) -> Iterator[str]:
    """The hours of most behaviors, with their shares: a clock that is wrong shows here."""
    for i in sorted(range(len(counts)), key=lambda i: -counts[i])[:MOST]:
        yield f"{3 * i:02}-{3 * i + 3:02} h {100 * counts[i] / sum(counts):.0f} %"
