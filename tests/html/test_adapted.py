"""The page of an adaptation: all of it in every case, and names of devices are text whatever they hold."""

from __future__ import annotations

import base64
import copy
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from smartgen.html.adapted import adapted_page
from tests.html.test_browser import CHROMIUM, FLAGS, Opened

SCRIPT = "<script>alert(1)</script>"
HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(2)>',
    'it\'s "quoted" & <b>bold</b>',
    "</title></style></svg><script src=https://example.com/x.js></script>",
    "{{ 7 * 7 }} {% raw %}",
    "$\\frac{1}{0}$ and $ alone",
    "javascript:alert(3)",
    "lamp\x1b[31m\x00 of\nthe hall",
)
PARTS = ["benefit", "shares", "transitions", "filtered", "written"]


def told(name: str = "lamp") -> dict[str, Any]:
    """What an adaptation tells of a home with one device of this name, everything measured."""
    step = {"first": f"{name}:on", "then": f"{name}:off", "before": 0.0, "after": 0.25}
    sentence = [f"Monday 06-09 {name}:on", f"Monday 06-09 {name}:off"]
    return {
        "home": f"home of {name}",
        "before": f"winter {name}",
        "after": f"spring {name}",
        "regime": "synthetic",
        "synthesizer": "walk",
        "detector": "seen",
        "predictor": "markov",
        "seed": 2024,
        "counts": {
            **{"source": 1234, "written": 60, "synthetic": 59},
            **{"detector_train": 48, "predictor_train": 47},
        },
        "quality": {"set_validity": 1.0, "set_novelty": 0.25},
        "devices": {
            "logs": ["source", "synthetic", "target"],
            "rows": [[name, 0.125, 0.5, 0.25], ["fan", 0.875, 0.5, 0.75]],
        },
        "hours": {
            "logs": ["source", "synthetic", "target"],
            "rows": [[f"{3 * i:02}-{3 * i + 3:02}", 0.125, 0.125, 0.125] for i in range(8)],
        },
        "new_transitions": [step | {"real": True}],
        "gone_transitions": [step | {"before": 0.5, "after": 0.0, "real": False}],
        "filtered": {
            "stage": "influence",
            "bound": 1.5,
            "outliers": 1200,
            "left_out": 1100,
            "rows": [
                {"sequence": sentence, "loss": 9.75, "kept": False},
                {"sequence": sentence, "loss": 2.5, "kept": True},
            ],
        },
        "rejects": {f"unknown name or word {name}": 3},
        "samples": [sentence],
        "benefit": {
            "regimes": ["source", "synthetic", "oracle"],
            "rows": [
                {"task": "detection", "name": "auroc", "values": [0.5, 0.75, 0.875]},
                {"task": "prediction", "name": "hr@10", "values": [0.625, 0.5, 1.0]},
            ],
            "why": "",
        },
        "log": told_log(name),
    }


def told_log(name: str) -> dict[str, Any]:
    return {
        "path": f"/home/{name}.csv",
        "format": "csv",
        "rows": 1003,
        "behaviors": 1000,
        "devices": 2,
        "first": "2024-01-01 07:00:00",
        "last": "2024-03-01 07:00:00",
        "dropped": [["repeats a row, same time and action", 3, f"line 7 {name}"]],
        "repaired": [],
        "notes": [f"a note on {name}"],
    }


class Reader(HTMLParser):
    """Tags, attributes, the ids of sections, and all text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.sections: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "section":
            self.sections.append(dict(attrs)["id"] or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_everything_that_is_told_is_on_the_page() -> None:
    read = Reader(adapted_page(told()))
    assert read.sections == [*PARTS, "log"]
    assert read.tags.count("img") == 2
    for text in (
        "1,234 pieces",
        "60 sequences by walk, 59 kept",
        "1,003 rows, 1,000 behaviors, 2024-01-01 07:00:00 to 2024-03-01 07:00:00",
        "attacks told from normal sequences, AUROC 0.500 0.750 0.875",
        "the adapted detector is better than the stale one by 0.250 in AUROC, and the adapted predictor is "
        "worse than the stale one by 0.125 in HR@10.",
        "lamp 12.5 % 50.0 % 25.0 %",
        "lamp:on → lamp:off 25.0 % yes",
        "lamp:on → lamp:off 50.0 % no",
        "unknown name or word lamp: 3",
        "1,200 were outliers; 1,100 were left out",
        "Outliers, the strangest first, 2 of 1,200",
        "9.75 left out Monday 06-09 lamp:on → Monday 06-09 lamp:off",
        "2.5 returned",
        "validity 1.000",
        "left out 3 repeats a row, same time and action line 7 lamp",
        "a note on lamp",
    ):
        assert text in read.text, text


def test_without_anything_real_of_the_new_context() -> None:
    changes = told()
    changes["benefit"] = {"regimes": [], "rows": [], "why": "the log holds nothing of it"}
    for field in ("devices", "hours"):
        changes[field]["logs"].pop()
        changes[field]["rows"] = [row[:-1] for row in changes[field]["rows"]]
    for kind in ("new_transitions", "gone_transitions"):
        del changes[kind][0]["real"]
    read = Reader(adapted_page(changes))
    assert "Not measured: the log holds nothing of it." in read.text
    assert "real new" not in read.text
    assert "in the real new data" not in read.text
    assert read.sections == [*PARTS, "log"]


def test_without_a_log_a_filter_or_any_change() -> None:
    changes = told()
    del changes["log"]
    changes |= {"new_transitions": [], "gone_transitions": [], "rejects": {}, "samples": [], "quality": {}}
    changes["filtered"] = {"stage": "none", "rows": []}
    changes["devices"]["rows"] = []
    read = Reader(adapted_page(changes))
    assert read.sections == PARTS
    assert "No filter ran (stage/tof=none)." in read.text
    assert "could not be read of the LLM's answers" not in read.text
    assert "New: written" not in read.text


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.5, 0.75], "Here the adapted detector is better than the stale one by 0.250 in AUROC."),
        ([0.75, 0.5], "Here the adapted detector is worse than the stale one by 0.250 in AUROC."),
        ([0.5, 0.5], "Here the adapted detector is level with the stale one in AUROC."),
        ([0.5, 0.504], "Here the adapted detector is level with the stale one in AUROC."),
    ],
)
@pytest.mark.parametrize("regime", ["synthetic", "mixed", "adapted"])
def test_the_verdict_hides_nothing(values: list[float], verdict: str, regime: str) -> None:
    changes = told() | {"regime": regime}
    changes["benefit"] = {
        "regimes": ["source", regime, "oracle"],
        "rows": [{"task": "detection", "name": "auroc", "values": [*values, 0.9]}],
        "why": "",
    }
    assert verdict in Reader(adapted_page(changes)).text


@pytest.mark.parametrize(
    ("auroc", "told_of_it"),
    [([0.447, 0.667], "better than the stale one by 0.220"), ([0.8, 0.8], "level with the stale one")],
)
def test_the_verdict_tells_where_the_threshold_says_the_opposite(auroc: list[float], told_of_it: str) -> None:
    changes = told() | {"regime": "adapted"}
    rows = [
        *(("auroc", auroc), ("f1", [0.41, 0.065]), ("false_positive_rate", [0.805, 0.26])),
        *(("hr@10", [0.5, 0.75]), ("hr@1", [0.1, 0.2])),
    ]
    changes["benefit"] = {
        "regimes": ["source", "adapted", "oracle"],
        "rows": [
            {"task": "prediction" if "@" in name else "detection", "name": name, "values": [*values, 0.9]}
            for name, values in rows
        ],
        "why": "",
    }
    assert (
        f"the adapted detector is {told_of_it} in AUROC (at its threshold F1 0.410 to 0.065, normal "
        "sequences flagged 0.805 to 0.260), and the adapted predictor is better than the stale one by "
        "0.250 in HR@10 (named first 0.100 to 0.200)."
    ) in Reader(adapted_page(changes)).text


@pytest.mark.parametrize(("copies", "said"), [(0.4, False), (0.97, True)])
def test_it_is_said_where_little_of_the_set_is_new(copies: float, said: bool) -> None:
    changes = told()
    changes["quality"]["set_copies"] = copies
    read = Reader(adapted_page(changes)).text
    assert ("97 % of the written sequences stand in the old log word for word: walk told of" in read) is said


def test_stale_models_are_called_stale() -> None:
    changes = told() | {"regime": "source"}
    changes["benefit"]["regimes"] = ["source", "oracle"]
    for row in changes["benefit"]["rows"]:
        del row["values"][1]
    assert "These models are the stale ones: nothing was adapted." in Reader(adapted_page(changes)).text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_and_nothing_else(name: str) -> None:
    page, plain = adapted_page(told(name)), adapted_page(told())
    read, usual = Reader(page), Reader(plain)
    assert read.tags == usual.tags
    assert [key for key, _ in read.attributes] == [key for key, _ in usual.attributes]
    links = {value for key, value in read.attributes if key in ("href", "src")}
    assert {link for link in links if not link.startswith(("#", "data:"))} == set()
    assert " ".join(f"{name}:on → {name}:off".replace("\0", "�").split()) in read.text.replace("\0", "�")
    assert SCRIPT not in page
    for picture in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page):
        tags = {element.tag for element in ElementTree.fromstring(base64.b64decode(picture)).iter()}
        assert not [tag for tag in tags if tag.endswith(("script", "foreignObject", "image", "}a"))]


def test_long_names_are_cut_in_pictures_alone() -> None:
    changes = told("lamp of the " + "very " * 50 + "long hall")
    before = copy.deepcopy(changes)
    assert "very " * 50 in Reader(adapted_page(changes)).text
    assert changes == before


@pytest.mark.slow
@pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium here; install it, or name it with SMARTGEN_CHROMIUM"
)
def test_in_a_browser_no_name_runs_or_calls(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for number, name in enumerate(HOSTILE):
            path = tmp_path / f"{number}.html"
            path.write_text(adapted_page(told(name)), encoding="utf-8")
            opened = Opened(browser.new_page(), path)
            opened.page.evaluate(
                "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
            )
            opened.page.wait_for_timeout(100)
            assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
            assert len([url for url in opened.requests if url.startswith("file:")]) == 1
            assert opened.said == []
            images = "[...document.images].map((one) => one.scrollIntoView() || one.decode())"
            opened.page.evaluate(f"Promise.all({images})")
            if name.isprintable():
                assert opened.page.title() == f"What changes in the home “home of {name}”"
            opened.page.close()
        browser.close()
