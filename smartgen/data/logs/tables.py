"""A home's log as a table, CSV or Parquet: one row an event with a time, a device and an action (ours)."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.blocks import Block, collect
from smartgen.data.logs.columns import Columns, find_columns
from smartgen.data.logs.csv_bytes import opened_text
from smartgen.data.logs.csv_rows import CsvRows, Rows, lines_of, over_lines
from smartgen.data.logs.events import Events
from smartgen.data.logs.mapping import LogMapping, load_mapping
from smartgen.data.logs.parquet_rows import opened_parquet, parquet_blocks
from smartgen.data.logs.stamps import text_stamps
from smartgen.data.logs.tally import Tally
from smartgen.logs_settings import LogsSettings

RAGGED: Final = "another number of columns than the header"
TALL: Final = "a row of several lines, by quotes"
_SHOWN: Final = 40


def read_csv(settings: LogsSettings, path: Path, tally: Tally) -> Events:
    """The behaviors of a CSV file, in its order; it is read in blocks, never as a whole.

    Raises:
        SmartgenError: what is wrong with the file as a whole: no text, no such columns, no time zone, ...
    """
    mapping = _mapping(settings)
    with opened_text(path, settings.encoding) as text:
        rows = CsvRows(text, path)
        columns = find_columns(rows.header, settings, mapping, path, tally)
        blocks = _csv_blocks(rows, columns, path, tally)
        return collect(blocks, settings.zone, mapping, path, tally)


def read_parquet(settings: LogsSettings, path: Path, tally: Tally) -> Events:
    """The behaviors of a Parquet file, in its order; it is read in blocks, never as a whole.

    Raises:
        SmartgenError: what is wrong with the file as a whole.
    """
    mapping = _mapping(settings)
    with opened_parquet(path) as file:
        columns = find_columns(file.schema_arrow.names, settings, mapping, path, tally)
        return collect(parquet_blocks(file, columns, path), settings.zone, mapping, path, tally)


def _mapping(settings: LogsSettings) -> LogMapping | None:
    return None if settings.mapping is None else load_mapping(settings.mapping)


def _csv_blocks(rows: CsvRows, columns: Columns, path: Path, tally: Tally) -> Iterator[Block]:
    for some, lines in rows.blocks():
        if rows.tall:
            _check_tall(rows, some, lines, columns.needed, path, tally)
        even, lines = _even(some, lines, len(rows.header), tally)
        if even:
            times, devices, values, *more = (list(map(itemgetter(place), even)) for place in columns.needed)
            yield Block(
                text_stamps(times),
                devices,
                values,
                more[0] if more else None,
                lines,
                "line",
                times.__getitem__,
            )


def _check_tall(
    file: CsvRows, rows: Rows, lines: NDArray[np.int64], needed: list[int], path: Path, tally: Tally
) -> None:
    """Two stray quotes make one row of all rows between them: refused; remarks of several lines are counted.

    Raises:
        SmartgenError: names the line in which a field begins that holds further rows.
    """
    width = len(file.header)
    tall = [i for i, row in enumerate(rows) if any(map(over_lines, row))]
    for i in tall:
        names = needed if len(rows[i]) == width else range(len(rows[i]))
        for place, field in enumerate(rows[i]):
            parted = [line.count(file.delimiter) for line in lines_of(field.strip())]
            if len(parted) > 1 and (max(parted[1:]) >= width - 1 or (place in names and any(parted))):
                raise SmartgenError(
                    f"{path}: a field of the row that begins in {_line(lines, i)} holds further rows, "
                    f"expected one value ({field[:_SHOWN]!r}...); close or remove its quote"
                )
    if tall:
        tally.repair(TALL, len(tall), _line(lines, tall[0]))


def _line(lines: NDArray[np.int64], row: int) -> str:
    return f"line {int(lines[row]):,}"


def _even(rows: Rows, lines: NDArray[np.int64], width: int, tally: Tally) -> tuple[Rows, NDArray[np.int64]]:
    """Rows of the header's width; others are counted as read and dropped."""
    if set(map(len, rows)) == {width}:
        return rows, lines
    fits = np.fromiter(map(len, rows), np.int64, len(rows)) == width
    odd = int(np.flatnonzero(~fits)[0])
    count = int((~fits).sum())
    tally.rows += count
    tally.drop(RAGGED, count, f"{_line(lines, odd)}: {len(rows[odd])} instead of {width}")
    return [row for row, fit in zip(rows, fits.tolist(), strict=True) if fit], lines[fits]
