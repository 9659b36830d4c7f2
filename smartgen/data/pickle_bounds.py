"""What the opcodes of a pickle ask for, looked at before any of them runs.

A few bytes can ask for terabytes: a length that no data stands behind, a place in the memo in the billions.
Others can ask for an hour: a tuple that holds one tuple twice, and so on, as the key of a table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


class OversizedError(Exception):
    """A pickle asks for more than it holds."""


# Opcodes with nothing behind them, or with something of one size; places of the memo up to a million.
_PLAIN: Final = re.compile(
    rb"(?s)(?:[\[\]()}0-2NQRabelot\x81\x85-\x89\x8f\x92-\x94\x97\x98]|[Kqh]."
    rb"|M..|J....|j....|r..[\x00-\x0f]\x00|G.{8}|\x80.)*+"
)
_HASHING: Final = b"sud\x90\x91"
_LENGTHS: Final = {
    **dict.fromkeys(b"UC\x8c\x8a", 1),
    **dict.fromkeys(b"XBT\x8b", 4),
    **dict.fromkeys(b"\x8d\x8e\x96\x95", 8),
}
_LINES: Final = {**dict.fromkeys(b"ILFSVpgP", 1), **dict.fromkeys(b"ci", 2)}
_EXTENSION: Final = {0x82: 1, 0x83: 2, 0x84: 4}
_FRAME, _PUT, _LONG_PUT, _STOP = 0x95, ord("p"), ord("r"), ord(".")


@dataclass(frozen=True)
class Scanned:
    """What is in a pickle.

    Args:
        tables: whether it makes tables or sets, whose keys are hashed.
    """

    tables: bool


def scan(data: bytes) -> Scanned:
    """Go through all opcodes up to the end of the pickle.

    Raises:
        OversizedError: a length or a place in the memo is beyond the data; or an opcode that there is not,
            or one that names a class by a number.
    """
    place, tables = 0, False
    while True:
        place = _PLAIN.match(data, place).end()  # type: ignore[union-attr]  # it matches nothing, too
        if place >= len(data):
            raise OversizedError("it ends too soon")
        code = data[place]
        if code == _STOP:
            return Scanned(tables)
        tables = tables or code in _HASHING
        place = place + 1 if code in _HASHING else _behind(data, place + 1, code)


def _behind(data: bytes, place: int, code: int) -> int:
    """Where the next opcode begins, behind one with an argument at ``place``."""
    if code in _LENGTHS:
        end = place + _LENGTHS[code]
        length = int.from_bytes(data[place:end], "little")
        if end + length > len(data):
            raise OversizedError(f"it tells of {length:,} bytes at offset {place - 1:,}, and ends before")
        return end if code == _FRAME else end + length
    if code == _LONG_PUT:
        _check_place(int.from_bytes(data[place : place + 4], "little"), data)
        return place + 4
    if code in _LINES:
        start = place
        for _ in range(_LINES[code]):
            place = data.find(b"\n", place) + 1
            if not place:
                raise OversizedError("it ends too soon")
        if code == _PUT:
            digits = data[start : place - 1]
            _check_place(int(digits) if digits.isdigit() and len(digits) < 20 else len(data) + 1, data)
        return place
    if code in _EXTENSION:
        raise OversizedError("it names a class by a number")
    raise OversizedError(f"there is no opcode 0x{code:02x}, at offset {place - 1:,}")


def _check_place(number: int, data: bytes) -> None:
    """A memo is filled from 0 on, so that no place is beyond the number of opcodes."""
    if number > len(data):
        raise OversizedError(f"it puts a value at place {number:,} of its memo")
