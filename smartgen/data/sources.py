"""Where a release can come from: an http(s) address or a file that is a .tar.gz, or a folder."""

from __future__ import annotations

import gzip
import http.client
import os
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from smartgen.core.errors import SmartgenError
from smartgen.core.masks import masked_address

BLOCK: Final = 1 << 20
_TIMEOUT_SECONDS: Final = 60
_BETWEEN: Final = 16 << 20  # bytes that may lie between two files: headers, folders, padding
_MOST_ENDS: Final = 100  # reads behind the end; tarfile skips a file of 8 GB that is not there in a million
_MOST: Final = 16 << 30  # bytes of all files

Members = Iterator[tuple[str, IO[bytes]]]


def shown(source: str) -> str:
    """A source as messages tell it: an address without user, password and query.

    Example:
        >>> shown("https://me:secret@host/x.tar.gz"), shown("a#b@c.tar.gz")
        ('https://***@host/x.tar.gz', 'a#b@c.tar.gz')
    """
    return masked_address(source) if "://" in source else source


@contextmanager
def opened(source: str) -> Iterator[Members]:
    """The files of a source as (path, stream), one at a time; read a stream before taking the next.

    Raises:
        SmartgenError: there is no such source, or, at any point of reading, it fails, is damaged or unsafe.
    """
    with _damage_named(shown(source)):
        yield from _opened(source)


def _opened(source: str) -> Iterator[Members]:
    if source.startswith(("http://", "https://")):
        with closing(_Download(source)) as download:
            yield _tar_members(download, shown(source))
    elif Path(source).is_dir():
        yield _folder_members(Path(source))
    elif Path(source).is_file():
        with Path(source).open("rb") as stream:
            yield _tar_members(stream, source)
    else:
        raise SmartgenError(
            f"{shown(source)}: no such file or folder; --source takes a URL, a folder or a .tar.gz"
        )


def _folder_members(folder: Path) -> Members:
    for root, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            path = Path(root, name)
            if not path.is_file():  # a pipe or a device has no end
                raise SmartgenError(f"{path}: no regular file; leave it out of the source")
            with path.open("rb") as stream:
                yield path.relative_to(folder).as_posix(), stream


def _tar_members(raw: IO[bytes] | _Download, source: str) -> Members:
    """The regular files of a .tar.gz, in one pass and without a seek."""
    with gzip.GzipFile(fileobj=raw, mode="rb") as unzipped:  # type: ignore[arg-type]  # reads alone are used
        bounded = _Bounded(unzipped, source)
        with tarfile.open(fileobj=cast(IO[bytes], bounded), mode="r|") as archive:
            for member in archive:
                _refuse_unsafe(member, source)
                bounded.allow(member.size)
                stream = archive.extractfile(member) if member.isreg() else None  # links are never followed
                if stream is not None:
                    yield member.name, stream
                    while stream.read(BLOCK):  # what was not wanted, so that no more is left to skip
                        pass
                bounded.allow(0)
        # tarfile takes a file that ends between two members for a whole one; gzip knows better.
        while bounded.read(BLOCK):
            pass


def _refuse_unsafe(member: tarfile.TarInfo, source: str) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not member.name.isprintable():
        raise SmartgenError(f"{source}: refused, it holds the unsafe path {member.name!r:.200}")
    if member.size < 0:
        raise SmartgenError(f"{source}: refused, {member.name!r} has {member.size:,} bytes")
    if member.issparse():  # a few bytes of it are as many as one likes when they are read
        raise SmartgenError(f"{source}: refused, it holds the sparse file {member.name!r}; pack it anew")


class _Bounded:
    """What comes out of gzip, which can make 10 GB of 10 MB: no more than what tar has told of.

    tarfile keeps headers in memory, whatever their size.
    """

    def __init__(self, unzipped: gzip.GzipFile, source: str) -> None:
        self._unzipped, self._source = unzipped, source
        self._left, self._whole, self._ends = _BETWEEN, _MOST, 0

    def allow(self, size: int) -> None:
        """From here on a file of this size, and what lies between it and the next one."""
        self._left = size + _BETWEEN
        self._whole -= size
        if self._whole < 0:
            raise SmartgenError(f"{self._source}: refused, its files are over {_MOST >> 30} GiB in all")

    def read(self, size: int = -1) -> bytes:
        data = self._unzipped.read(size)
        self._ends += not data
        if self._ends > _MOST_ENDS:
            raise EOFError("unexpected end of data")
        self._left -= len(data)
        if self._left < 0:
            raise SmartgenError(
                f"{self._source}: refused, over {_BETWEEN >> 20} MiB lie between two of its files"
            )
        return data


@contextmanager
def _damage_named(source: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SmartgenError(f"{source}: not a whole .tar.gz ({error}); run the fetch again") from error


class _Download:
    """An http response whose failures, at any point, are one line that says what to do."""

    def __init__(self, url: str) -> None:
        self._url = url
        with self._named():
            self._response = urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS)

    def read(self, size: int = -1) -> bytes:
        with self._named():
            data: bytes = self._response.read(size)
            return data

    def close(self) -> None:
        self._response.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SmartgenError(
                f"{shown(self._url)}: download failed ({self._reason(error)}); run again, "
                "or name a folder or .tar.gz that you have with `--source`"
            ) from error

    def _reason(self, error: Exception) -> str:
        """Why it failed. That may repeat any part of an address; where one is secret, its kind must do."""
        if shown(self._url) != self._url and not isinstance(error, urllib.error.HTTPError):
            return type(getattr(error, "reason", error)).__name__
        return str(error).removeprefix("<urlopen error ").removesuffix(">")
