"""The page on verdicts shows what the rule says of the numbers that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smartgen.tables.compare import SYMBOLS, judge

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorials/verdicts.md"
ROW = re.compile(
    r"^(?P<cell>[A-Z]{2} [A-Z]{2})  (?P<metric>\S.*?) +(?P<paper>[\d.]+)(†\d+)? +(?P<release>[\d.]+) +"
    r"(?P<mean>[\d.]+)( ± (?P<sd>[\d.]+))? \(\d+\) +"
    r"(?P<delta>[-+][\d.]+)  (?P<symbol>\S) (?P<verdict>\w+)",
    re.MULTILINE,
)
ROWS = [found.groupdict() for found in ROW.finditer(PAGE.read_text())]


def test_the_page_has_every_verdict() -> None:
    assert {row["verdict"] for row in ROWS} == {"exact", "match", "near", "off", "unstable"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['cell']} {row['metric']} {row['mean']}")
def test_a_row_has_the_verdict_of_the_rule(row: dict[str, str]) -> None:
    mean, spread = float(row["mean"]), float(row["sd"] or 0)
    values = [mean - spread, mean, mean + spread] if row["sd"] else [mean]  # of this mean and deviation
    found = judge(values, float(row["paper"]), None, "share")
    assert (found.verdict, SYMBOLS[found.verdict]) == (row["verdict"], row["symbol"])
    assert found.delta == pytest.approx(float(row["delta"]), abs=1e-4)
