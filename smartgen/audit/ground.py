"""What checks stand on: the authors' release, if it is here, and the records of one's own runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from smartgen.audit.finding import UncheckableError
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.core.types import Sequences
from smartgen.data.release import DATA_FOLDER, read_sequences, read_vocabulary
from smartgen.data.release import datasets as found_datasets
from smartgen.data.vocabulary import Vocabulary
from smartgen.tables.collect import TableCell, collect
from smartgen.tables.declare import Table, load_named
from smartgen.tables.select import matches


class Ground:
    """The release and the records.

    Args:
        root: the release's folder; None where there is none.
        records: what was run here.
        tables: gives the declarations by name.
    """

    def __init__(
        self,
        root: Path | None,
        records: Sequence[Record] = (),
        tables: Callable[[str], Table] = load_named,
    ) -> None:
        self._root = root
        self.records = list(records)
        self.sequences = cache(self._sequences)
        self.vocabulary = cache(self._vocabulary)
        self.table = cache(tables)
        self.cells = cache(self._cells)

    @property
    def root(self) -> Path:
        """The release.

        Raises:
            UncheckableError: it is not here.
        """
        if self._root is None:
            raise UncheckableError("needs the authors' release: smartgen-data fetch, or SMARTGEN_RELEASE")
        return self._root

    @cached_property
    def datasets(self) -> list[str]:
        """The paper's homes that the release has here."""
        found = [name for name in found_datasets(self.root) if name in ("fr", "sp", "us")]
        if not found:
            raise UncheckableError(f"{self.root}: none of fr, sp, us is there")
        return found

    def file(self, *parts: str) -> Path:
        """A file of the release.

        Raises:
            UncheckableError: it is not there.
        """
        path = self.root.joinpath(*parts)
        if not path.is_file():
            raise UncheckableError(f"needs {'/'.join(parts)} of the release")
        return path

    def data(self, dataset: str, context: str, name: str) -> Path:
        """A file of a context, as ``split_trn.pkl``."""
        return self.file(str(DATA_FOLDER), dataset, context, name)

    def ran(self, wanted: Mapping[str, Any], command: str) -> list[Record]:
        """The finished records that have all wanted values.

        Raises:
            UncheckableError: there is none; says which command makes some.
        """
        found = [record for record in self.records if record.ok and matches(record, wanted)]
        if not found:
            raise UncheckableError(f"needs records: {command}")
        return found

    def measured(self, table: str) -> dict[tuple[str, str, str, str], TableCell]:
        """What was measured of a table, by (dataset as the paper writes it, transition, metric, method)."""
        homes = {ours: paper for paper, ours in self.table(table).datasets.items()}
        return {(homes[c.dataset], c.transition, c.metric, c.method): c for c in self.cells(table)}

    def _sequences(self, path: Path) -> Sequences:
        return read_sequences(path)

    def _vocabulary(self, dataset: str) -> Vocabulary:
        return read_vocabulary(self.root, dataset)

    def _cells(self, table: str) -> list[TableCell]:
        declared: Table = self.table(table)
        return collect(declared, self.records)


def ground_at(root: Path | None, records: Sequence[Record]) -> Ground:
    """The ground on the release that is named, by the argument or SMARTGEN_RELEASE, or that is at hand.

    Raises:
        SmartgenError: one is named, and is none.
    """
    from smartgen.data.release import ENVIRONMENT, release_root

    try:
        return Ground(release_root(root), records)
    except SmartgenError:
        if root is not None or os.environ.get(ENVIRONMENT):
            raise
        return Ground(None, records)
