"""A declaration that is wrong is refused with its file and key; what it touches is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from smartgen.audit.declare import Discrepancy, discrepancies, topics
from smartgen.core.errors import SmartgenError


def write(folder: Path, said: dict[str, Any], topic: str = "made_up", **head: Any) -> Path:
    path = folder / f"{topic}.yaml"
    path.write_text(yaml.safe_dump({"schema": 1, "title": "Made up", "discrepancies": said} | head))
    return path


def read(folder: Path, *touches: dict[str, Any]) -> Discrepancy:
    write(folder, {"D01": {"release": "does so", "touches": list(touches)}})
    return discrepancies(folder)[0]


def test_what_is_said_is_read_in_order_of_ids(tmp_path: Path) -> None:
    write(tmp_path, {"D02": {"release": "does  so", "touches": []}})
    write(tmp_path, {"D01": {"paper": "says", "release": "does", "touches": []}}, "another")
    found = discrepancies(tmp_path)
    assert topics(tmp_path) == ["another", "made_up"]
    assert [(one.id, one.topic, one.paper, one.release, one.cells) for one in found] == [
        ("D01", "another", "says", "does", 0),
        ("D02", "made_up", "", "does so", 0),
    ]


def test_touches_are_numbers_figures_or_words(tmp_path: Path) -> None:
    one = read(
        tmp_path,
        {"text": "the abstract"},
        {"figure": "fig4"},
        {"table": "table2", "dataset": "FR", "transition": ["ST", "NT"], "method": "SmartGen"},
        {"table": "table9", "metric": "Saved Tokens (K)"},
        {"table": "fig8", "metric": "HR@10"},
    )
    assert [(touched.where, len(touched.places)) for touched in one.touches] == [
        ("the abstract", 0),
        ("Figure 4", 0),
        ("Table 2, FR, ST NT, SmartGen", 6),
        ("Table 9, Saved Tokens (K)", 9),
        ("Figure 8, HR@10", 9),
    ]
    assert one.cells == 24


@pytest.mark.parametrize(
    ("touched", "key", "expected"),
    [
        ({"table": "table2", "method": "seen"}, "touches[0]", "a part of the table that has numbers"),
        ({"table": "table2", "method": "SmartGenn"}, "touches[0].method", "SmartGen"),
        ({"table": "table2", "dataset": ["FR", "fr"]}, "touches[0].dataset[1]", "one of: FR, SP, US"),
        ({"table": "table12"}, "touches[0].table", "table9"),
        ({"figure": "fig9"}, "touches[0].figure", "fig4"),
        ({"table": "table2", "text": "so"}, "touches[0]", "text, figure, or table"),
        ({"method": "SmartGen"}, "touches[0]", "text, figure, or table"),
        ({"word": "so"}, "touches[0].word", "unknown key"),
        ({"text": 3}, "touches[0].text", "text"),
    ],
)
def test_a_wrong_touch_is_refused(tmp_path: Path, touched: dict[str, Any], key: str, expected: str) -> None:
    with pytest.raises(SmartgenError) as told:
        read(tmp_path, touched)
    said = str(told.value)
    assert f"made_up.yaml: discrepancies.D01.{key}" in said
    assert expected in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("said", "head", "key"),
    [
        ({"D01": {"touches": []}}, {}, "discrepancies.D01: expected the key 'release'"),
        ({"D01": {"release": "so"}}, {}, "discrepancies.D01: expected the key 'touches'"),
        ({"D01": {"release": ["so"], "touches": []}}, {}, "discrepancies.D01.release: expected text"),
        ({"D01": {"release": "so", "touches": "all"}}, {}, "discrepancies.D01.touches: expected a list"),
        (
            {"D01": {"release": "so", "touches": [], "check": "d01"}},
            {},
            "discrepancies.D01.check: unknown key",
        ),
        ({}, {"schema": 2}, "schema: expected 1, got 2"),
        ({}, {"note": "so"}, "note: unknown key"),
    ],
)
def test_a_wrong_file_is_refused(
    tmp_path: Path, said: dict[str, Any], head: dict[str, Any], key: str
) -> None:
    path = write(tmp_path, said, **head)
    with pytest.raises(SmartgenError, match="made_up") as told:
        discrepancies(tmp_path)
    assert f"{path}: {key}" in str(told.value)


def test_an_id_stands_once(tmp_path: Path) -> None:
    for topic in ("one", "other"):
        write(tmp_path, {"D07": {"release": "so", "touches": []}}, topic)
    with pytest.raises(SmartgenError, match="D07 stands there twice"):
        discrepancies(tmp_path)


def test_own_declarations_are_whole() -> None:
    found = {one.id: one for one in discrepancies()}
    expected = {f"D{number:02}" for number in (*range(1, 26), 28)}
    assert expected <= found.keys()
    assert all(one.release and len(one.id) == 3 for one in found.values())
    assert {one.id for one in found.values() if not one.touches} <= {"D03"}
