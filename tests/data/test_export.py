from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.types import FIELDS, Sequences
from smartgen.data.export import export_dataset, schema
from smartgen.data.release import contexts, datasets, parts, read_part, read_vocabulary
from smartgen.data.vocabulary import Vocabulary


def _rebuilt(table: pa.Table, context: str, part: str) -> Sequences:
    """The inverse of an export, for one set."""
    frame = table.to_pandas()
    chosen = frame[(frame.context == context) & (frame.part == part)]
    lengths = np.bincount(chosen.sequence)
    assert chosen.position.tolist() == [i for n in lengths for i in range(n)]
    return Sequences(chosen[list(FIELDS)].to_numpy(), np.concatenate([[0], np.cumsum(lengths)]))


def _assert_equal(root: Path, dataset: str, table: pa.Table) -> None:
    vocabulary = read_vocabulary(root, dataset)
    total = 0
    for context in contexts(root, dataset):
        for part in parts(root, dataset, context):
            expected = read_part(root, dataset, context, part, vocabulary)
            assert _rebuilt(table, context, part) == expected
            total += len(expected.values)
    assert table.num_rows == total


def test_an_export_read_back_is_equal(toy_release: Path, toy_vocabulary: Vocabulary, tmp_path: Path) -> None:
    path, rows = export_dataset(toy_release, "toy", tmp_path / "new" / "out")
    table = pq.read_table(path)
    assert path == tmp_path / "new" / "out" / "toy.parquet"
    assert table.num_rows == rows
    assert table.schema.equals(schema())
    _assert_equal(toy_release, "toy", table)
    assert table["device_name"].to_pylist() == [
        toy_vocabulary.devices[i] for i in table["device"].to_pylist()
    ]
    assert table["action_name"].to_pylist() == [
        toy_vocabulary.actions[i] for i in table["action"].to_pylist()
    ]
    assert set(table["dataset"].to_pylist()) == {"toy"}
    assert [entry.name for entry in path.parent.iterdir()] == ["toy.parquet"]


def test_a_failed_export_leaves_the_old_file(toy_release: Path, tmp_path: Path) -> None:
    path, _ = export_dataset(toy_release, "toy", tmp_path / "out")
    before = path.read_bytes()
    bad = toy_release / "SmartGen/IoT_data/toy/spring/test.pkl"
    bad.write_bytes(pickle.dumps([[0, 0, 9, 0]]))
    with pytest.raises(SmartgenError, match=r"spring/test\.pkl: row 0 has device 9"):
        export_dataset(toy_release, "toy", tmp_path / "out")
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["toy.parquet"]


@pytest.mark.release
def test_the_release_read_back_is_equal(release: Path, tmp_path: Path) -> None:
    for dataset in datasets(release):
        path, _ = export_dataset(release, dataset, tmp_path)
        _assert_equal(release, dataset, pq.read_table(path))
