"""The parts of the whole report as they are kept: of the same records and code they are made once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smartgen.commands.files import Drawing, Part, write_drawings, write_part
from smartgen.commands.kept import kept
from smartgen.core.errors import NothingRecordedError
from smartgen.tables.blocks import Block, Page
from smartgen.tables.paired import CasesDifferError


@dataclass(frozen=True)
class Shown:
    """A part as the report shows it.

    Args:
        texts: by format (md, tex, csv, json).
        pictures: by name, as SVG text.
        methods: that its rows are of.
        lacking: why there is none; all else is empty then.
    """

    page: Page
    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    methods: Sequence[str] = ()
    lacking: str = ""


def shown_part(name: str, make: Callable[[], Part], outputs: Path) -> Shown:
    """A part, of before where records and code are the same; its files are written when it is made.

    What has no records says so, and what cannot be compared says why; any other error is raised.
    """
    try:
        told = json.loads(kept(outputs, {"part": name}, lambda: json.dumps(_told(make(), outputs))))
    except (NothingRecordedError, CasesDifferError) as error:
        return Shown(Page(name, (), ()), lacking=str(error))
    return Shown(**told | {"page": page_of(told["page"])})


def shown_drawings(name: str, drawings: Mapping[str, Drawing], outputs: Path) -> dict[str, str]:
    """Pictures alone, likewise; by name, as SVG text."""
    text = kept(outputs, {"drawings": name}, lambda: json.dumps(write_drawings(outputs, drawings)))
    return dict(json.loads(text))


def _told(part: Part, outputs: Path) -> dict[str, Any]:
    texts, pictures = write_part(part, outputs)
    methods = sorted({str(row["method"]) for row in part.rows if "method" in row})
    return {"page": page_told(part.page), "texts": texts, "pictures": pictures, "methods": methods}


def page_told(page: Page) -> dict[str, Any]:
    """A page as JSON has it."""
    blocks = [vars(one) | {"right": sorted(one.right), "rules": sorted(one.rules)} for one in page.blocks]
    return vars(page) | {"blocks": blocks}


def page_of(told: Mapping[str, Any]) -> Page:
    """The inverse of ``page_told``, but for lists in the place of tuples."""
    blocks = [
        Block(**one | {name: frozenset(one[name]) for name in ("right", "rules")}) for one in told["blocks"]
    ]
    return Page(**{**told, "blocks": blocks})
