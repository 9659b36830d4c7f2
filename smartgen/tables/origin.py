"""Where the numbers of a report come from: when, at which commits, with which versions and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartgen.core.records import Record
from smartgen.tables.collect import TableCell
from smartgen.tables.select import differing, setting, when

SHOWN_COMMITS = 3
COMMIT_DIGITS = 10
BY_CELL = ("dataset", "transition")  # what these set differs from cell to cell by design


def describe(cells: Sequence[TableCell], records: Sequence[Record]) -> list[str]:
    """A few lines on the records behind these cells: count, period, time spent, commits, versions, settings.

    Whatever the records' `run` blocks leave out is left out here.
    """
    keys = {key for cell in cells for key in cell.keys}
    used = [record for record in records if record.key in keys]
    return [*_settings(cells, used), *origin_of(used)]


def origin_of(records: Sequence[Record]) -> list[str]:
    """The same lines on records alone, without their settings."""
    used = sorted(records, key=lambda one: (when(one), one.key))
    if not used:
        return ["no records used"]
    counted = f"{len(used)} records{_period(used)}{_effort(used)}"
    return [line for line in (counted, _commits(used), _versions(used)) if line]


def seconds_of(record: Record) -> float:
    """Seconds that a cell took: one number, or seconds by stage, whose `total` goes before their sum."""
    seconds: Any = record.run.get("seconds", 0)
    if isinstance(seconds, Mapping):
        parts = [value for value in seconds.values() if isinstance(value, int | float)]
        seconds = seconds.get("total", sum(parts))
    return float(seconds) if isinstance(seconds, int | float) else 0.0


def _settings(cells: Sequence[TableCell], used: Sequence[Record]) -> list[str]:
    """A line for the methods whose cells of a task were not all run with the same settings."""
    methods: dict[str, list[str]] = {}
    for method in dict.fromkeys(cell.method for cell in cells):
        keys = {key for cell in cells if cell.method == method for key in cell.keys}
        mine = [record for record in used if record.key in keys]
        tasks = dict.fromkeys(record.axes.get("task") for record in mine)
        said = [_varied([r for r in mine if r.axes.get("task") == task]) for task in tasks]
        if any(said):
            told = "; ".join(dict.fromkeys(text for some in said for text in some))
            methods.setdefault(told, []).append(method)
    return [
        f"settings that differ between cells of {', '.join(names)}: {said}" for said, names in methods.items()
    ]


def _varied(records: Sequence[Record]) -> list[str]:
    """Each setting in which these records differ with its values."""
    settings = [setting(record) for record in records]
    keys = [key for key in differing(settings) if key.split(".")[0] not in BY_CELL]
    return [f"{key} {', '.join(dict.fromkeys(str(one.get(key)) for one in settings))}" for key in keys]


def _period(used: Sequence[Record]) -> str:
    times = [when(record)[:16].replace("T", " ") for record in used if when(record)]
    if not times:
        return ""
    return f", {times[0]}" if times[0] == times[-1] else f", {times[0]} to {times[-1]}"


def _effort(used: Sequence[Record]) -> str:
    seconds = round(sum(seconds_of(record) for record in used))
    if not seconds:
        return ""
    hours, minutes = divmod(seconds // 60, 60)
    spent = f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"
    return f", {spent} of computing"


def _commits(used: Sequence[Record]) -> str:
    commits = [str(commit)[:COMMIT_DIGITS] for record in used if (commit := record.run.get("commit"))]
    if not commits:
        return ""
    distinct = list(dict.fromkeys(commits))
    shown = ", ".join(distinct)
    if len(distinct) > SHOWN_COMMITS:
        shown = f"{distinct[0]} to {distinct[-1]} ({len(distinct)} commits)"
    dirty = sum(bool(record.run.get("dirty")) for record in used)
    return f"commit {shown}" + (f"; {dirty} records from a changed working tree" if dirty else "")


def _versions(used: Sequence[Record]) -> str:
    seen: dict[str, dict[str, None]] = {}
    for record in used:
        versions = record.run.get("versions")
        for name, version in (versions if isinstance(versions, Mapping) else {}).items():
            seen.setdefault(str(name), {})[str(version)] = None
    return ", ".join(f"{name} {'/'.join(versions)}" for name, versions in sorted(seen.items()))
