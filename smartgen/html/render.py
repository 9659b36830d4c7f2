"""The page's markup, by templates that escape every text."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from smartgen.html.sections import Report
from smartgen.tables.compare import SYMBOLS

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render(report: Report) -> str:
    """One self-contained page: style, script and pictures are in it, and its policy forbids all else.

    Only the script that ships with the page may run, by its hash: a text that got past the escaping, or a
    script in a picture, would not.
    """
    style, script = (_read(name) for name in ("style.css", "script.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return (
        _environment()
        .get_template("page.html.j2")
        .render(report=report, style=style, script=script, policy=policy, symbols=SYMBOLS)
    )


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
