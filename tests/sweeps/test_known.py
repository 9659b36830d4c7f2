"""A note of a recorded cell is believed only while all that its key comes from is the same."""

import os
from pathlib import Path

import pytest

from smartgen.core.records import is_recorded, write_result
from smartgen.sweeps import known
from smartgen.sweeps.known import fingerprint, fingerprints, recorded_key, remember, runs_anyway

CELL = ("dataset=fr", "seed=1")
EMPTY: dict[str, dict[str, object]] = {"axes": {}, "config": {}, "metrics": {}, "counts": {}}


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "trn.pkl").write_bytes(b"123")
    return folder


@pytest.fixture
def noted(tmp_path: Path, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    fingerprint.cache_clear()
    monkeypatch.setenv("SMARTGEN_RELEASE", str(inputs))
    outputs = tmp_path / "outputs"
    write_result(outputs, "key", EMPTY, {})
    remember(outputs, CELL, "key", fingerprints([inputs]))
    assert recorded_key(outputs, CELL) == "key"
    assert recorded_key(outputs, tuple(reversed(CELL))) == "key", "the order of overrides is no matter"
    return outputs


def test_other_overrides_are_another_cell(noted: Path) -> None:
    assert recorded_key(noted, (*CELL, "tracking=none")) is None


def test_a_record_that_is_gone_is_not_recorded(noted: Path) -> None:
    (noted / "runs/key/result.json").unlink()
    assert recorded_key(noted, CELL) is None


@pytest.mark.parametrize("found", ["{", "", "{}", '{"schema": 1, "key": "another"}'])
def test_a_damaged_record_is_made_anew(noted: Path, found: str) -> None:
    (noted / "runs/key/result.json").write_text(found)
    assert recorded_key(noted, CELL) is None
    assert not is_recorded(noted, "key")


@pytest.mark.parametrize("change", ["content", "time", "new file", "gone"])
def test_changed_inputs_are_looked_at_again(noted: Path, inputs: Path, change: str) -> None:
    file = inputs / "trn.pkl"
    if change == "content":
        file.write_bytes(b"1234")
    elif change == "time":
        os.utime(file, (1, 1))
    elif change == "new file":
        (inputs / "vld.pkl").touch()
    else:
        file.unlink()
    fingerprint.cache_clear()
    assert recorded_key(noted, CELL) is None


def test_other_code_or_folders_are_looked_at_again(
    noted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SMARTGEN_RELEASE", str(tmp_path / "elsewhere"))
    assert recorded_key(noted, CELL) is None
    monkeypatch.setenv("SMARTGEN_RELEASE", str(tmp_path / "x" / ".." / "release"))
    assert recorded_key(noted, CELL) == "key"
    monkeypatch.setattr(known, "code_digest", lambda: "another")
    assert recorded_key(noted, CELL) is None


def test_a_folder_that_the_cell_does_not_read_is_no_matter(
    noted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SMARTGEN_MODELS", str(tmp_path / "elsewhere"))
    assert recorded_key(noted, CELL) == "key"


def test_inputs_that_may_not_be_looked_at_leave_no_note(
    tmp_path: Path, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint.cache_clear()

    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "is_dir", refuse)
        read = fingerprints([inputs])
    assert read is None
    write_result(tmp_path, "key", EMPTY, {})
    remember(tmp_path, CELL, "key", read)
    assert recorded_key(tmp_path, CELL) is None


def test_a_torn_note_is_no_note(noted: Path) -> None:
    (note,) = (noted / "cache/known").rglob("*.json")
    note.write_text(note.read_text()[:-9])
    assert recorded_key(noted, CELL) is None


@pytest.mark.parametrize("override", ["force=true", "save=true", "plan=true", "+force=True"])
def test_some_cells_run_anyway(override: str) -> None:
    assert runs_anyway((*CELL, override))
    assert not runs_anyway((*CELL, override.lower().replace("true", "false")))
    assert not runs_anyway(CELL)
