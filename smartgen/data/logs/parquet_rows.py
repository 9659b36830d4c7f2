"""The rows of a Parquet file, block by block (ours)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.blocks import Block
from smartgen.data.logs.clock import MILLISECONDS, known_zone, local_offsets
from smartgen.data.logs.columns import Columns
from smartgen.data.logs.stamps import WALL, Stamps, number_stamps, text_stamps

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BLOCK: Final = 1 << 15
LONGEST: Final = 4096  # bytes of a text; a few bytes can stand for a long one in millions of rows
_LIMIT: Final = 1 << 52  # of a count of seconds to nanoseconds; beyond it no float is exact
_OFFSET: Final = re.compile(r"([+-])(\d\d?)(?::?(\d\d))?", re.ASCII)
_UNITS: Final = {"s": (1000, 1), "ms": (1, 1), "us": (1, 1000), "ns": (1, 1_000_000)}


@contextmanager
def opened_parquet(path: Path) -> Iterator[pq.ParquetFile]:
    """A Parquet file.

    Raises:
        SmartgenError: at any point of reading: it is missing, or no whole Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as stream:
            whole = pq.ParquetFile(stream, pre_buffer=False)
            # So a text that stands in many rows is kept once, as it is in the file.
            texts = [one.name for one in whole.schema_arrow if pa.types.is_string(one.type)]
            with pq.ParquetFile(
                stream, metadata=whole.metadata, read_dictionary=texts, pre_buffer=False, buffer_size=1 << 16
            ) as file:
                yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise SmartgenError(
            f"{path}: cannot be read as Parquet ({lines[0][:120]}); write it again"
        ) from error


def parquet_blocks(file: pq.ParquetFile, columns: Columns, path: Path) -> Iterator[Block]:
    """Blocks of rows, numbered from 1.

    Raises:
        SmartgenError: a column is of a type that holds no times or no texts.
    """
    names = [file.schema_arrow.names[place] for place in columns.needed]
    _check_sizes(file, names, path)
    start = 0
    for batch in file.iter_batches(BLOCK, columns=names, use_threads=False):
        times, *texts = (batch.column(name) for name in names)
        devices, values, *more = (_texts(one, name, path) for one, name in zip(texts, names[1:], strict=True))
        yield Block(
            _stamps(times, names[0], path),
            devices,
            values,
            more[0] if more else None,
            np.arange(start + 1, start + 1 + len(times)),
            "row",
            partial(_written, times),
        )
        start += len(times)


def _check_sizes(file: pq.ParquetFile, names: list[str], path: Path) -> None:
    """Raise SmartgenError where packed values are far longer than any name or time."""
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        if group.total_byte_size <= LONGEST * (group.num_rows + BLOCK):
            continue  # without a look at its columns: of damaged statistics pyarrow ends the whole process
        for place in range(group.num_columns):
            column = group.column(place)
            wanted = column.path_in_schema.split(".")[0] in names
            if wanted and column.total_uncompressed_size > LONGEST * (group.num_rows + BLOCK):
                raise _too_long(column.path_in_schema, path)


def _too_long(name: str, path: Path) -> SmartgenError:
    return SmartgenError(
        f"{path}: column {name!r} holds texts of over {LONGEST:,} bytes, expected names and times"
    )


def _written(column: pa.Array, row: int) -> str:
    """A cell in words, whatever it holds."""
    import pyarrow as pa

    cell, kind = column[row], column.type
    if not pa.types.is_timestamp(kind) or not cell.is_valid:
        return str(cell)
    return f"{np.datetime64(cell.value, kind.unit)}{' UTC' if kind.tz else ''}"


def _texts(column: pa.Array, name: str, path: Path) -> list[str]:
    """Texts of a column; those of nulls are empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        values = _texts(column.dictionary, name, path)
        places = column.indices.to_pylist()
        if any(i is not None and not 0 <= i < len(values) for i in places):
            raise SmartgenError(
                f"{path}: column {name!r} is damaged, it names texts that it lacks; write it again"
            )
        return [values[i] if i is not None else "" for i in places]
    if pa.types.is_string(column.type) and (pc.max(pc.binary_length(column)).as_py() or 0) > LONGEST:
        raise _too_long(name, path)
    try:
        found: list[str] = column.cast(pa.string()).fill_null("").to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise SmartgenError(
            f"{path}: column {name!r} is of type {column.type!s:.60}, expected texts"
        ) from error
    return found


def _stamps(column: pa.Array, name: str, path: Path) -> Stamps:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        if pa.types.is_string(kind.value_type):
            return text_stamps(_texts(column, name, path))
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_timestamp(kind):
        return _typed(column, path)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False)
        return number_stamps(numbers.fill_null(np.nan).to_numpy(zero_copy_only=False))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return text_stamps(_texts(column, name, path))
    raise SmartgenError(f"{path}: column {name!r} is of type {kind!s:.60}, expected times, texts or numbers")


def _typed(column: pa.Array, path: Path) -> Stamps:
    """Of a time stamp type: UTC and the offset of its zone, or a wall clock if it has none."""
    import pyarrow as pa

    counts = column.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    times_by, divided_by = _UNITS[column.type.unit]
    times = np.clip(counts // divided_by, -_LIMIT, _LIMIT) * times_by
    if column.type.tz is None:
        return Stamps.of(times, np.full(len(times), WALL, np.int32))
    return Stamps.of(times, _offsets(times // MILLISECONDS, column.type.tz, path))


def _offsets(seconds: Any, zone: str, path: Path) -> Any:
    """Of a zone by its name, or written as +01:00."""
    if (told := _OFFSET.fullmatch(zone)) is not None:
        ahead = (int(told[2]) * 60 + int(told[3] or 0)) * (-60 if told[1] == "-" else 60)
        return np.full(len(seconds), ahead, np.int32)
    try:
        return local_offsets(seconds, known_zone(zone))
    except SmartgenError as error:
        raise SmartgenError(f"{path}: its times are of the zone {zone!r:.60}, which is not known") from error
