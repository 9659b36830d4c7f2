"""Records are written whole, read strictly, and compared by their result alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.atomic import json_text
from smartgen.core.errors import SmartgenError
from smartgen.core.records import (
    read_records,
    result_digest,
    write_error,
    write_json_atomic,
    write_result,
)
from smartgen.core.resources import resource_dir

RESULT = {
    "axes": {"task": "detection", "seed": 1},
    "config": {"b": 1, "a": 2},
    "metrics": {"f1": 0.5},
    "counts": {},
}
ERROR = {"type": "SmartgenError", "message": "no data", "traceback": "Traceback"}
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


@given(VALUES)
def test_canonical_json_reads_back_and_is_canonical(value: Any) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert json_text(json.loads(text)) == text


def test_order_of_keys_does_not_matter_and_numpy_scalars_are_numbers() -> None:
    assert json_text({"b": 1, "a": np.float64(0.5)}) == json_text({"a": 0.5, "b": np.int64(1)})
    assert json_text({"a": np.float32(0.5), "b": (1, 2)}) == '{\n "a": 0.5,\n "b": [\n  1,\n  2\n ]\n}\n'
    assert json_text({10: 1, 9: 2}) == json_text({"10": 1, "9": 2})


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.float64("nan"), np.zeros(2), object(), {1}])
def test_what_json_does_not_know_is_refused_with_its_place(tmp_path: Path, bad: object) -> None:
    with pytest.raises(SmartgenError, match=r"result\.json\.metrics\[1\]\.f1: expected a finite number"):
        write_json_atomic(tmp_path / "result.json", {"metrics": [1, {"f1": bad}]})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_json_atomic(tmp_path / "deep" / "a.json", {"a": 1})

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(SmartgenError, match=r"a\.json: cannot be written \(No space left on device\)"):
        write_json_atomic(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


def test_a_result_comes_back(tmp_path: Path) -> None:
    write_result(tmp_path, "k1", RESULT, {"seconds": 3})
    (record,) = read_records(tmp_path)
    assert (record.key, record.ok, record.error) == ("k1", True, None)
    assert record.axes == RESULT["axes"]
    assert record.metrics == {"f1": 0.5}
    assert record.run == {"seconds": 3}


def test_digest_sees_the_result_and_nothing_else(tmp_path: Path) -> None:
    write_result(tmp_path, "k1", RESULT, {"seconds": 3})
    write_result(tmp_path, "k2", dict(reversed(RESULT.items())), {"seconds": 4})
    write_result(tmp_path, "k3", RESULT | {"metrics": {"f1": 0.5000001}}, {"seconds": 3})
    first, second, third = map(result_digest, read_records(tmp_path))
    assert first == second != third


def test_failures_are_read_until_a_result_takes_their_place(tmp_path: Path) -> None:
    write_error(tmp_path, "k1", {"task": "detection"}, ERROR, {"command": "smartgen"})
    (failed,) = read_records(tmp_path)
    assert (failed.ok, failed.axes, failed.error) == (False, {"task": "detection"}, ERROR)
    with pytest.raises(ValueError, match="failed"):
        result_digest(failed)
    write_result(tmp_path, "k1", RESULT, {})
    (done,) = read_records(tmp_path)
    assert (done.ok, done.error) == (True, None)
    write_error(tmp_path, "k1", {"task": "detection"}, ERROR, {})
    (rerun,) = read_records(tmp_path)
    assert (rerun.ok, rerun.error) == (True, ERROR)


def test_a_result_must_be_whole(tmp_path: Path) -> None:
    with pytest.raises(SmartgenError, match=r"record k1: result\.counts: expected a mapping"):
        write_result(tmp_path, "k1", {name: {} for name in ("axes", "config", "metrics")}, {})


def test_foreign_folders_are_passed_over(tmp_path: Path) -> None:
    for name in ("empty", "notes", ".hidden"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    (tmp_path / "runs" / "notes" / "readme.txt").write_text("mine")
    (tmp_path / "runs" / ".hidden" / "result.json").write_text("{")
    (tmp_path / "runs" / "file.json").write_text("{")
    assert read_records(tmp_path) == []
    assert read_records(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"schema": 1, "key": "k1", "resu', "expected a whole JSON record"),
        ("[]", "schema: expected a record of schema 1"),
        ('{"schema": 2, "key": "k1"}', "schema: expected a record of schema 1"),
        ('{"schema": 1, "key": "other"}', "key: expected the folder's name, k1"),
        ('{"schema": 1, "key": "k1", "result": {"axes": {}}}', "config: expected a mapping"),
        ('{"schema": 1, "key": "k1", "result": null}', "axes: expected a mapping"),
    ],
)
def test_broken_records_are_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "runs" / "k1" / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(SmartgenError) as caught:
        read_records(tmp_path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_resources_are_found_packed_first_then_in_a_clone(tmp_path: Path) -> None:
    package = tmp_path / "smartgen"
    with pytest.raises(SmartgenError, match="reinstall"):
        resource_dir("conf", package)
    (tmp_path / "conf").mkdir()
    assert resource_dir("conf", package) == tmp_path / "conf"
    (package / "_packed" / "conf").mkdir(parents=True)
    assert resource_dir("conf", package) == package / "_packed" / "conf"
    assert (resource_dir("experiments") / "table2.yaml").is_file()


def test_a_kill_while_a_result_is_written_leaves_no_old_error_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_error(tmp_path, "k", RESULT["axes"], ERROR, {})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smartgen.core.records.write_text_atomic", killed)
    with pytest.raises(KeyboardInterrupt):
        write_result(tmp_path, "k", RESULT, {})
    assert read_records(tmp_path) == []
