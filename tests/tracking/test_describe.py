"""A record in, a run's description out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.records import Record
from smartgen.tracking.describe import TAG_LENGTH, case_rows, describe, error_line

AXES: dict[str, Any] = {
    "task": "detection",
    "dataset": "fr",
    "transition": "seasonal",
    "method": "lof",
    "detector": "lof",
    "regime": "source",
    "protocol": "released",
    "synthesizer": "replay",
    "seed": 2024,
}
RESULT = {
    "axes": AXES,
    "config": {"detector": {"name": "lof", "neighbors": 20}},
    "metrics": {"f1": 0.5, "all": {"hr@10": 0.25}},
    "counts": {"train": 12},
}
RUN = {"command": "smartgen experiment=table2", "seconds": {"total": 3.5}, "versions": {"torch": "2"}}
ERROR = {"type": "ValueError", "message": "two\nlines", "traceback": "Traceback"}
DONE = Record("fr-seasonal-detection-lof-s2024-00ff", Path("runs/x"), RESULT, RUN)
FAILED = Record(DONE.key, DONE.path, {"axes": AXES, "config": RESULT["config"]}, RUN, ERROR, ok=False)


def test_a_run_says_what_its_record_says() -> None:
    described = describe(DONE, "table2")
    assert (described.id, described.name) == ("00ff", DONE.key)
    assert (described.group, described.job_type, described.exit_code) == ("table2", "lof", 0)
    assert described.tags == (
        *("dataset=fr", "transition=seasonal", "regime=source", "protocol=released", "seed=2024"),
    )
    assert described.config == {**AXES, "config": RESULT["config"]}
    assert {name: described.summary[name] for name in ("metrics", "counts")} == {
        name: RESULT[name] for name in ("metrics", "counts")
    }
    assert (described.summary["seconds"], described.summary["error"]) == ({"total": 3.5}, "")


def test_what_a_cell_begins_with_is_what_it_ends_with() -> None:
    """The run that opens before there are numbers is the run of the whole record."""
    begun = replace(DONE, result={name: RESULT[name] for name in ("axes", "config")}, run={})
    opened, whole = describe(begun, "table2"), describe(DONE, "table2")
    assert replace(opened, summary={}) == replace(whole, summary={})


def test_a_failure_is_told_and_later_taken_back() -> None:
    failed = describe(FAILED, "table2")
    assert (failed.exit_code, failed.summary) == (1, {"error": "ValueError: two lines"})
    assert (failed.id, failed.tags) == (describe(DONE, "table2").id, describe(DONE, "table2").tags)
    rerun = describe(replace(DONE, error=ERROR), "table2")
    assert (rerun.exit_code, rerun.summary["error"]) == (1, "ValueError: two lines")
    assert rerun.summary["metrics"] == RESULT["metrics"]
    assert describe(DONE, "table2").summary["error"] == ""


def test_long_tags_are_cut() -> None:
    axes = AXES | {"dataset": "x" * 100}
    tags = describe(replace(DONE, result=RESULT | {"axes": axes}), "table2").tags
    assert max(map(len, tags)) == TAG_LENGTH


@given(st.integers(0, 900), st.integers(1, 300))
def test_cases_are_drawn_evenly_and_bounded(count: int, most: int) -> None:
    cases = {"score": np.arange(count), "fields": np.zeros((count, 4))}
    columns, rows = case_rows(cases, most)
    assert columns == ["score"]
    assert len(rows) <= most
    assert (len(rows) == 0) == (count == 0)
    assert len({later[0] - earlier[0] for earlier, later in pairwise(rows)}) <= 1


def test_cases_are_readable() -> None:
    hashes = np.array([2**63 + 1, 7], dtype="<u8")  # more digits than JSON's numbers keep
    cases = {"sequence": hashes, "kind": np.array([0, 1], dtype=np.int8), "novel": np.array([True, False])}
    columns, rows = case_rows(cases)
    assert columns == ["kind", "novel", "sequence"]
    assert rows == [["command", True, "8000000000000001"], ["hours", False, "0000000000000007"]]
    assert case_rows({}) == ([], [])


@pytest.mark.parametrize("message", ["", "  one ", "one\n two"])
def test_an_error_is_one_line(message: str) -> None:
    assert "\n" not in error_line("OSError", message)
