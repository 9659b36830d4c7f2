"""`smartgen-report table2_unified` and `table3_unified`: models like for like, under every regime."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from smartgen.commands.files import Part, write_page
from smartgen.commands.pages import meant, named, recorded_home, show, told_on_terminal
from smartgen.core.records import Record
from smartgen.core.store import Store
from smartgen.tables.paired import Comparison
from smartgen.tables.select import matches

PAIRED = ("table2_unified", "table3_unified")
Arrange = Callable[[Sequence[str]], Part]


def report_paired(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """Print the comparison by one metric; without a filter write it.

    Raises:
        SmartgenError: no records, or a metric that the task does not have.
    """
    task = _task(options.what, outputs)
    metric = (options.metric or [task.metric])[0]
    fitting, where = meant(options, records)
    if dataset := recorded_home(options, records):
        where["dataset"] = dataset
        fitting = [r for r in fitting if matches(r, {"dataset": dataset})]
    beside = () if options.metric else task.beside
    methods, arranged = _arrange(options.what, task, metric, beside, fitting)
    part = arranged(named(options.method, methods, "method"))
    if not where and not options.metric:
        write_page(outputs, arranged(methods) if options.method else part)
    return show(options, part.page, part.rows)


def paired_part(what: str, records: Sequence[Record], outputs: Path) -> Part:
    """All models by the metric of the task and those beside it.

    Raises:
        NothingRecordedError: no records.
    """
    task = _task(what, outputs)
    methods, arranged = _arrange(what, task, task.metric, task.beside, records)
    return arranged(methods)


def _task(what: str, outputs: Path) -> Comparison:
    """What is compared."""
    from smartgen.tables.paired_detection import PairedDetection
    from smartgen.tables.paired_prediction import PairedPrediction

    return PairedDetection(Store(outputs / "cache")) if what == PAIRED[0] else PairedPrediction()


def _arrange(
    what: str, task: Comparison, metric: str, beside: Sequence[str], records: Sequence[Record]
) -> tuple[list[str], Arrange]:
    """The methods that were run, and what gives the page of some of them.

    Args:
        beside: metrics that are summed up below, with those that the metric is the mean of.

    Raises:
        SmartgenError: no records, or a metric that the task does not have.
    """
    from smartgen.tables.paired import compare
    from smartgen.tables.paired_page import paired_page, paired_records

    task.check_metric(metric)
    others = compare(records, [metric, *task.parts(metric), *beside], task, told_on_terminal)
    found = others.pop(metric)

    def arranged(methods: Sequence[str]) -> Part:
        rows, *below = (
            [row for row in some.rows if row.method in methods] for some in (found, *others.values())
        )
        shown = dict(zip(others, below, strict=True))
        flat = [x for name, some in {metric: rows, **shown}.items() for x in paired_records(some, name)]
        return Part(what, paired_page(rows, metric, task, shown, found.left_out), flat)

    return list(dict.fromkeys(row.method for row in found.rows)), arranged
