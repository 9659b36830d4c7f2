"""The rows of a CSV file, block by block, with their line numbers (ours)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final, TextIO

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError

BLOCK: Final = 1 << 15
DELIMITERS: Final = (",", ";", "\t", "|")
_LONGEST_FIELD: Final = 1 << 17
_END: Final = "\0"  # a last line that no file has: a quote that is open there never ends
_LINE_END: Final = re.compile("\r\n|\r|\n")

Rows = list[list[str]]


class CsvRows:
    """A CSV file being read: its header, then its rows.

    Args:
        text: with line ends as they are in the file.
        path: for messages.

    Attributes:
        header: names of the columns.
        delimiter: what parts them.
        tall: whether a row of the block that was read last takes several lines, which a quote can make.

    Raises:
        SmartgenError: there is no header.
    """

    def __init__(self, text: TextIO, path: Path) -> None:
        self._path, self.tall = path, False
        blank, first = _first_line(text)
        if not first:
            raise SmartgenError(
                f"{path}: holds blank lines alone, expected a line with the names of the columns"
            )
        csv.field_size_limit(_LONGEST_FIELD)
        self._blank, self.delimiter = blank, delimiter(first)
        self._reader = csv.reader(
            chain([first], text, [_END]), delimiter=self.delimiter, skipinitialspace=True
        )
        self.header = self._take(1)[0]
        self.header[0] = self.header[0].removeprefix("\ufeff")
        if self.header[-1].endswith(_END):
            raise self._endless(blank + 1)

    @property
    def _line(self) -> int:
        """Of the file, from 1: the next that the reader takes."""
        return self._blank + self._reader.line_num + 1

    def blocks(self) -> Iterator[tuple[Rows, NDArray[np.int64]]]:
        """Rows with the number of the line that each begins in; blank lines are left out.

        Raises:
            SmartgenError: a field does not end.
        """
        start = self._line
        while rows := self._take(BLOCK):
            self.tall = self._line - start != len(rows)
            lines, start = self._lines(rows, start), self._line
            if rows[-1] == [_END]:
                rows, lines = rows[:-1], lines[:-1]
            elif rows[-1] and rows[-1][-1].endswith(_END):
                raise self._endless(int(lines[-1]))
            if min(map(len, rows), default=2) < 2:
                full = [len(row) > 1 or bool(row and row[0].strip()) for row in rows]
                rows = [row for row, keep in zip(rows, full, strict=True) if keep]
                lines = lines[np.array(full)]
            if rows:
                yield rows, lines

    def _take(self, count: int) -> Rows:
        start, rows = self._line, Rows()
        try:
            rows.extend(islice(self._reader, count))
        except csv.Error as error:  # rows has those before
            raise self._endless(start + sum(map(_height, rows))) from error
        return rows

    def _lines(self, rows: Rows, start: int) -> NDArray[np.int64]:
        if not self.tall:
            return np.arange(start, self._line)
        heights = np.fromiter(map(_height, rows), np.int64, len(rows))
        return start + np.cumsum(heights) - heights

    def _endless(self, line: int) -> SmartgenError:
        return SmartgenError(
            f"{self._path}: line {line:,} begins a field that does not end (of more than {_LONGEST_FIELD:,} "
            "characters, or with a quote that nothing closes); close or remove its quote"
        )


def over_lines(field: str) -> bool:
    """Whether a field holds a line's end, as one does whose quote is closed in a later line."""
    return "\n" in field or "\r" in field


def lines_of(field: str) -> list[str]:
    """The lines of a field, as CSV parts them."""
    return _LINE_END.split(field)


def _first_line(text: TextIO) -> tuple[int, str]:
    """How many blank lines come first, and the line after them; an empty one: there is none."""
    blank = 0
    for line in text:
        if line.strip():
            return blank, line
        blank += 1
    return blank, ""


def delimiter(header: str) -> str:
    """The one that parts the header into most names."""

    def parts(one: str) -> int:
        return len(next(csv.reader([header[:_LONGEST_FIELD]], delimiter=one)))

    return max(DELIMITERS, key=parts)


def _height(row: list[str]) -> int:
    """Lines that a row takes."""
    return 1 + sum(len(_LINE_END.findall(field)) for field in row if over_lines(field))
