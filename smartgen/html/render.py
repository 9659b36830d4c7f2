"""The page's markup, by templates that escape every text."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    script = _read("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"; script-src 'sha256-{digest}'"
    return render_template("page.html.j2", policy, report=report, script=script, symbols=SYMBOLS)


def render_template(name: str, scripts: str = "", **content: Any) -> str:
    """A page with the one style; no script runs in it, unless ``scripts`` adds to its policy."""
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'{scripts}"
    page: str = _environment().get_template(name).render(style=_read("style.css"), policy=policy, **content)
    return page


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
