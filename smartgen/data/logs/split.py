"""Which part of a log is of the former context and which of the new one (``transition.split``)."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.paths import typed_path
from smartgen.data.logs.csv_rows import delimiter
from smartgen.data.logs.log import Log, stamp
from smartgen.data.windows import DAY, HOUR

MINUTE = 60
HOURS = re.compile(r"(\d\d?):(\d\d)-(\d\d?):(\d\d)")
EXPECTED = (
    "expected a date (2024-03-20), two spans (2024-01-01/2024-03-01,2024-03-20/2024-05-01), hours of the day "
    "(18:00-06:00), or a CSV file of periods with the columns start and end"
)
Mask = NDArray[np.bool_]


def split_log(log: Log, split: str) -> tuple[Mask, Mask]:
    """(n,) what is of the former context, and (n,) what is of the new one; all on the home's own clock.

    Args:
        split: ``2024-03-20`` (before, and from then on), ``START/END,START/END`` (former and new span, ends
            excluded), ``18:00-06:00`` (hours of the new context; the others are the former one), or the path
            of a CSV file whose rows are periods of the new context, as with guests in the house.

    Raises:
        SmartgenError: another text, a file that is no list of periods, or a context without a behavior.
    """
    clock, file = log.clock, _file(split)
    if file is not None:
        new = _in_periods(clock, file)
        former = ~new
    elif HOURS.fullmatch(split):
        new = _in_hours(clock, split)
        former = ~new
    elif "/" in split and "," in split:
        former, new = _in_spans(clock, split)
    elif re.match(r"\d{4}-\d\d-\d\d", split):
        new = clock >= seconds(split, f"transition.split is {split!r}")
        former = ~new
    else:
        raise SmartgenError(f"transition.split is {split!r}, {EXPECTED}; no such file")
    for name, chosen in (("former", former), ("new", new)):
        if not chosen.any():
            span = f"{stamp(int(clock[0]))} to {stamp(int(clock[-1]))}"
            raise SmartgenError(
                f"transition.split is {split!r}, which leaves no behavior in the {name} context; the log "
                f"runs from {span}"
            )
    return former, new


def _file(split: str) -> Path | None:
    """The file that a split names; None where there is none of that name.

    Raises:
        SmartgenError: a name that no file can have, or a folder that may not be read.
    """
    try:
        file = typed_path(split)
        return file if file.is_file() else None
    except (OSError, ValueError) as error:  # too long, a NUL
        told = error.strerror if isinstance(error, OSError) else error
        raise SmartgenError(
            f"transition.split is {split[:60]!r}, {EXPECTED}; as a file's name: {told}"
        ) from error


def seconds(text: str, where: str) -> int:
    """A date or local time in seconds on the home's clock; one with a zone is an error."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise SmartgenError(f"{where}, {EXPECTED}") from error
    if found.tzinfo is not None:
        raise SmartgenError(f"{where}, expected times of the home's own clock, without a zone")
    return int(found.replace(tzinfo=UTC).timestamp())


def _in_hours(clock: NDArray[np.int64], split: str) -> Mask:
    numbers = [int(number) for number in re.findall(r"\d+", split)]
    start, end = (HOUR * hour + MINUTE * minute for hour, minute in (numbers[:2], numbers[2:]))
    if max(start, end) > DAY or max(numbers[1], numbers[3]) > 59 or start % DAY == end % DAY:
        raise SmartgenError(f"transition.split is {split!r}, expected two different times of the day")
    of_day = clock % DAY
    if start < end:
        return (of_day >= start) & (of_day < end)
    return (of_day >= start) | (of_day < end)


def _in_spans(clock: NDArray[np.int64], split: str) -> tuple[Mask, Mask]:
    where = f"transition.split is {split!r}"
    spans = [[seconds(text, where) for text in span.split("/")] for span in split.split(",")]
    if len(spans) != 2 or any(len(span) != 2 or span[0] >= span[1] for span in spans):
        raise SmartgenError(f"{where}, {EXPECTED}")
    (former, former_end), (new, new_end) = spans
    if former < new_end and new < former_end:
        raise SmartgenError(f"{where}, whose spans overlap; expected each behavior in one context")
    return (clock >= former) & (clock < former_end), (clock >= new) & (clock < new_end)


def _in_periods(clock: NDArray[np.int64], path: Path) -> Mask:
    new = np.zeros(len(clock), dtype=bool)
    for line, start, end in _periods(path):
        where = f"{path}: line {line} has {start!r:.40} and {end!r:.40}"
        first, last = seconds(start, where), seconds(end, where)
        if first >= last:
            raise SmartgenError(f"{where}, expected a start before its end")
        new |= (clock >= first) & (clock < last)
    return new


def _periods(path: Path) -> list[tuple[int, str, str]]:
    """Line number, start and end of each period."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            number, header = next(((i, row) for i, row in enumerate(stream, 1) if row.strip()), (1, ""))
            parted = delimiter(header)
            names = [one.strip().lower() for one in next(csv.reader([header], delimiter=parted), [])]
            if not {"start", "end"} <= set(names):
                raise SmartgenError(f"{path}: expected the columns start and end, in the first line")
            rows = csv.DictReader(stream, names, delimiter=parted, skipinitialspace=True)
            found = [(number + rows.line_num, row["start"] or "", row["end"] or "") for row in rows]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SmartgenError(f"{path}: expected a CSV file of periods in UTF-8 ({error})") from error
    if not found:
        raise SmartgenError(f"{path}: holds no period, expected a line for each")
    return found
