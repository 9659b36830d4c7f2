"""Kills at random moments, full disks, outputs that may only be read, clocks set back, sweeps side by side.

``scripts/check_crashes.py`` does all of this at length; here are a few moments of each, and proofs that its
eyes are open.
"""

import importlib
import json
import random
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from smartgen.core.records import read_records, result_digest, write_result
from smartgen.core.store import Store
from smartgen.core.types import Sequences
from smartgen.llm.cache import AnswerCache
from smartgen.llm.requests import Answer, Request

RESULT: dict[str, Any] = {"axes": {"seed": 1}, "config": {}, "metrics": {"f1": 0.5}, "counts": {}}
REQUEST = Request("http://x/v1", "m", [{"role": "user", "content": "write"}], {"seed": 1})


def module(name: str) -> Any:
    return importlib.import_module(f"crashes.{name}")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kills"), [("basic", 2), ("joblib", 3), ("faulty", 2), ("embedded", 1)])
def test_a_command_that_is_killed_again_and_again_comes_to_the_same_results(name: str, kills: int) -> None:
    campaign = module("kills").kill_often(name, kills, random.Random(7))
    assert sum(campaign.kills.values()) == kills
    assert campaign.rounds >= 1
    assert campaign.found.whole["record"] > 0
    assert (campaign.found.wrong, campaign.orphans) == ([], 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "settings"),
    [
        ("full_disk", {"works": ("basic",), "sizes": (200,)}),
        ("file_limit", {"works": ("faulty",), "sizes": (8_000,)}),
        ("read_only", {"works": ("basic",)}),
        ("clock", {}),
        ("together", {"works": ("joblib",)}),
    ],
)
def test_what_smartgen_stands_on_is_taken_away(check: str, settings: dict[str, Any]) -> None:
    told = list(getattr(module("adversity"), check)(**settings))
    if any(good is None for _, good in told):
        pytest.skip(told[0][0])
    assert told
    assert [line for line, good in told if not good] == []


# The eyes are open.


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """A record, a cached stage and a kept answer."""
    write_result(tmp_path, "k", RESULT, {})
    Store(tmp_path / "cache").sequences("tss", "k", lambda: Sequences.from_lists([[0, 1, 2, 3]]))
    AnswerCache(tmp_path / "cache" / "answers.sqlite").put(REQUEST, Answer("[]", "stop", 1, 1, 0.1))
    return tmp_path


def expected(outputs: Path) -> dict[str, str]:
    return {record.key: result_digest(record) for record in read_records(outputs)}


def test_whole_outputs_are_found_whole(outputs: Path) -> None:
    found = module("artefacts").look_through(outputs, expected(outputs))
    assert found.wrong == []
    assert (found.whole["json"], found.whole["npz"], found.whole["sqlite"], found.whole["record"]) == (1,) * 4


@pytest.mark.parametrize("name", ["runs/k/result.json", "cache/tss/k/sequences.npz", "cache/answers.sqlite"])
def test_half_a_file_is_found(outputs: Path, name: str) -> None:
    known = expected(outputs)
    for beside in (outputs / "cache").glob("*.sqlite-*"):
        beside.unlink()
    path = outputs / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = module("artefacts").look_through(outputs, known)
    assert any(name.rpartition("/")[2] in line for line in found.wrong), found.wrong


def test_another_result_is_found(outputs: Path) -> None:
    known = expected(outputs)
    write_result(outputs, "k", RESULT | {"metrics": {"f1": 0.6}}, {})
    (line,) = module("artefacts").look_through(outputs, known).wrong
    assert "another result" in line


def test_a_lock_that_is_held_is_found(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artefacts = module("artefacts")
    monkeypatch.setattr(artefacts, "LOCK_SECONDS", 0.1)
    path = outputs / "cache" / "claims" / "k.lock"
    path.parent.mkdir()
    with FileLock(path):
        (line,) = artefacts.look_through(outputs, expected(outputs)).wrong
    assert "still held" in line


def test_a_damaged_answer_is_found(outputs: Path) -> None:
    with sqlite3.connect(outputs / "cache" / "answers.sqlite") as connection:
        connection.execute("update answers set request = substr(request, 1, 9)")
    (line,) = module("artefacts").look_through(outputs, expected(outputs)).wrong
    assert "answer" in line


def test_what_is_not_whole_lies_under_a_name_that_nothing_reads(outputs: Path) -> None:
    known = expected(outputs)
    (outputs / "runs" / "k" / ".result.json.7.abc.tmp").write_text('{"half')
    half = outputs / "cache" / "tss" / ".k2-x1"
    half.mkdir()
    with zipfile.ZipFile(half / "sequences.npz", "w"):
        pass
    (outputs / "cache" / "journals" / "one").mkdir(parents=True)
    found = module("artefacts").look_through(outputs, known)
    assert found.wrong == []
    assert dict(found.left) == {"file": 1, "folder": 1, "journal": 1}
    made = Store(outputs / "cache").sequences("tss", "k2", lambda: Sequences.from_lists([[3, 2, 1, 0]]))
    assert np.array_equal(made.values, [[3, 2, 1, 0]])


def test_the_faulty_endpoint_fails_and_always_answers_the_same() -> None:
    endpoint = module("endpoint")
    fields = {"day": {"enum": ["Monday"]}, "action": {"enum": ["Fan:on", "Fan:off"]}}
    schema = {"json_schema": {"schema": {"properties": {"sequences": {"items": {"properties": fields}}}}}}
    body = {"model": "m", "response_format": schema}
    one, other = (json.loads(endpoint.completion(body)) for _ in range(2))
    assert one == other
    written = json.loads(one["choices"][0]["message"]["content"])["sequences"]
    assert {behavior["day"] for sequence in written for behavior in sequence} == {"Monday"}
    assert json.loads(endpoint.completion(body | {"seed": 2})) != one
