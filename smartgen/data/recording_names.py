"""The names of the files that the release's LLM runs left: what they say, and which a folder holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartgen.data.release import DATA_FOLDER

# <ds>_<ctx>_generation_day_<day>_<chunk>_SPPC_th=<alpha>_<llm>[_seq[_<variant>]].pkl; the cell, the day, the
# chunk and the compression may be missing.
_NAME: Final = re.compile(
    r"(?:(?P<dataset>[^_]+)_(?P<context>[^_]+)_)?generation"
    r"(?:_day_(?P<day>\d+)(?:_(?P<chunk>\d+))?)?"
    r"(?:_(?P<compression>[A-Za-z]+))?_th=(?P<threshold>\d*\.?\d+)"
    r"_(?P<llm>.+?)(?P<parsed>_seq(?:_(?P<variant>.+))?)?\.pkl"
)
_ATTACKED: Final = re.compile(r"(?:labeled_)?(?P<dataset>[^_]+)_(?P<context>[^_]+)_attack_.+\.pkl")


@dataclass(frozen=True)
class Recording:
    """One file that an LLM run of the release left.

    Args:
        path: the file.
        dataset: ``fr``, ``sp`` ...
        context: the target context, ``spring``, ``night`` or ``multiple``.
        day: weekday of the call's sequences; None for a set of all days.
        chunk: which 30 sequences of that day; None where the day took one call.
        compression: ``SPPC`` (SSC), ``similarity``, or "" where the name has none.
        threshold: alpha of the compression.
        llm: ``gpt-4o``, ``Llama_70B`` ...
        parsed: the file's name says ``_seq``: a parse of an answer, or a set of mapped sequences.
        variant: what follows ``_seq``: "" for the unfiltered set, ``filter_true``, ``nosplit``, ``9_24`` ...
        named: whether the file's name has the cell in front; it tells runs of one setting apart.
    """

    path: Path
    dataset: str
    context: str
    day: int | None
    chunk: int | None
    compression: str
    threshold: float
    llm: str
    parsed: bool
    variant: str
    named: bool

    @property
    def setting(self) -> tuple[str, str, str, float, str]:
        """What identifies a run but for ``named``."""
        return self.dataset, self.context, self.compression, self.threshold, self.llm

    @property
    def is_answer(self) -> bool:
        """A raw answer."""
        return self.day is not None and not self.parsed

    @property
    def is_set(self) -> bool:
        """Mapped sequences of all days."""
        return self.day is None and self.parsed


def scan(folder: Path, nested: bool = False) -> list[Recording]:
    """Every recording in a folder, ordered by setting, day and chunk; other files are passed over.

    The cell comes from ``IoT_data/<dataset>/<context>/``, else from the file's name, else from the attack
    file beside it (Table 4's folder).
    """
    paths = (folder.rglob if nested else folder.glob)("*generation*.pkl") if folder.is_dir() else ()
    found = [one for path in paths if (one := _read_name(path)) is not None]
    return sorted(found, key=call_order)


def _read_name(path: Path) -> Recording | None:
    match = _NAME.fullmatch(path.name)
    cell = _cell(path, match) if match else None
    if match is None or cell is None:
        return None
    return Recording(
        path=path,
        dataset=cell[0],
        context=cell[1],
        day=_number(match["day"]),
        chunk=_number(match["chunk"]),
        compression=match["compression"] or "",
        threshold=float(match["threshold"]),
        llm=match["llm"],
        parsed=match["parsed"] is not None,
        variant=match["variant"] or "",
        named=match["dataset"] is not None,
    )


def _cell(path: Path, match: re.Match[str]) -> tuple[str, str] | None:
    if path.parent.parent.parent.name == Path(DATA_FOLDER).name:
        return path.parent.parent.name, path.parent.name
    if match["dataset"] is not None:
        return match["dataset"], match["context"]
    attacked = {
        (m["dataset"], m["context"]) for p in path.parent.iterdir() if (m := _ATTACKED.fullmatch(p.name))
    }
    return attacked.pop() if len(attacked) == 1 else None


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def call_order(one: Recording) -> tuple[object, ...]:
    """Sorting key: setting, kind of set, then the order of the run's calls."""
    day, chunk = (-1 if number is None else number for number in (one.day, one.chunk))
    return (*one.setting, not one.named, one.variant, day, chunk, str(one.path))
