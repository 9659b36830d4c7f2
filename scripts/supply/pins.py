"""What pyproject.toml declares, what constraints.txt pins, and what the one needs of the other."""

from __future__ import annotations

import importlib.metadata
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from smartgen.core.errors import SmartgenError

ROOT = Path(__file__).resolve().parents[2]
Needs = dict[str, set[str]]


@dataclass(frozen=True)
class Declared:
    """The dependencies of pyproject.toml, as they stand there.

    Attributes:
        core: needed always.
        extras: by the extra's name.
        build: requirements of the build.
    """

    name: str
    version: str
    core: tuple[str, ...]
    extras: dict[str, tuple[str, ...]]
    build: tuple[str, ...]

    def all(self) -> tuple[str, ...]:
        """Core and extras."""
        return (*self.core, *(one for extra in self.extras.values() for one in extra))

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Where each distribution is declared: ``core``, or the names of extras."""
        found: dict[str, tuple[str, ...]] = {}
        for group, requirements in {"core": self.core, **self.extras}.items():
            for one in requirements:
                name = canonicalize_name(Requirement(one).name)
                found[name] = (*found.get(name, ()), group)
        return found


def declared(path: Path = ROOT / "pyproject.toml") -> Declared:
    """What pyproject.toml declares."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    project, extras = told["project"], told["project"]["optional-dependencies"]
    return Declared(
        project["name"],
        project["version"],
        tuple(project["dependencies"]),
        {name: tuple(requirements) for name, requirements in extras.items()},
        tuple(told["build-system"]["requires"]),
    )


def read_pins(path: Path = ROOT / "constraints.txt") -> dict[str, str]:
    """The version of each distribution, by its name as it is written.

    Raises:
        SmartgenError: a line is no ``NAME==VERSION``, or a name is there twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            continue
        where, (name, _, version) = f"{path.name} line {number}", line.partition("==")
        try:
            Requirement(line)
            Version(version)
        except (InvalidRequirement, InvalidVersion) as error:
            raise SmartgenError(f"{where}: expected NAME==VERSION, found {line!r}") from error
        if canonicalize_name(name) in map(canonicalize_name, found):
            raise SmartgenError(f"{where}: {name} is there twice; keep one of the lines")
        found[name] = version
    return found


def needed(requirements: Iterable[str]) -> Needs:
    """What requirements need here, be it through others: a distribution's name and the names that it needs.

    Markers are evaluated for this Python and system; extras that a requirement names are followed.

    Raises:
        SmartgenError: one of them is not installed.
    """
    found: Needs = {}
    seen: set[tuple[str, str]] = set()
    left = [("", one, "") for one in requirements]
    while left:
        by, text, extra = left.pop()
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        found.setdefault(name, set())
        if by and by != name:  # an extra of its own is no need of another
            found[by].add(name)
        for own in {("", name), *((one, name) for one in wanted.extras)} - seen:
            seen.add(own)
            left += [(name, one, own[0]) for one in _requires(name)]
    return found


def _requires(name: str) -> Iterator[str]:
    try:
        yield from importlib.metadata.requires(name) or ()
    except importlib.metadata.PackageNotFoundError as error:
        raise SmartgenError(
            f"{name} is not installed; `make sbom` installs all, or pip install -c constraints.txt {name}"
        ) from error
