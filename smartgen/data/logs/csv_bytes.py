"""A CSV file's bytes as text, with all that is no CSV told apart before it fills the memory (ours)."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smartgen.core.errors import SmartgenError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST: Final = 1 << 20  # bytes of one line
_BLOCK: Final = 1 << 20
_PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip, as an Excel workbook is",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_MARKS: Final = {b"\xff\xfe\x00\x00": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@contextmanager
def opened_text(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    """The text of a file, line ends as they are; a byte order mark is left out.

    Args:
        encoding: ``dataset.encoding``.

    Raises:
        SmartgenError: at any point of reading: it is missing, empty, packed, no text, or of another encoding.
    """
    name = _known(encoding)
    try:
        with path.open("rb", buffering=0) as raw:
            _check_first(path, raw.read(4), name)
            raw.seek(0)
            checked = io.BufferedReader(
                _Checked(raw, path, nul=not name.startswith(("utf-16", "utf-32"))), _BLOCK
            )
            yield io.TextIOWrapper(checked, "utf-8-sig" if name == "utf-8" else name, newline="")
    except UnicodeError as error:
        raise SmartgenError(_undecodable(path, name)) from error
    except OSError as error:
        raise SmartgenError(f"{path}: cannot be read ({error.strerror or error})") from error


def _known(encoding: str) -> str:
    try:
        "".encode(encoding)  # refuses codecs that are not of text
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:  # ValueError: half a character, a NUL
        raise SmartgenError(
            f"dataset.encoding is {encoding!r}, which is no known encoding; expected such as utf-8, latin-1"
        ) from error


def _check_first(path: Path, first: bytes, encoding: str) -> None:
    if not first:
        raise SmartgenError(f"{path}: is empty, expected a line with the names of the columns, and rows")
    for magic, kind in _PACKED.items():
        if first.startswith(magic[:4]):
            raise SmartgenError(f"{path}: is packed ({kind}); unpack it, and name the CSV file in it")
    mark = next((name for start, name in _MARKS.items() if first.startswith(start)), None)
    if mark is not None and not encoding.startswith(mark):
        raise SmartgenError(f"{path}: is {mark}, not {encoding}; add dataset.encoding={mark}")


class _Checked(io.RawIOBase):
    """Bytes on their way to be decoded: a NUL or a line without end is an error at once.

    Args:
        nul: whether a NUL means that this is no text; in utf-16 and utf-32 it does not.
    """

    def __init__(self, raw: io.FileIO, path: Path, nul: bool) -> None:
        self._raw, self._path, self._nul = raw, path, nul
        self._read = 0
        self._line_start = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """As of any raw stream."""
        count = self._raw.readinto(buffer) or 0
        data = bytes(memoryview(buffer)[:count])
        if self._nul and (place := data.find(b"\0")) >= 0:
            raise SmartgenError(
                f"{self._path}: not a text file (a NUL at offset {self._read + place:,}); expected CSV"
            )
        end = max(data.rfind(b"\n"), data.rfind(b"\r"))
        if end >= 0:
            self._line_start = self._read + end + 1
        self._read += count
        if self._read - self._line_start > LONGEST + _BLOCK:
            raise SmartgenError(
                f"{self._path}: the line at offset {self._line_start:,} does not end within "
                f"{LONGEST:,} bytes; expected CSV, a row a line"
            )
        return count


def _undecodable(path: Path, encoding: str) -> str:
    """Where the first byte is that is not of the encoding."""
    decoder, line, read = codecs.getincrementaldecoder(encoding)(), 1, 0
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
                line += block.count(b"\n")
                read += len(block)
            decoder.decode(b"", final=True)
    except UnicodeError as error:
        if not isinstance(error, UnicodeDecodeError):
            return f"{path}: is not {encoding} ({error}); name the file's encoding with dataset.encoding="
        tail = len(error.object) - error.start
        bad = error.object[error.start : error.start + 1].hex()
        place = read + len(block) - tail
        line += block[: max(0, len(block) - tail)].count(b"\n")
        other = "latin-1" if encoding.startswith("utf-8") else "utf-8"
        return (
            f"{path}: line {line:,} is not {encoding} (0x{bad} at offset {place:,}); name the file's "
            f"encoding, such as dataset.encoding={other}"
        )
    return f"{path}: is not {encoding}; name the file's encoding with dataset.encoding="
