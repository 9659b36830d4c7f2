"""Records as a pandas table, for analyses of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from smartgen.core.keys import flatten
from smartgen.core.records import Record

if TYPE_CHECKING:
    import pandas as pd


def records_frame(records: Iterable[Record], config: bool = False) -> pd.DataFrame:
    """One row a finished record, by key; what a record does not have is missing in its row (ours).

    Args:
        records: those that only failed are left out.
        config: the resolved settings as well, some two hundred columns.

    Returns:
        Axes under their own names (``dataset``, ``seed`` ...), then ``metrics.f1``, ``counts.train`` and,
        where wanted, ``config.trainer.threads``.
    """
    import pandas as pd

    blocks = ("metrics", "counts", "config") if config else ("metrics", "counts")
    rows = {}
    for record in records:
        if record.ok:
            parts = {block: dict(record.result[block]) for block in blocks}
            rows[record.key] = dict(record.axes) | flatten(parts)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("key")
