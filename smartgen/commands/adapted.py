"""The page of an adaptation, beside its record; and where all that it made is."""

from __future__ import annotations

import sys
from pathlib import Path

from smartgen.adapt import CHANGES, FOLDER
from smartgen.core.atomic import write_text_atomic
from smartgen.core.errors import SmartgenError
from smartgen.core.foreign import read_json
from smartgen.core.texts import printable

PAGE = "page.html"


def write_adapted_page(outputs: Path, key: str) -> Path:
    """Write the page of a recorded cell with task=adapt, and say where everything is.

    Raises:
        SmartgenError: what the page tells is not there any more, or cannot be read.
    """
    from smartgen.html.adapted import adapted_page

    folder = outputs / "runs" / key
    try:
        changes = read_json(folder / CHANGES)
    except (OSError, ValueError) as error:
        raise SmartgenError(
            f"{folder / CHANGES}: cannot be read ({error}); run again with force=true"
        ) from error
    page = write_text_atomic(folder / FOLDER / PAGE, adapted_page(changes))
    for name, path in (
        ("page", page),
        ("sequences", folder / FOLDER / "synthetic.{jsonl,csv,parquet}"),
        ("models", folder / "models"),
    ):
        print(printable(f"{name:<10} {path}"), file=sys.stderr)
    return page
