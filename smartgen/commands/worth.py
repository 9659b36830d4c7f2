"""`smartgen-report worth`: gap closed and worth in real sequences, with pictures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from smartgen.commands.files import Drawing, Part, write_part
from smartgen.commands.pages import WIDTH, meant, named, show, told_on_terminal
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
    found, left_out = _worths(fitting, _tasks(options.metric[0] if options.metric else None, outputs))
    refuse_none(found, left_out, options.metric[0] if options.metric else "either task")
    methods = named(options.method, dict.fromkeys(one.method for one in found), "method")
    part = _part([one for one in found if one.method in methods], left_out)
    if not where and not options.metric and not options.method:
        write_part(part, outputs)
    return show(options, part.page, part.rows, WIDTH)


def _both_tasks(outputs: Path) -> list[tuple[Comparison, str]]:
    """Both tasks with what the paper and the field measure first."""
    from smartgen.tables.paired_detection import PairedDetection
    from smartgen.tables.paired_prediction import PairedPrediction

    return [(PairedPrediction(), "hr@10"), (PairedDetection(Store(outputs / "cache")), "auroc")]


def _tasks(metric: str | None, outputs: Path) -> list[tuple[Comparison, str]]:
    """Both tasks, or the one that has this metric."""
    tasks = _both_tasks(outputs)
    (prediction, _), (detection, _) = tasks
    if metric is None:
        return tasks
    try:
        prediction.check_metric(metric)
    except SmartgenError:
        detection.check_metric(metric)
        return [(detection, metric)]
    return [(prediction, metric)]


def worth_part(records: Sequence[Record], outputs: Path) -> Part:
    """Both tasks by their first metrics.

    Raises:
        NothingRecordedError: no records of two regimes.
    """
    found, left_out = _worths(records, _both_tasks(outputs))
    refuse_none(found, left_out, "either task")
    return _part(found, left_out)


def _worths(
    records: Sequence[Record], tasks: Sequence[tuple[Comparison, str]]
) -> tuple[list[Worth], list[str]]:
    found: list[Worth] = []
    left_out: list[str] = []
    for task, metric in tasks:
        some, others = worths(records, task, metric, told_on_terminal)
        found, left_out = found + some, left_out + others
    return found, left_out


def _part(found: Sequence[Worth], left_out: Sequence[str]) -> Part:
    from smartgen.tables.worth_page import curve_records, worth_page, worth_records

    drawings = {"worth": Drawing(rows=curve_records(found)), **_drawings(found)}
    return Part("worth", worth_page(found, left_out), worth_records(found), drawings)


def _drawings(found: Sequence[Worth]) -> dict[str, Drawing]:
    """Curves of each model that was tried with real sequences, and the gaps of each task."""
    from smartgen.tables.worth_pictures import draw_curves, draw_gaps

    drawings = {}
    for method in dict.fromkeys(one.method for one in found):
        some = [one for one in found if one.method == method]
        if any(one.tried for one in some):  # levels alone make no picture
            drawings[f"worth_{method}"] = Drawing(partial(draw_curves, some))
    for task in dict.fromkeys(one.task for one in found):
        some = [one for one in found if one.task == task and one.gaps]
        if some:
            drawings[f"gaps_{task}"] = Drawing(partial(draw_gaps, some))
    return drawings
