"""The release as Parquet: one row a behavior, one file a dataset."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smartgen.core.types import FIELDS, Sequences
from smartgen.data.release import contexts, parts, read_part, read_vocabulary
from smartgen.data.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa


def export_dataset(root: Path, dataset: str, out: Path) -> tuple[Path, int]:
    """Write ``<out>/<dataset>.parquet`` and return its path and number of rows.

    Columns: ``dataset context part sequence position day hour device action device_name action_name``.
    ``sequence`` is the row in the release's file, ``position`` the place in the sequence, both from 0; a
    sequence without behaviors has no row. Names are dictionary columns. Parts as in ``release.parts``.

    Raises:
        SmartgenError: no such dataset, or a file of it is damaged or has ids of another one.
    """
    import pyarrow.parquet as pq

    vocabulary = read_vocabulary(root, dataset)
    target = out / f"{dataset}.parquet"
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    out.mkdir(parents=True, exist_ok=True)
    rows = 0
    try:
        with pq.ParquetWriter(part, schema()) as writer:
            for context, name, sequences in _sets(root, dataset, vocabulary):
                writer.write_table(behavior_table(sequences, vocabulary, dataset, context, name))
                rows += len(sequences.values)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target, rows


def schema() -> pa.Schema:
    """Column names and types of an export."""
    import pyarrow as pa

    text = pa.dictionary(pa.int16(), pa.string())
    labels = [(name, text) for name in ("dataset", "context", "part")]
    places = [("sequence", pa.int32()), ("position", pa.int32())]
    numbers = [*places, *((name, pa.int16()) for name in FIELDS)]
    return pa.schema([*labels, *numbers, ("device_name", text), ("action_name", text)])


def behavior_table(
    sequences: Sequences, vocabulary: Vocabulary, dataset: str, context: str, part: str
) -> pa.Table:
    """The rows of one set of sequences."""
    import pyarrow as pa

    lengths, rows = sequences.lengths, len(sequences.values)
    fields = dict(zip(FIELDS, sequences.values.T.astype(np.int16), strict=True))
    labels = {"dataset": dataset, "context": context, "part": part}
    columns = {name: _named(np.zeros(rows, np.int16), (text,)) for name, text in labels.items()}
    columns["sequence"] = pa.array(np.repeat(np.arange(len(sequences)), lengths).astype(np.int32))
    position = np.arange(rows) - np.repeat(sequences.offsets[:-1], lengths)
    columns["position"] = pa.array(position.astype(np.int32))
    columns |= {name: pa.array(np.ascontiguousarray(values)) for name, values in fields.items()}
    columns["device_name"] = _named(fields["device"], vocabulary.devices)
    columns["action_name"] = _named(fields["action"], vocabulary.actions)
    return pa.table(columns, schema=schema())


def _named(ids: np.ndarray[tuple[int], np.dtype[np.int16]], names: tuple[str, ...]) -> pa.DictionaryArray:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(np.ascontiguousarray(ids)), pa.array(names, pa.string()))


def _sets(root: Path, dataset: str, vocabulary: Vocabulary) -> Iterator[tuple[str, str, Sequences]]:
    for context in contexts(root, dataset):
        for name in parts(root, dataset, context):
            yield context, name, read_part(root, dataset, context, name, vocabulary)
