"""The page's text: everything is in it, nothing of it runs or calls, and what is missing is said."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartgen.commands.files import Part
from smartgen.commands.html import gather
from smartgen.commands.parts import page_of, page_told, shown_part
from smartgen.commands.report import main
from smartgen.core.errors import SmartgenError
from smartgen.core.records import read_records
from smartgen.html.numbers import numbers
from smartgen.html.render import render
from smartgen.tables.blocks import Block, Page
from smartgen.tables.collect import collect
from smartgen.tables.compare import SYMBOLS
from smartgen.tables.declare import load_named, table_names
from tests.html.conftest import EVIL, detection

pytestmark = pytest.mark.slow


class Reader(HTMLParser):
    """Ids, addresses, tags and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.downloads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.append(tag)
        assert not [name for name in told if name.startswith("on")], (tag, told)
        self.ids += [told["id"] or ""] if "id" in told else []
        self.addresses += [value or "" for name, value in told.items() if name in ("href", "src", "action")]
        self.downloads += [told["download"] or ""] if "download" in told else []


def test_the_page_holds_all_and_points_nowhere_else(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    read = Reader(text)
    assert len(read.ids) == len(set(read.ids))
    inside = [address[1:] for address in read.addresses if address.startswith("#")]
    assert set(inside) <= set(read.ids)
    assert all(address.startswith(("#", "data:")) for address in read.addresses)
    assert read.tags.count("script") == 1
    assert "default-src &#39;none&#39;" in text
    assert EVIL not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_every_number_of_every_table_has_its_row_with_a_verdict_and_a_command(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    read = Reader(text)
    for name in table_names():
        table = load_named(name)
        found = numbers(table, collect(table, []))
        assert len(found) == len(table.places)
        assert {one.anchor for one in found} <= set(read.ids)
        assert {f"{name}.{kind}" for kind in ("md", "tex", "csv")} <= set(read.downloads)
    row = re.search(r'<tr id="table2-fr-st-smartgen-f1-score".*?</tr>', text, re.S)
    assert row is not None
    assert "0.8614" in row[0]
    assert "v-exact" in row[0]
    assert "smartgen experiment=table2" in row[0]
    assert "dataset=fr transition=seasonal" in row[0]


def test_verdicts_are_counted_on_top(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    top = text[: text.index('id="filters"')]
    body = re.search(r'<a href="#table2">.*?</tr>', top, re.S)
    assert body is not None
    cells = re.findall(r'<td class="number">(.*?)</td>', body[0])
    counts = dict(zip([*SYMBOLS, "all"], (int(cell or 0) for cell in cells), strict=True))
    table = load_named("table2")
    assert counts["all"] == len(table.places) == sum(counts[word] for word in SYMBOLS)
    assert counts["exact"] >= 1
    assert counts["off"] >= 1
    assert counts["unstable"] == 1
    assert counts["failed"] == 3


def test_what_was_not_run_says_what_runs_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in ("fig5", "table3_unified", "worth", "synthetic"):
        part = re.search(rf'<section id="{name}".*?</section>', text, re.S)
        assert part is not None
        assert "Nothing to show:" in part[0]
        assert "smartgen " in part[0]


def test_the_command_writes_it_and_says_where(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["html", "--outputs", str(outputs), "--out", str(outputs / "other.html")]) == 0
    said = capsys.readouterr().out
    assert str(outputs / "other.html") in said
    assert "unstable" in said
    assert (outputs / "other.html").read_text(encoding="utf-8").endswith("</html>")
    files = {path.name for path in (outputs / "tables").iterdir()}
    assert {f"table2.{kind}" for kind in ("md", "tex", "csv", "json")} <= files
    assert {"fig4.png", "fig4.svg", "fig4.csv"} <= {path.name for path in (outputs / "figures").iterdir()}


def test_each_part_of_the_page_can_be_taken_along(page: Path) -> None:
    read = Reader(page.read_text(encoding="utf-8"))
    assert {"audit.md", "audit.tex", "audit.csv", "checksums.csv", "fig4.csv"} <= set(read.downloads)
    table = next(a for a in read.addresses if a.startswith("data:text/plain") and EVIL.encode() in content(a))
    assert "ab" * 32 in content(table).decode()  # digests are whole there


def content(address: str) -> bytes:
    """What an address holds."""
    return base64.b64decode(address.partition("base64,")[2])


def test_what_was_made_before_is_shown_again_and_what_was_lost_is_made_anew(
    outputs: Path, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same records a figure is not drawn twice, unless one of its files is gone."""
    monkeypatch.delenv("SMARTGEN_RELEASE", raising=False)
    monkeypatch.chdir(outputs)
    drawn: list[str] = []

    def draw_shares(*_: object) -> dict[str, bytes]:
        drawn.append("fig4")
        return {"svg": b"<svg/>", "png": b""}

    monkeypatch.setattr("smartgen.tables.shares_picture.draw_shares", draw_shares)
    records = read_records(outputs)
    first = render(gather(records, outputs))
    assert first == page.read_text(encoding="utf-8")
    assert drawn == []
    (outputs / "figures" / "fig4.png").unlink()
    assert render(gather(records, outputs)) != first
    assert drawn == ["fig4"]
    (outputs / "figures" / "fig4.png").unlink()  # other tests want the real one
    monkeypatch.undo()


def test_a_file_that_could_not_be_written_is_tried_again(tmp_path: Path) -> None:
    detection(tmp_path, "aa01", 0.8614)
    (tmp_path / "tables").write_text("no folder")
    part = Part("one", Page("one", (), ()), [{"method": "a"}])
    assert not shown_part("one", lambda: part, tmp_path).lacking
    (tmp_path / "tables").unlink()
    shown = shown_part("one", lambda: part, tmp_path)
    assert (tmp_path / "tables" / "one.md").read_text() == shown.texts["md"]
    assert shown.methods == ["a"]


def test_only_want_of_records_leaves_a_part_empty(tmp_path: Path) -> None:
    def broken() -> Part:
        raise SmartgenError("a broken file")

    with pytest.raises(SmartgenError, match="a broken file"):
        shown_part("one", broken, tmp_path)


def test_a_folder_that_cannot_be_written_to_is_told_at_once(
    outputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["html", "--outputs", str(outputs), "--out", str(tmp_path / "file" / "page.html")]) == 2
    assert f"{tmp_path / 'file'}: expected a folder" in capsys.readouterr().err


@settings(max_examples=25)
@given(st.lists(st.lists(st.text(max_size=5), min_size=2, max_size=2), min_size=1, max_size=4), st.booleans())
def test_a_page_is_the_same_after_it_was_kept(rows: list[list[str]], right: bool) -> None:
    block = Block(
        "a", ["x", "y"], rows, frozenset({1} if right else ()), frozenset({0}), ["match"] * len(rows)
    )
    whole = Page("t", ["i"], [block], ["b"])
    assert page_of(json.loads(json.dumps(page_told(whole)))) == whole


def test_without_a_record_there_is_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["html", "--outputs", str(tmp_path)]) == 2
    assert "no record to show" in capsys.readouterr().err
    assert not (tmp_path / "report.html").exists()


def test_a_number_knows_what_bears_on_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    row = re.search(r'<tr id="table2-fr-tt-lof-recall".*?</tr>', text, re.S)
    assert row is not None
    assert {"D26", "D30"} <= set(re.findall(r'href="#(D\d\d)"', row[0]))
    assert "D27" not in re.findall(r'href="#(D\d\d)"', row[0])  # Aegis alone
