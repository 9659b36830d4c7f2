"""The release's result files and checkpoints."""

from __future__ import annotations

import csv
from pathlib import Path


def result_rows(folder: Path, pattern: str = "*.csv", **wanted: str) -> list[dict[str, str]]:
    """The rows of the folder's result files with these values."""
    found = []
    for path in sorted(folder.glob(pattern)) if folder.is_dir() else ():
        with path.open(encoding="utf-8", newline="") as file:
            found += [row for row in csv.DictReader(file) if wanted.items() <= row.items()]
    return found


def first_file(folder: Path, pattern: str = "*.pth") -> Path | None:
    """The first file of this pattern; None where there is none."""
    return next(iter(sorted(folder.glob(pattern))), None)
