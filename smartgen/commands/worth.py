"""`smartgen-report worth`: gap closed and worth in real sequences, with pictures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from smartgen.commands.pages import (
    WIDTH,
    meant,
    named,
    show,
    told_on_terminal,
    write_files,
    write_page,
)
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.core.store import Store
from smartgen.tables.paired import Comparison
from smartgen.tables.select import matches
from smartgen.tables.worth import Worth, refuse_none, worths


def report_worth(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """Print the page; without a filter write it, its curves and pictures too.

    Raises:
        SmartgenError: no records, or a metric that neither task has.
    """
    fitting, where = meant(options, records)
    if options.dataset:  # one home or several, as sp,us
        homes = sorted({str(record.axes["dataset"]) for record in records if record.ok})
        where["dataset"] = tuple(named(options.dataset.split(","), homes, "dataset"))
        fitting = [record for record in fitting if matches(record, where)]
    found: list[Worth] = []
    left_out: list[str] = []
    for task, metric in _tasks(options.metric[0] if options.metric else None, outputs):
        some, others = worths(fitting, task, metric, told_on_terminal)
        found, left_out = found + some, left_out + others
    refuse_none(found, left_out, options.metric[0] if options.metric else "either task")
    methods = named(options.method, dict.fromkeys(one.method for one in found), "method")
    if not where and not options.metric and not options.method:
        _write_all(found, left_out, outputs)
    from smartgen.tables.worth_page import worth_page, worth_records

    asked = [one for one in found if one.method in methods]
    return show(options, worth_page(asked, left_out), worth_records(asked), WIDTH)


def both_tasks(outputs: Path) -> list[tuple[Comparison, str]]:
    """Both tasks with what the paper and the field measure first."""
    from smartgen.tables.paired_detection import PairedDetection
    from smartgen.tables.paired_prediction import PairedPrediction

    return [(PairedPrediction(), "hr@10"), (PairedDetection(Store(outputs / "cache")), "auroc")]


def _tasks(metric: str | None, outputs: Path) -> list[tuple[Comparison, str]]:
    """Both tasks, or the one that has this metric."""
    tasks = both_tasks(outputs)
    (prediction, _), (detection, _) = tasks
    if metric is None:
        return tasks
    try:
        prediction.check_metric(metric)
    except SmartgenError:
        detection.check_metric(metric)
        return [(detection, metric)]
    return [(prediction, metric)]


def _write_all(found: Sequence[Worth], left_out: Sequence[str], outputs: Path) -> None:
    from smartgen.tables.render import rows_to_csv
    from smartgen.tables.worth_page import curve_records, worth_page, worth_records

    write_page(outputs / "tables" / "worth", worth_page(found, left_out), worth_records(found))
    curves = rows_to_csv(curve_records(found)).encode()
    write_files(outputs / "figures" / "worth", {"csv": curves})
    for name, files in worth_pictures(found).items():
        write_files(outputs / "figures" / name, files)


def worth_pictures(found: Sequence[Worth]) -> dict[str, dict[str, bytes]]:
    """Curves of each model that was tried with real sequences, and the gaps of each task."""
    from smartgen.tables.worth_pictures import draw_curves, draw_gaps

    pictures = {}
    for method in dict.fromkeys(one.method for one in found):
        some = [one for one in found if one.method == method]
        if any(one.tried for one in some):  # levels alone make no picture
            pictures[f"worth_{method}"] = draw_curves(some)
    for task in dict.fromkeys(one.task for one in found):
        some = [one for one in found if one.task == task and one.gaps]
        if some:
            pictures[f"gaps_{task}"] = draw_gaps(some)
    return pictures
