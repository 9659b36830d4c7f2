"""The commands of the README and of the pages, and their blocks."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE = os.environ.get("SMARTGEN_RELEASE", "")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_VERBATIM = ("index", "verdicts")
VERBATIM = [
    *(path for path in PAGES if path.parent.name == "tutorials" and path.stem not in NOT_VERBATIM),
    ROOT / "docs/library.md",
    ROOT / "docs/scoring.md",
    ROOT / "docs/drift.md",
]

# What stands for a reader's own words, by page or everywhere.
FILLED = {
    "[stage.ssc.padded=true]": "stage.ssc.padded=true",
    "KEY=A,B ...": "seed=1,2",
    "range(0,N)": "range(0,2)",
    "FOLDER_OR_TAR": RELEASE or "nowhere",
    "experiment=NAME": "experiment=demo",
    "run NAME": "run demo",
    "synthesizer.model=NAME": "synthesizer.model=any",
    "http://host:port/v1": "http://127.0.0.1:8000/v1",
    "OUTPUTS": "outputs",
    "KEY": "3fa9c2",
    " ...": "",
}

FENCE = re.compile(
    r"^```(?P<language>\w*)(?: title=\"(?P<title>[^\"]*)\")?[^\n]*\n(?P<body>.*?)^```", re.M | re.S
)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
COMMAND = re.compile(r"(smartgen(-report|-data|-score)?|make|pip|python|(python )?scripts/[\w/]+\.py)(\s|$)")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str | None
    body: str

    @property
    def needs_release(self) -> bool:
        return "release_root(" in self.body


def blocks_of(path: Path) -> list[Block]:
    return [Block(*found.group("language", "title", "body")) for found in FENCE.finditer(path.read_text())]


def lines_of(body: str) -> Iterator[str]:
    """The commands of a block, comments left out."""
    for line in body.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield shlex.join(words) if "$" not in line else line


def inline_of(path: Path) -> Iterator[str]:
    for code in INLINE.findall(FENCE.sub("", path.read_text())):
        if COMMAND.match(one := " ".join(code.split())):
            yield one


def commands() -> dict[str, str]:
    """Each command that is not part of a verbatim page, and a page that has it."""
    found: dict[str, str] = {}
    for path in PAGES:
        listed = [] if path in VERBATIM else [b for b in blocks_of(path) if b.language == "bash"]
        for command in [*(line for block in listed for line in lines_of(block.body)), *inline_of(path)]:
            found.setdefault(command, path.relative_to(ROOT).as_posix())
    return found


@cache
def filled(command: str) -> str:
    for placeholder, own in FILLED.items():
        command = command.replace(placeholder, own)
    return command


def needs_release(words: Sequence[str]) -> bool:
    """Whether a command reads the authors' data."""
    if words[0] == "smartgen-data":
        return len(words) > 1 and words[1] not in ("model", "log", "drift")
    if words[0] != "smartgen":
        return False
    given = dict(word.split("=", 1) for word in words if "=" in word)
    if "dataset" in given:
        return given["dataset"] != "demo"
    return given.get("experiment", "demo") != "demo"
