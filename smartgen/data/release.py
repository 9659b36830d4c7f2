"""The authors' release as it lies on disk: where it is, its vocabularies, its sequences."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Collection, Mapping
from itertools import chain
from pathlib import Path
from typing import Final, TypeGuard, cast

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.core.types import FIELDS, IntArray, Sequences
from smartgen.data.unpickle import load_pickle
from smartgen.data.vocabulary import DAYS, HOURS, Vocabulary

ENVIRONMENT: Final = "SMARTGEN_RELEASE"
VOCABULARY_FILES: Final = ("SmartGen/dictionary.json", "SmartGen/dictionary.py")
DATA_FOLDER: Final = "SmartGen/IoT_data"
MOST_NUMBERS: Final = 1 << 26  # of one file; a pickle can name one row a billion times
CONTEXTS: Final = ("winter", "spring", "daytime", "night", "single", "multiple")

Tables = Mapping[str, Mapping[str, int]]


def release_root(path: str | Path | None = None) -> Path:
    """The folder of the release: the argument, else SMARTGEN_RELEASE, else ``./release``.

    Raises:
        SmartgenError: the folder has no vocabulary file.
    """
    root = default_root(path)
    if not any((root / name).is_file() for name in VOCABULARY_FILES):
        raise SmartgenError(
            f"{root}: no release here (no {VOCABULARY_FILES[1]}); run `smartgen-data fetch` "
            f"or set {ENVIRONMENT} to its folder"
        )
    return root


def default_root(path: str | Path | None = None) -> Path:
    """Where the release is, or is to be put; nothing is checked."""
    return Path(path or os.environ.get(ENVIRONMENT) or "release")


def datasets(root: Path) -> list[str]:
    """Names of the datasets that have a data folder and a vocabulary, sorted."""
    folder = root / DATA_FOLDER
    tables = vocabulary_tables(root)
    found = [entry.name for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
    return sorted(name for name in found if {f"{name}_devices_dict", f"{name}_actions"} <= set(tables))


def known_dataset(root: Path, dataset: str) -> str:
    """The name itself, if ``datasets`` has it; else a SmartgenError that names those that exist."""
    if dataset not in (known := datasets(root)):
        raise SmartgenError(f"no dataset {dataset!r} in {root}; it has {', '.join(known) or 'none'}")
    return dataset


def read_vocabulary(root: Path, dataset: str) -> Vocabulary:
    """The device and action tables of one dataset.

    The off-actions are the ids that the release lists, whatever name stands beside them: for SP it gives
    ``Dryer:switch off``, which SP lacks, the id of ``GarageDoor:doorControl close``. That is an ending action
    too, and without it the semantic check would cut SP differently (SP winter 6,235 pieces instead of 6,216).
    Ids beyond the action table are left out. Without a list, names that end in "off" count (ours).

    Raises:
        SmartgenError: the dataset has no tables, or their ids have holes.
    """
    tables = vocabulary_tables(root)
    wanted = (f"{dataset}_devices_dict", f"{dataset}_actions")
    if missing := [name for name in wanted if name not in tables]:
        known = ", ".join(datasets(root)) or "none"
        raise SmartgenError(f"{root}: no table {missing[0]!r} in the vocabulary; datasets here: {known}")
    devices, actions = (tables[name] for name in wanted)
    off = tables.get(f"{dataset}_actions_off")
    if off is None:
        off = {name: number for name, number in actions.items() if name.lower().endswith("off")}
    owned = set(actions.values())
    try:
        return Vocabulary.from_tables(
            devices, actions, {n: number for n, number in off.items() if number in owned}
        )
    except SmartgenError as error:
        raise SmartgenError(f"{root}: dataset {dataset!r}: {error}") from error


def contexts(root: Path, dataset: str) -> list[str]:
    """Names of a dataset's contexts, in the paper's order; any others follow by name."""
    known_dataset(root, dataset)
    folders = (root / DATA_FOLDER / dataset).iterdir()
    found = [path.name for path in folders if (path / "trn.pkl").is_file() or (path / "test.pkl").is_file()]
    return sorted(found, key=lambda name: (CONTEXTS.index(name) if name in CONTEXTS else len(CONTEXTS), name))


def parts(root: Path, dataset: str, context: str) -> list[str]:
    """The files of a context that hold recorded sequences: ``test`` or ``trn`` first, ``vld``, ``split_*``.

    A target context, which has a ``test``, also has ``trn`` and ``rs_vld``; these are left out because they
    are remains of synthetic sets, and so are an original context's ``rs_*``, reshuffled from its ``trn``.
    """
    folder = root / DATA_FOLDER / dataset / context
    raw = "test" if (folder / "test.pkl").is_file() else "trn"
    names = (raw, "vld", f"split_{raw}", "split_vld")
    return [name for name in names if (folder / f"{name}.pkl").is_file()]


def context_file(root: Path, dataset: str, context: str, name: str) -> Path:
    """``<root>/SmartGen/IoT_data/<dataset>/<context>/<name>``; a missing file is an error that names it."""
    path = root / DATA_FOLDER / dataset / context / name
    if not path.is_file():
        raise SmartgenError(f"{path}: no such file in this release; see `smartgen-data show`")
    return path


def read_sequences(path: Path) -> Sequences:
    """A pickle of flat rows ``day, hour, device, action, day, ...``: lists or numpy arrays of integers.

    Raises:
        SmartgenError: another layout, with the file and the first row that is wrong.
    """
    rows = load_pickle(path)
    if not isinstance(rows, (list, tuple)) and not (isinstance(rows, np.ndarray) and rows.ndim > 0):
        raise SmartgenError(f"{path}: holds a {type(rows).__name__}, expected a list of sequences")
    if (plain := _plain(path, rows)) is not None:
        return plain
    _check_size(path, sum(map(_numbers, rows)))
    flats, numbers = [], 0
    for number, row in enumerate(rows):
        flats.append(_flat_row(path, number, row))
        numbers += flats[-1].size
        _check_size(path, numbers)
    offsets = np.cumsum([0] + [flat.size // len(FIELDS) for flat in flats])
    return Sequences(np.concatenate(flats) if flats else np.zeros((0, 4), np.int32), offsets)


def read_part(root: Path, dataset: str, context: str, part: str, vocabulary: Vocabulary) -> Sequences:
    """One of ``parts``, its ids checked."""
    path = context_file(root, dataset, context, f"{part}.pkl")
    sequences = read_sequences(path)
    check_ids(sequences, vocabulary, path)
    return sequences


def check_ids(sequences: Sequences, vocabulary: Vocabulary, path: Path) -> None:
    """Raise SmartgenError with file and row if an id is not in its table."""
    sizes = np.array([len(DAYS), len(HOURS), len(vocabulary.devices), len(vocabulary.actions)])
    wrong = np.argwhere((sequences.values < 0) | (sequences.values >= sizes))
    if wrong.size:
        behavior, column = wrong[0].tolist()
        row = int(np.searchsorted(sequences.offsets, behavior, side="right")) - 1
        raise SmartgenError(
            f"{path}: row {row} has {FIELDS[column]} {sequences.values[behavior, column]}, "
            f"expected 0 to {sizes[column] - 1}; is this another dataset's file?"
        )


def _plain(path: Path, rows: Collection[object]) -> Sequences | None:
    """All rows at once where they are right and lists of plain integers, as nearly every file has them."""
    if set(map(type, rows)) != {list}:
        return None
    lists = cast(Collection[list[int]], rows)
    sizes = np.fromiter(map(len, lists), np.int64, len(lists))
    _check_size(path, int(sizes.sum()))
    if (sizes % len(FIELDS)).any() or not set(map(type, chain.from_iterable(lists))) <= {int}:
        return None
    try:
        numbers = np.fromiter(chain.from_iterable(lists), np.int32, int(sizes.sum()))
    except OverflowError:
        return None
    if numbers.size and numbers.min() < 0:
        return None
    numbers.setflags(write=False)
    return Sequences(numbers, np.append(0, np.cumsum(sizes // len(FIELDS))))


def _numbers(row: object) -> int:
    if isinstance(row, (list, tuple)):
        return len(row)
    return row.size if isinstance(row, np.ndarray) else 0


def _check_size(path: Path, numbers: int) -> None:
    if numbers > MOST_NUMBERS:
        raise SmartgenError(f"{path}: its rows hold over {MOST_NUMBERS:,} numbers, more than any home has")


def _flat_row(path: Path, number: int, row: object) -> IntArray:
    """One checked row as int32; numpy would silently cut 2.7 to 2 and read "3" as 3."""
    if isinstance(row, (list, tuple)) and any(isinstance(one, (list, tuple, dict, set)) for one in row):
        row = None  # numpy would unfold lists in lists, which a pickle can nest without end
    try:
        flat = np.asarray(row if isinstance(row, (list, tuple, np.ndarray)) else None)
    except ValueError:  # lists of different lengths inside the row
        flat = np.asarray(None)
    if flat.size == 0 and flat.ndim == 1:
        return np.zeros(0, np.int32)
    if flat.dtype.kind not in "iu" or flat.ndim != 1:
        raise SmartgenError(
            f"{path}: row {number} is not a flat list of integers (day, hour, device, action ...)"
        )
    if flat.size % len(FIELDS):
        raise SmartgenError(f"{path}: row {number} has {flat.size} numbers, expected a multiple of 4")
    if flat.min() < 0 or flat.max() > np.iinfo(np.int32).max:
        raise SmartgenError(
            f"{path}: row {number} has id {flat[(flat < 0) | (flat >= 2**31)][0]}, expected 0 or more"
        )
    return flat.astype(np.int32)


def vocabulary_tables(root: Path) -> Tables:
    """Every text-to-id table of the vocabulary file."""
    path = next((root / name for name in VOCABULARY_FILES if (root / name).is_file()), None)
    if path is None:
        raise SmartgenError(f"{root}: no {' or '.join(VOCABULARY_FILES)}; run `smartgen-data fetch`")
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else _literals(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # also of too deep a nesting
        raise SmartgenError(f"{path}: not a readable vocabulary ({error})") from error
    if not isinstance(found, dict):
        raise SmartgenError(f"{path}: expected tables by name, found a {type(found).__name__}")
    return {str(name): table for name, table in found.items() if _is_table(table)}


def _literals(source: str) -> dict[str, object]:
    """The literal assignments of a Python file; nothing is executed, and what computes is left out."""
    found: dict[str, object] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except (ValueError, TypeError):  # a call, an expression, a list as a key: not a table
                found.pop(node.targets[0].id, None)
    return found


def _is_table(value: object) -> TypeGuard[dict[str, int]]:
    """Text to id; ``type(...) is int`` because True is an int too."""
    return isinstance(value, dict) and all(isinstance(k, str) and type(v) is int for k, v in value.items())
