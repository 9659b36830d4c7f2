"""The page in a real browser: no network, no complaint, filters, sorting, keyboard, phone width."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartgen.tables.compare import SYMBOLS
from smartgen.tables.declare import load_named
from tests.html.conftest import EVIL

CHROMIUM = os.environ.get("SMARTGEN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
# Without the background's own traffic; the last two as a container's root needs them.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--no-sandbox",
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and "SMARTGEN_CHROMIUM" not in os.environ,
        reason="no chromium here; install it, or name it with SMARTGEN_CHROMIUM",
    ),
]
ROWS = "document.querySelectorAll('.part tbody tr:not([hidden])').length"


class Opened:
    """A page, and what it asked of the network and told its console."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.said: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Any, page: Path) -> Iterator[Opened]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Opened(context.new_page(), page)
    context.close()


def test_it_opens_from_disk_without_network_or_complaint(opened: Opened) -> None:
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.wait_for_timeout(300)
    elsewhere = [url for url in opened.requests if not url.startswith(("file:", "data:"))]
    assert elsewhere == []
    assert opened.said == []
    assert page.locator(f"text={EVIL}").count() > 0  # there as text, and nothing of it ran
    broken = "[...document.images].filter((one) => one.complete && !one.naturalWidth).length"
    assert page.locator("img").count() > 0
    assert page.evaluate(broken) == 0


def test_it_filters_by_home_method_and_verdict(opened: Opened) -> None:
    page = opened.page
    every = page.evaluate(ROWS)
    page.select_option("select[name=dataset]", "sp")
    some = page.evaluate(ROWS)
    assert 0 < some < every
    kept = page.eval_on_selector_all(
        "#table2 .cards tbody tr:not([hidden])",
        "rows => [...new Set(rows.map((row) => row.dataset.dataset))]",
    )
    assert kept == ["sp"]
    assert page.locator("#table2 .matrix thead th:visible").all_inner_texts()[:4] == [
        "Method",
        "SP ST",
        "SP TT",
        "SP NT",
    ]
    page.select_option("select[name=method]", "SmartGen")
    assert page.locator("#table2 .matrix").first.locator("tbody tr:visible").count() == 1
    page.select_option("select[name=verdict]", "exact")
    assert page.locator("#table2 .cards tbody tr:not([hidden])").count() < 9
    assert " of " in page.locator("#shown").inner_text()
    page.select_option("select[name=method]", "")
    page.select_option("select[name=dataset]", "fr")  # Table 4 is of SP alone
    assert page.locator("#table4 .matrix tbody tr:visible").count() == 0
    assert page.locator("#table4 .nothing").is_visible()
    page.evaluate("location.hash = '#table2-sp-st-smartgen-f1-score'")
    page.wait_for_timeout(200)
    assert page.locator("#table2-sp-st-smartgen-f1-score").is_visible()
    page.click("#filters button[type=reset]")
    page.wait_for_timeout(100)
    assert page.evaluate(ROWS) == every
    page.fill("input[name=text]", "no such words at all")
    assert page.evaluate(ROWS) == 0
    assert page.locator("#table2 .nothing").is_visible()


def test_it_sorts_both_ways_by_number_and_missing_ones_last(opened: Opened) -> None:
    page = opened.page
    page.click("#table2 details.all > summary")
    button = page.locator("#table2 .cards thead button", has_text="ours")
    values = "rows => rows.map((row) => row.cells[5].dataset.sort)"
    for order, direction in (("ascending", 1), ("descending", -1)):
        button.click()
        assert button.locator("xpath=..").get_attribute("aria-sort") == order
        found = page.eval_on_selector_all("#table2 .cards tbody tr", values)
        known = [float(value) * direction for value in found if value]
        assert len(known) == 12
        assert known == sorted(known)
        assert not any(found[len(known) :])


def test_it_is_reached_by_keyboard(opened: Opened) -> None:
    page = opened.page
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", seen[-1]
    assert 'class="skip"' in seen[0]
    assert any('name="dataset"' in one for one in seen)
    page.focus("#table2 details.all > summary")
    page.keyboard.press("Enter")
    page.focus("#table2 .cards thead button >> nth=5")
    page.keyboard.press("Enter")
    assert page.locator("#table2 .cards th[aria-sort=ascending]").count() == 1


def test_a_number_leads_to_what_makes_it(opened: Opened) -> None:
    page = opened.page
    page.locator('#table2 .matrix a[href="#table2-fr-st-smartgen-f1-score"]').click()
    row = page.locator("#table2-fr-st-smartgen-f1-score")
    assert row.is_visible()
    assert "dataset=fr transition=seasonal" in row.inner_text()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_at_any_width(browser: Any, page: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    tab = Opened(context.new_page(), page).page
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    size = "parseFloat(getComputedStyle(document.querySelector('.matrix td a')).fontSize)"
    assert tab.evaluate(size) >= 12
    context.close()


def test_verdicts_read_without_color(opened: Opened) -> None:
    """Each colored cell of a matrix has its symbol, and who hears the page the word."""
    cells = opened.page.eval_on_selector_all(
        "#table2 .matrix td .ours",
        "all => all.map((one) => ['b', '.hidden'].map((name) => one.querySelector(name).textContent))",
    )
    assert len(cells) == len(load_named("table2").places)
    assert all(SYMBOLS[word] == symbol for symbol, word in cells)


def test_paper_has_what_is_folded_away_on_the_screen(opened: Opened) -> None:
    row = opened.page.locator("#table2-fr-st-smartgen-f1-score")
    assert not row.is_visible()
    opened.page.emulate_media(media="print")
    assert row.bounding_box() is not None
    assert not opened.page.locator("#filters").is_visible()


def test_what_is_written_can_be_told_from_what_is_behind_it(opened: Opened) -> None:
    """WCAG's contrast of 4.5 for every verdict, in light and in dark."""
    for scheme in ("light", "dark"):
        opened.page.emulate_media(color_scheme=scheme)
        found = opened.page.evaluate(CONTRASTS)
        assert found
        assert min(found.values()) >= 4.5, (scheme, found)


CONTRASTS = """() => {
  const light = (text) => {
    const parts = text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const found = {};
  for (const one of document.querySelectorAll(".tally thead .verdict, .lead, .facts dd")) {
    const own = getComputedStyle(one), body = getComputedStyle(document.body);
    const behind = own.backgroundColor === "rgba(0, 0, 0, 0)" ? body.backgroundColor : own.backgroundColor;
    const [a, b] = [light(own.color), light(behind)].sort((x, y) => y - x);
    found[one.textContent.trim().slice(0, 20)] = (a + 0.05) / (b + 0.05);
  }
  return found;
}"""
