"""Which columns of a table hold time, device and action (ours)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.mapping import LogMapping
from smartgen.data.logs.tally import Tally
from smartgen.logs_settings import LogsSettings

ALIASES: Final = {
    "time": ("timestamp", "datetime", "date"),
    "device": ("entity_id", "item"),
    "action": ("event", "command", "state"),
}
_SHOWN = 12


@dataclass(frozen=True)
class Columns:
    """Places of the columns in the header, from 0; ``attribute`` where a mapping asks for it."""

    time: int
    device: int
    value: int
    attribute: int | None = None

    @property
    def needed(self) -> list[int]:
        """All of them in the order above."""
        places = [self.time, self.device, self.value]
        return places if self.attribute is None else [*places, self.attribute]


def find_columns(
    header: Sequence[str], settings: LogsSettings, mapping: LogMapping | None, path: Path, tally: Tally
) -> Columns:
    """The columns that the settings, or else the mapping, name.

    Case and blanks around a name do not matter. Where a column of a default name is not there, the
    ``ALIASES`` are tried.

    Raises:
        SmartgenError: a column is not there, or there twice.
    """
    finder = _Finder([name.strip() for name in header], path, tally)
    fields = {}
    for key in ("time", "device", "action"):
        name = getattr(settings, key)
        if name != key:
            fields[key] = finder.named((name,), f"dataset.{key}")
        elif mapping is not None:
            fields[key] = finder.named(mapping.columns[key], f"{key} of dataset.mapping")
        else:
            fields[key] = finder.default(key)
    if mapping is None or "attribute" not in mapping.columns:
        return Columns(fields["time"], fields["device"], fields["action"])
    attribute = finder.named(mapping.columns["attribute"], "attribute of dataset.mapping")
    return Columns(fields["time"], fields["device"], fields["action"], attribute)


class _Finder:
    def __init__(self, header: list[str], path: Path, tally: Tally) -> None:
        self._header, self._path, self._tally = header, path, tally

    def named(self, names: Sequence[str], key: str) -> int:
        """The first of the names that is there."""
        for name in names:
            if (place := self._place(name)) is not None:
                return place
        wanted = " or ".join(map(repr, names))
        raise SmartgenError(f"{self._path}: no column {wanted} ({key}); {self._has()}")

    def default(self, key: str) -> int:
        """The column of a default name, or one that is often called otherwise."""
        for name in (key, *ALIASES[key]):
            if (place := self._place(name)) is None:
                continue
            if name != key:
                self._tally.note(f"column {self._header[place]!r} is taken for dataset.{key}")
            return place
        raise SmartgenError(
            f"{self._path}: no column {key!r}; {self._has()}; name the one with dataset.{key}=..."
        )

    def _place(self, name: str) -> int | None:
        wanted = name.strip()
        found = [i for i, one in enumerate(self._header) if one == wanted] or [
            i for i, one in enumerate(self._header) if one.casefold() == wanted.casefold()
        ]
        if len(found) > 1:
            raise SmartgenError(f"{self._path}: column {name!r} is there {len(found)} times, expected once")
        return found[0] if found else None

    def _has(self) -> str:
        names = [repr(name[:40]) for name in self._header[:_SHOWN]]
        more = f" and {len(self._header) - _SHOWN} more" if len(self._header) > _SHOWN else ""
        return f"its columns are {', '.join(names)}{more}"
