"""The site builds without a warning, and its pages load nothing from a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
FETCHED = ("stylesheet", "icon", "preload", "preconnect", "prefetch", "dns-prefetch", "manifest")
OUTSIDE = re.compile(r"\s*(https?:)?//", re.IGNORECASE)


class Loads(HTMLParser):
    """What a page loads by itself; links that a reader follows are none of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and set(given.get("rel", "").split()) & set(FETCHED):
            self.found.append(given.get("href", ""))
        if tag in LOADING:
            self.found += [given.get(LOADING[tag], ""), *given.get("srcset", "").split(",")]
        self.found += re.findall(r"url\(['\"]?([^'\")]+)", given.get("style", ""))


def loads(page: str) -> list[str]:
    parser = Loads()
    parser.feed(page)
    return [one for one in parser.found if one]


def outside_of(text: str) -> list[str]:
    """The addresses beyond the site that a style sheet loads."""
    named = re.findall(r"(?:url\(\s*|@import\s+)['\"]?([^'\")\s]+)", text)
    return [one for one in named if OUTSIDE.match(one)]


def test_what_a_page_loads_is_told_from_what_it_links_to() -> None:
    page = '<a href="https://a.example"></a><link rel="stylesheet" href="//b.example/x.css"><img src="c.png">'
    assert loads(page) == ["//b.example/x.css", "c.png"]
    assert [bool(OUTSIDE.match(one)) for one in loads(page)] == [True, False]
    assert outside_of("@import 'https://d.example'; a {background: url(e.png)}") == ["https://d.example"]


def built(folder: Path) -> Path:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    settings = {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | settings)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_the_site_is_whole_and_loads_nothing_from_a_network(tmp_path: Path) -> None:
    """One test, so that the site is built once, however many processes run tests."""
    site = built(tmp_path)
    no_page_loads_from_outside(site)
    what_is_made_on_the_way_is_there(site)


def no_page_loads_from_outside(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    asked = {str(page): [one for one in loads(page.read_text()) if OUTSIDE.match(one)] for page in pages}
    assert not {page: found for page, found in asked.items() if found}
    sheets = {str(sheet): outside_of(sheet.read_text()) for sheet in site.rglob("*.css")}
    assert sheets
    assert not {sheet: found for sheet, found in sheets.items() if found}


def what_is_made_on_the_way_is_there(site: Path) -> None:
    assert "pieces stay" in (site / "notebooks/stages.html").read_text()
    assert list((site / "notebooks").glob("stages_*.png"))
    detector = (site / "tutorials/detector.html").read_text()
    assert "KnnDetector" in detector
    assert "--8" not in detector
    assert "split_sequences" in (site / "reference/stages.html").read_text()
    assert "make demo" in (site / "index.html").read_text()
