"""Bring the authors' release into a folder: checked, restartable, and without their code."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Final

from smartgen.core.errors import SmartgenError
from smartgen.data.manifest import Checksum, Manifest, is_right
from smartgen.data.release import VOCABULARY_FILES
from smartgen.data.sources import BLOCK, opened, shown

DATA_SUFFIXES: Final = (".pkl", ".json", ".csv", ".txt", ".pth")
MOST_UNLISTED: Final = 1 << 30  # bytes of all files that no checksum is known for
ALWAYS: Final = ("LICENSE", *VOCABULARY_FILES)


@dataclass
class Fetched:
    """What a fetch did: paths written, paths that were right already, files that no checksum is known for."""

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unlisted: int = 0
    unlisted_bytes: int = 0


def default_source(manifest: Manifest) -> str:
    """Address of the tarball that GitHub makes of the manifest's commit."""
    repository = manifest.source.removeprefix("https://github.com/")
    return f"https://codeload.github.com/{repository}/tar.gz/{manifest.commit}"


def fetch(
    source: str, into: Path, manifest: Manifest, advance: Callable[[int], object] = lambda _: None
) -> Fetched:
    """Take the data files of a source into a folder.

    Files that are right already are left alone. The others are gathered and checked in a hidden folder
    beside ``into`` and moved when all of them are there: an interrupted fetch leaves ``into`` as it was,
    and the next one goes on from what was gathered.

    Args:
        source: http(s) address of a .tar.gz, path of one, or a folder.
        into: folder of the release, new or not.
        manifest: the checksums; files that it does not list are taken
            unchecked and counted, but never replace one that is there.
        advance: called with the size of each listed file that is done.

    Raises:
        SmartgenError: the source cannot be read, is damaged or unsafe, or holds no release; a checksum
            is wrong.
    """
    into = into.absolute()
    staging = into.with_name(f".{into.name}.partial")
    _check_own(staging)
    done = Fetched()
    with opened(source) as members:
        for path, stream in members:
            if (wanted := _inside(path, manifest)) is not None:
                _take(wanted, stream, staging, into, manifest, done)
                advance(manifest.files[wanted].size if wanted in manifest.files else 0)
    if not any((folder / name).is_file() for folder in (staging, into) for name in VOCABULARY_FILES):
        shutil.rmtree(staging, ignore_errors=True)
        raise SmartgenError(
            f"{shown(source)}: no release in it (no {VOCABULARY_FILES[1]}); give its top folder or tarball"
        )
    _publish(done.written, staging, into)
    return done


def _check_own(staging: Path) -> None:
    """Its name can be known beforehand, so that in a folder that others write to it may be theirs.

    Raises:
        SmartgenError: it is a link, or somebody else's.
    """
    if staging.is_symlink() or (staging.exists() and staging.stat().st_uid != os.geteuid()):
        raise SmartgenError(f"{staging}: is a link or another user's; remove it, or choose another --into")


def _refuse_links(root: Path, path: str) -> None:
    """Nothing is written through a link, wherever it leads.

    Raises:
        SmartgenError: a folder on the way is one.
    """
    for above in [*PurePosixPath(path).parents][-2::-1]:
        if (root / above).is_symlink():
            raise SmartgenError(
                f"{root / above}: is a link, and nothing is written through one; remove it, or name the "
                "folder that holds the release with --into"
            )


def _take(path: str, stream: IO[bytes], staging: Path, into: Path, manifest: Manifest, done: Fetched) -> None:
    """One file into the staging folder, unless it is right in ``into`` or there already."""
    expected = manifest.files.get(path)
    if expected is not None and is_right(into / path, expected):
        done.kept.append(path)
        return
    if expected is None and (into / path).is_file():
        done.kept.append(path)  # nothing says that the source's is the better one
        return
    done.written.append(path)
    target = staging / path
    if expected is None:
        done.unlisted += 1
    elif is_right(target, expected):
        return
    _refuse_links(into, path)
    _refuse_links(staging, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    limited = _Limited(path, stream, expected, done)
    try:
        digest = _copy(limited, part)
    except SmartgenError:
        part.unlink(missing_ok=True)
        raise
    if expected is not None and digest != expected.sha256:
        part.unlink()
        raise SmartgenError(
            f"{path}: wrong checksum (expected {expected.sha256[:12]}, found {digest[:12]}); "
            "nothing was changed; is the source another version?"
        )
    part.replace(target)


@dataclass
class _Limited:
    """A stream that gives no more than a file may have, however much a packed one unfolds to.

    Args:
        expected: its size is known, or it is one of those that share ``MOST_UNLISTED``.
        done: counts the bytes of the latter.
    """

    path: str
    stream: IO[bytes]
    expected: Checksum | None
    done: Fetched
    size: int = 0

    def read(self, size: int = -1) -> bytes:
        block = self.stream.read(size)
        self.size += len(block)
        if self.expected is None:
            self.done.unlisted_bytes += len(block)
            if self.done.unlisted_bytes > MOST_UNLISTED:
                raise self._too_large(f"all without a checksum may have {MOST_UNLISTED:,}")
        elif self.size > self.expected.size:
            raise self._too_large(f"expected {self.expected.size:,}")
        return block

    def _too_large(self, told: str) -> SmartgenError:
        return SmartgenError(
            f"{self.path}: too many bytes ({told}); nothing was changed; is the source another version?"
        )


def _copy(stream: _Limited, target: Path) -> str:
    """Write a stream to a file; its SHA-256."""
    sha = hashlib.sha256()
    with target.open("xb") as out:
        while block := stream.read(BLOCK):
            sha.update(block)
            out.write(block)
    return sha.hexdigest()


def _publish(paths: list[str], staging: Path, into: Path) -> None:
    """Move what was gathered: in one rename where ``into`` is new, else file by file, the vocabulary last."""
    if not paths:
        shutil.rmtree(staging, ignore_errors=True)
        return
    fresh = set(paths)
    for leftover in [entry for entry in staging.rglob("*") if entry.is_file()]:
        if leftover.relative_to(staging).as_posix() not in fresh:
            leftover.unlink()
    if not into.exists():
        staging.replace(into)
        return
    for path in sorted(fresh, key=lambda path: path in VOCABULARY_FILES):
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        (staging / path).replace(into / path)
    shutil.rmtree(staging)


def _inside(path: str, manifest: Manifest) -> str | None:
    """The path inside the release if the file is wanted: data, the license, the vocabulary; never code.

    A tarball's own top folder (``SmartGen-<commit>/``) goes; one packed without it is taken too.
    """
    parts = PurePosixPath(path).parts
    if len(parts) > 1 and parts[1] in manifest.tops:
        parts = parts[1:]
    inside = "/".join(parts)
    of_release = bool(parts) and parts[0] in manifest.tops
    wanted = inside in ALWAYS or inside in manifest.files or inside.endswith(DATA_SUFFIXES)
    return inside if of_release and wanted else None
