"""Checksums of the authors' release at one commit, packed beside this module, and the check against them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

from smartgen.core.errors import SmartgenError

PACKED: Final = "release_manifest.txt"


class Checksum(NamedTuple):
    """What a file must be."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """The files of one commit.

    Args:
        source: address of the public repository.
        commit: 40 hex digits.
        files: path inside the repository, with ``/``, to its checksum.
    """

    source: str
    commit: str
    files: Mapping[str, Checksum]

    @property
    def tops(self) -> frozenset[str]:
        """Names at the top of the release: its folders and LICENSE."""
        return frozenset(path.split("/", 1)[0] for path in self.files)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files.values())

    def format(self) -> str:
        """The packed form: two header lines, then ``sha256 bytes path`` a file, sorted by path."""
        lines = [f"{entry.sha256} {entry.size} {path}" for path, entry in sorted(self.files.items())]
        return "\n".join([f"# source {self.source}", f"# commit {self.commit}", *lines, ""])

    @classmethod
    def parse(cls, text: str) -> Manifest:
        """The inverse of ``format``; a malformed line is a SmartgenError with its number."""
        header: dict[str, str] = {}
        files: dict[str, Checksum] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            parts = line.split(" ", 2)
            if len(parts) != 3 or not (parts[0] == "#" or parts[1].isdecimal()):
                raise SmartgenError(f"{PACKED}: line {number} is not `sha256 bytes path`")
            if parts[0] == "#":
                header[parts[1]] = parts[2]
            else:
                files[parts[2]] = Checksum(parts[0], int(parts[1]))
        return cls(header.get("source", ""), header.get("commit", ""), files)


@dataclass(frozen=True)
class Verification:
    """How a folder compares with a manifest; paths are sorted."""

    right: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unlisted: int

    @property
    def missing_by_top(self) -> dict[str, int]:
        """Missing files under each top folder."""
        return dict(Counter(path.split("/", 1)[0] for path in self.missing))


def packed_manifest() -> Manifest:
    """The manifest that comes with the package."""
    return Manifest.parse(resources.files("smartgen.data").joinpath(PACKED).read_text(encoding="utf-8"))


def is_right(path: Path, expected: Checksum) -> bool:
    """Whether this file exists with this content."""
    if not path.is_file() or path.stat().st_size != expected.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == expected.sha256


def states(root: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Path and ``right``, ``changed`` or ``missing``, one listed file at a time, for a progress bar."""
    for path, expected in sorted(manifest.files.items()):
        here = root / path
        if is_right(here, expected):
            yield path, "right"
        else:
            yield path, "changed" if here.exists() else "missing"


def verification(root: Path, manifest: Manifest, found: Iterator[tuple[str, str]]) -> Verification:
    """Sum up what ``states`` gave, and count the files that the manifest does not list."""
    paths: dict[str, list[str]] = {"right": [], "changed": [], "missing": []}
    for path, state in found:
        paths[state].append(path)
    there = sum(len(names) for _, _, names in os.walk(root))
    listed = len(paths["right"]) + len(paths["changed"])
    return Verification(len(paths["right"]), tuple(paths["changed"]), tuple(paths["missing"]), there - listed)
