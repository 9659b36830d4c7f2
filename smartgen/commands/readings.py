"""`smartgen-report regimes`, `synthetic`, `quirks`, `headline`: pages that take seconds and draw nothing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from smartgen.commands.files import Part, write_part
from smartgen.commands.pages import WIDTH, meant, recorded_home, show
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record

READINGS = ("regimes", "synthetic", "quirks", "headline")


def report_reading(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """Print one of these; unless filtered, and but for ``regimes``, it is written.

    Raises:
        SmartgenError: no records, or a filter that leaves one side of a comparison.
    """
    fitting, where = meant(options, records)
    if options.what in ("quirks", "headline") and "without" in where:
        raise SmartgenError(
            f"--where without= leaves {options.what} one of the two sides it compares; drop it"
        )
    home = recorded_home(options, records) if options.dataset else None
    part = reading_part(options.what, fitting, home, (options.metric or ["auroc"])[0])
    if not where and home is None and options.what != "regimes":
        write_part(part, outputs)
    return show(options, part.page, part.rows, WIDTH if options.what == "regimes" else None)


def reading_part(
    name: str, records: Sequence[Record], dataset: str | None = None, metric: str = "auroc"
) -> Part:
    """One of ``READINGS``.

    Args:
        dataset: only this home; of regimes and synthetic.
        metric: that regimes are compared by.

    Raises:
        NothingRecordedError: no record fits.
    """
    if name == "regimes":
        from smartgen.tables.regimes import compare_regimes, regimes_page, regimes_records

        rows = compare_regimes(records, metric, dataset)
        return Part(name, regimes_page(rows, metric), regimes_records(rows))
    if name == "synthetic":
        from smartgen.tables.synthetic import qualities, synthetic_page, synthetic_records

        found = qualities(records, dataset)
        return Part(name, synthetic_page(found), synthetic_records(found))
    if name == "quirks":
        from smartgen.tables.quirks import quirks_page, quirks_records, worths

        worth = worths(records)
        return Part(name, quirks_page(worth), quirks_records(worth))
    from smartgen.tables.headline import headline_page, headline_records, ratios

    read = ratios(records)
    return Part(name, headline_page(read), headline_records(read))
