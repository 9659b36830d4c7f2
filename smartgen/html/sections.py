"""What the page holds, part by part; texts and numbers only, no markup."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smartgen.audit.runner import Audited
from smartgen.html.grids import Grid
from smartgen.html.numbers import Matrix, Number


@dataclass(frozen=True)
class Picture:
    """A figure as SVG text, and in words for who cannot see it."""

    name: str
    svg: str
    alt: str

    @property
    def source(self) -> str:
        """The picture as an address that holds it; scripts in it never run there."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg.encode()).decode()}"


@dataclass(frozen=True)
class Download:
    """A file that the page carries."""

    name: str
    kind: str
    content: str

    @property
    def source(self) -> str:
        """The file as an address that holds it."""
        return f"data:text/plain;charset=utf-8;base64,{base64.b64encode(self.content.encode()).decode()}"


@dataclass(frozen=True)
class Section:
    """A table, figure or page of the report.

    Attributes:
        name: for links; `title`, `intro`, `notes`: in words.
        matrices, numbers: of a table of the paper.
        grids: of any other, and points of figures.
        command: what prints this part in a terminal.
        lacking: why it is empty, with what would fill it.
    """

    name: str
    title: str
    group: str
    intro: Sequence[str] = ()
    matrices: Sequence[Matrix] = ()
    numbers: Sequence[Number] = ()
    pictures: Sequence[Picture] = ()
    grids: Sequence[Grid] = ()
    notes: Sequence[str] = ()
    downloads: Sequence[Download] = ()
    command: str = ""
    lacking: str = ""

    @property
    def folded(self) -> str:
        """What the tables are folded away under, where a picture stands for them; or empty."""
        if self.group == "Provenance":
            return "Machines and checksums"
        return "The numbers behind the picture" if self.grids and self.pictures else ""


@dataclass(frozen=True)
class Tally:
    """How many numbers of a table have which verdict."""

    name: str
    title: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All numbers of the table."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Report:
    """The whole page.

    Attributes:
        facts: lines on records and machine, by name.
    """

    title: str
    facts: Mapping[str, str]
    tallies: Sequence[Tally]
    sections: Sequence[Section]
    audit: Sequence[Audited]
    audit_lines: Sequence[str] = ()
    audit_downloads: Sequence[Download] = ()

    @property
    def groups(self) -> list[str]:
        """The headings under which sections stand."""
        return list(dict.fromkeys(section.group for section in self.sections))

    def values(self, name: str) -> list[str]:
        """What rows and numbers say of one fact, for the filters."""
        found = {getattr(number.facts, name) for section in self.sections for number in section.numbers}
        found |= {
            getattr(row.facts, name)
            for section in self.sections
            for grid in section.grids
            for row in grid.rows
        }
        return sorted(found - {""}, key=str.lower)
