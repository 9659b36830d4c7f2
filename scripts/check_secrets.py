"""Search folders and files for secrets that must stand nowhere, in whatever form.

    OPENAI_API_KEY=sk-... python scripts/check_secrets.py outputs /tmp/said.log

The secrets are those of the environment: the variables that ``--variable`` names, or the usual ones of keys
and the passwords of proxies. Any 12 characters of one that follow each other are a find: as they are,
backwards, in base64, or with signs written as ``%2F`` or ``\\/``, each also in UTF-16 and UTF-32. Files are
searched as bytes; members of zip and npz files and what gzip or xz packed are unpacked, SQLite's values and
the records of W&B's files put together.
It prints a line a find, and the places searched, files, bytes and finds; the secrets themselves it does not
show. Exit code 1 if there is a find.
"""

import argparse
import base64
import gzip
import io
import lzma
import os
import re
import sqlite3
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote, urlsplit

from smartgen.core.errors import SmartgenError
from smartgen.core.masks import PART

KEYS = ("OPENAI_API_KEY", "SMARTGEN_LLM_KEY", "WANDB_API_KEY")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
WANDB = b":W&B"
WIDE = {"UTF-16": ("utf-16-le", "utf-16-be"), "UTF-32": ("utf-32-le", "utf-32-be")}  # in both byte orders
PACKERS: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ": lzma.open}
UNPACKED = 1 << 30  # bytes of one packed thing: a bomb must not take the machine's memory
Needles = dict[tuple[str, str], set[bytes]]


@dataclass
class Searched:
    """What a search went through, and what it found: place, the secret's name, and its form there."""

    places: list[Path]
    files: int = 0
    bytes: int = 0
    finds: list[tuple[str, str, str]] = field(default_factory=list)


def secrets_of(environment: Mapping[str, str], variables: Sequence[str] = ()) -> dict[str, str]:
    """Secrets by the variable that holds them.

    Raises:
        SmartgenError: none is set, or one is too short to be told from a word.
    """
    found = {name: environment[name] for name in variables or KEYS if environment.get(name)}
    for name in (*PROXIES, *map(str.lower, PROXIES)) if not variables else ():
        password = urlsplit(environment.get(name, "")).password
        found |= {} if password is None else {name: unquote(password)}
    if not found:
        raise SmartgenError(
            f"none of {', '.join(variables or (*KEYS, *PROXIES))} is set; nothing to look for"
        )
    for name, secret in found.items():
        if len(secret) < PART:
            raise SmartgenError(f"{name} has under {PART} characters, which any text may hold by chance")
    return found


def forms(secret: str) -> dict[str, str]:
    """A secret as others may write it, by what was done to it."""
    coded = [base64.b64encode(b"\0" * skip + secret.encode()).decode() for skip in range(3)]
    return {
        "as it is": secret,
        "backwards": secret[::-1],
        "in an address": quote(secret, safe=""),
        "in JSON": secret.replace("/", "\\/"),
        **{f"base64 from {skip}": text[skip and skip + 1 : -4] for skip, text in enumerate(coded)},
        "base64 of it backwards": base64.b64encode(secret[::-1].encode()).decode()[:-4],
        "in hexadecimal digits": secret.encode().hex(),
    }


def search(places: Iterable[Path], secrets: Mapping[str, str]) -> Searched:
    """All files of places, hidden ones included; links to files are read, to folders not followed."""
    needles, wide = needles_of(secrets)
    done = Searched(list(places))
    for path in (path for place in done.places for path in files_of(place)):
        done.files += 1
        done.bytes += path.stat().st_size
        for where, data in [(str(path), str(path).encode()), *views(str(path), path.read_bytes())]:
            done.finds += [
                (where, name, form)
                for (name, form), parts in (needles | wide if b"\0" in data else needles).items()
                if any(part in data for part in parts)
            ]
    return done


def needles_of(secrets: Mapping[str, str]) -> tuple[Needles, Needles]:
    """What is looked for, by secret and form: bytes of text as ever, and of text of 2 or 4 bytes a character.

    The zeros at the ends of the latter say nothing; without them most texts are the same in both byte orders.
    """
    narrow: Needles = {}
    wide: Needles = {}
    for name, secret in secrets.items():
        for form, text in forms(secret).items():
            parts = [text[at : at + PART] for at in range(len(text) - PART + 1)]
            narrow[name, form] = {part.encode() for part in parts}
            for code, orders in WIDE.items():
                wide[name, f"{form}, in {code}"] = {
                    part.encode(order).strip(b"\0") for part in parts for order in orders
                }
    return narrow, wide


def files_of(place: Path) -> Iterator[Path]:
    """A file, or those of a folder."""
    if place.is_file():
        yield place
    for root, _, names in os.walk(place):
        yield from (path for name in sorted(names) if (path := Path(root, name)).is_file())


def views(where: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file's bytes, and what they hold packed or in pieces, packed again or not."""
    yield where, data
    if b"\\u00" in data:
        plain = re.sub(rb"\\u00([0-7][0-9a-fA-F])", lambda code: bytes([int(code[1], 16)]), data)
        yield f"{where} (JSON's \\u00)", plain
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    yield from views(f"{where}: {name}", _unpacked(where, member))
    elif data.startswith(tuple(PACKERS)):
        (opened,) = (way for head, way in PACKERS.items() if data.startswith(head))
        with opened(io.BytesIO(data)) as packed:
            yield from views(f"{where} (unpacked)", _unpacked(where, packed))
    elif data.startswith(b"SQLite format 3\0"):
        yield f"{where} (values)", b"\n".join(values(Path(where), data))
    elif data.startswith(WANDB):
        yield f"{where} (records)", records(data)


def values(path: Path, data: bytes) -> Iterator[bytes]:
    """Every value of every table, which lie on pages in pieces; also those of a write-ahead log beside it.

    Args:
        path: of the database; no file where it lies in something packed.
        data: its bytes.
    """
    with tempfile.TemporaryDirectory() as scratch:
        if not path.is_file():
            path = Path(scratch) / "unpacked.sqlite"
            path.write_bytes(data)
        yield from _values(path)


def _values(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in tables:
            quoted = name.decode().replace('"', '""')
            for row in database.execute(f'SELECT * FROM "{quoted}"'):
                yield from (value for value in row if isinstance(value, bytes))


def records(data: bytes) -> bytes:
    """The records of a W&B file without the heads between their pieces, and what in them is packed."""
    pieces, place, block = [], 7, 32768
    while place + 7 <= len(data):
        if block - place % block < 7:
            place += block - place % block
            continue
        length = int.from_bytes(data[place + 4 : place + 6], "little")
        pieces.append(data[place + 7 : place + 7 + length])
        place += 7 + length
    whole = b"".join(pieces)
    packed = (whole[at.start() :] for at in re.finditer(rb"\x78[\x01\x9c\xda]", whole))
    return whole + b"".join(map(_inflated, packed))


def _unpacked(where: str, packed: IO[bytes]) -> bytes:
    """All of it.

    Raises:
        SmartgenError: it is damaged or too large, so that not all of it can be searched.
    """
    try:
        data = packed.read(UNPACKED + 1)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile) as error:
        raise SmartgenError(f"{where}: cannot be unpacked ({error}); unpack or remove it") from error
    if len(data) > UNPACKED:
        raise SmartgenError(f"{where}: holds over {UNPACKED:,} bytes unpacked; unpack it and search that")
    return data


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, 1 << 24)
    except zlib.error:  # two bytes that only look like the beginning
        return b""


def report(done: Searched) -> str:
    """What was searched and found, for a person."""
    lines = [f"{where}: {name}, {form}" for where, name, form in done.finds]
    told = f"{done.files:,} files, {done.bytes:,} bytes, {len(done.finds)} finds"
    return "\n".join([*lines, f"searched {', '.join(map(str, done.places))}: {told}"])


def main(argv: Sequence[str] | None = None) -> int:
    """Search and print; 0 if nothing was found, 1 if something was, 2 on bad input."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("places", nargs="+", type=Path, metavar="PLACE", help="a folder or a file")
    parser.add_argument("--variable", action="append", default=[], metavar="NAME", help="may be repeated")
    options = parser.parse_args(argv)
    try:
        missing = [place for place in options.places if not place.exists()]
        if missing:
            raise SmartgenError(f"{missing[0]}: no such file or folder")
        done = search(options.places, secrets_of(os.environ, options.variable))
    except SmartgenError as error:
        print(f"check_secrets: {error}", file=sys.stderr)
        return 2
    print(report(done))
    return 1 if done.finds else 0


if __name__ == "__main__":
    sys.exit(main())
