"""The record of a cell on disk: `outputs/runs/<key>/result.json`, or `error.json` where it failed.

A record has two blocks. `result` (axes, config, metrics, counts) is deterministic: two records are equal
where it is. `run` (times, host, versions, commit, command) says how it came about and is never compared.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.atomic import json_text, write_bytes_atomic, write_json_atomic, write_text_atomic
from smartgen.core.errors import SmartgenError
from smartgen.core.foreign import read_arrays, read_json
from smartgen.core.keys import content_key, flatten, without_harmless

__all__ = [
    "Record",
    "read_cases",
    "read_record",
    "read_records",
    "result_digest",
    "write_cases",
    "write_error",
    "write_json_atomic",
    "write_result",
    "write_text_atomic",
]

SCHEMA = 1
RESULT_FILE = "result.json"
ERROR_FILE = "error.json"
CASES_FILE = "cases.npz"
BLOCKS = ("axes", "config", "metrics", "counts")


@dataclass(frozen=True)
class Record:
    """One cell as its files tell it.

    Attributes:
        key: the cell's content key, also the folder's name.
        path: the cell's folder.
        result: the deterministic block; of a cell that only failed it has `axes` and `config` alone.
        run: how it was run.
        error: type, message and traceback of the last failure. A finished cell has one only where a later
            forced rerun failed: a success removes what failed before it.
        ok: whether there is a result.
    """

    key: str
    path: Path
    result: Mapping[str, Any]
    run: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    ok: bool = True

    @cached_property
    def axes(self) -> Mapping[str, Any]:
        """Task, dataset, transition, method, regime, protocol, synthesizer, seed and others."""
        return _block(self.result, "axes")

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The resolved settings."""
        return _block(self.result, "config")

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """Numbers by name; nested where a protocol gives several views of one."""
        return _block(self.result, "metrics")

    @cached_property
    def counts(self) -> Mapping[str, Any]:
        """Sizes: training, validation, test, outliers and so on."""
        return _block(self.result, "counts")

    @cached_property
    def setting(self) -> dict[str, Any]:
        """All that tells one setting from another, by dotted name: axes and config without the seed."""
        found = {**flatten(without_harmless(self.config)), **self.axes}
        return {key: value for key, value in found.items() if key != "seed"}

    @cached_property
    def setting_digest(self) -> str:
        """Equal where the settings are."""
        return content_key(self.setting)


def write_result(outputs: Path, key: str, result: Mapping[str, Any], run: Mapping[str, Any]) -> Path:
    """Write a finished cell's record, the mark of its completion, and drop what an earlier failure left.

    Args:
        outputs: the outputs folder.
        key: the cell's content key.
        result: axes, config, metrics and counts.
        run: how it was run.

    Raises:
        SmartgenError: a block is missing, or a value is no JSON (NaN included).
    """
    for block in BLOCKS:
        if not isinstance(result.get(block), Mapping):
            raise SmartgenError(f"record {key}: result.{block}: expected a mapping; a cell gives {BLOCKS}")
    folder = outputs / "runs" / key
    content = {"schema": SCHEMA, "key": key, "result": dict(result), "run": dict(run)}
    text = json_text(content, RESULT_FILE)
    (folder / ERROR_FILE).unlink(missing_ok=True)  # before: a kill in between leaves none, never both
    return write_text_atomic(folder / RESULT_FILE, text)


def write_cases(outputs: Path, key: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write the single cases behind a record's means, before the record itself.

    Returns:
        A digest of their content, for the record.
    """
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    write_bytes_atomic(outputs / "runs" / key / CASES_FILE, content.getvalue())
    return _cases_digest(arrays)


def _cases_digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    sha = hashlib.sha256()
    for name in sorted(arrays):
        sha.update(name.encode() + arrays[name].tobytes())
    return sha.hexdigest()


def read_cases(record: Record) -> dict[str, NDArray[Any]]:
    """What ``write_cases`` wrote for this record.

    Raises:
        SmartgenError: the record has none, or they are damaged or another run's.
    """
    path = record.path / CASES_FILE
    try:
        found = read_arrays(path)
    except (OSError, ValueError) as error:
        raise SmartgenError(f"{path}: no readable cases; run the cell again with force=true") from error
    if record.result.get("cases") != _cases_digest(found):
        raise SmartgenError(
            f"{path}: not the cases of the record beside it; run the cell again with force=true"
        )
    return found


def write_error(
    outputs: Path,
    key: str,
    axes: Mapping[str, Any],
    error: Mapping[str, str],
    run: Mapping[str, Any],
    config: Mapping[str, Any] | None = None,
) -> Path:
    """Write what a failed cell leaves; a result that is already there stays.

    Args:
        outputs: the outputs folder.
        key: the cell's content key.
        axes: what tables match cells on.
        error: type, message and traceback.
        run: how it was run.
        config: the resolved settings.
    """
    content = {"schema": SCHEMA, "key": key, "axes": dict(axes), "error": dict(error), "run": dict(run)}
    content["config"] = dict(config or {})
    return write_json_atomic(outputs / "runs" / key / ERROR_FILE, content)


def read_records(outputs: Path) -> list[Record]:
    """All records under `outputs/runs`, by key. Folders with neither file are passed over.

    Raises:
        SmartgenError: a file that is no whole record of this schema; the message names it.
    """
    runs = outputs / "runs"
    folders = sorted(path for path in runs.iterdir() if path.is_dir()) if runs.is_dir() else []
    read = (_read_folder(folder) for folder in folders if not folder.name.startswith("."))
    return [record for record in read if record is not None]


def read_record(outputs: Path, key: str) -> Record | None:
    """The record of one cell; None where its folder has neither file.

    Raises:
        SmartgenError: a file that is no whole record of this schema; the message names it.
    """
    return _read_folder(outputs / "runs" / key)


def is_recorded(outputs: Path, key: str) -> bool:
    """Whether there is a whole result of this cell; one that is damaged counts for none, and is made anew."""
    try:
        return _read_file(outputs / "runs" / key / RESULT_FILE) is not None
    except SmartgenError:
        return False


def result_digest(record: Record) -> str:
    """SHA-256 of the canonical `result` block: equal digests are what "the same result" means."""
    if not record.ok:
        raise ValueError(f"record {record.key} failed: it has no result to digest")
    return hashlib.sha256(json_text(record.result, "result").encode()).hexdigest()


def _read_folder(folder: Path) -> Record | None:
    done, failed = _read_file(folder / RESULT_FILE), _read_file(folder / ERROR_FILE)
    error = None if failed is None else _block(failed, "error")
    if done is not None:
        return Record(folder.name, folder, done["result"], _block(done, "run"), error)
    if failed is not None:
        known = {"axes": failed["axes"], "config": _block(failed, "config")}
        return Record(folder.name, folder, known, _block(failed, "run"), error, ok=False)
    return None


def _read_file(path: Path) -> dict[str, Any] | None:
    """The checked content of a result or error file; None where there is none."""
    if not path.is_file():
        return None
    remedy = "run its cell again with force=true, or delete its folder"
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise SmartgenError(f"{path}: expected a whole JSON record, but {error}; {remedy}") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise SmartgenError(f"{path}: schema: expected a record of schema {SCHEMA}; {remedy}")
    if content.get("key") != path.parent.name:
        raise SmartgenError(f"{path}: key: expected the folder's name, {path.parent.name}; {remedy}")
    is_result = path.name == RESULT_FILE
    outer = content.get("result") if is_result else content
    for block in BLOCKS if is_result else ("axes", "error"):
        if not isinstance(outer, dict) or not isinstance(outer.get(block), dict):
            raise SmartgenError(f"{path}: {block}: expected a mapping; {remedy}")
    return content


def _block(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = content.get(name, {})
    return block if isinstance(block, Mapping) else {}
