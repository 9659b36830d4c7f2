"""`smartgen-report wandb`: the records, tables and figures as W&B runs, at any time after they were made."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smartgen.commands.pages import meant, named
from smartgen.commands.wandb_reports import Report, reports
from smartgen.core.errors import SmartgenError
from smartgen.core.keys import content_key
from smartgen.core.records import Record
from smartgen.tables.listings import command_of
from smartgen.tables.select import matches
from smartgen.tracking.describe import Description, describe
from smartgen.tracking.groups import experiment_groups, group_of
from smartgen.tracking.published import Published
from smartgen.tracking.runs import Target, add_picture, add_table, fill, opened, settle

OPTIONS = ("mode", "project", "force")
PROJECT = "smartgen"  # as in conf/tracking/wandb.yaml
NOTED_SECONDS = 2.0  # between two writings of the note; what a kill leaves out is published again


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this report alone heeds."""
    add = parser.add_argument
    add("--mode", choices=("offline", "online"), help="with wandb: send later, or at once (offline)")
    add("--project", metavar="NAME", help=f"with wandb: the W&B project ({PROJECT})")
    add("--force", action="store_true", help="with wandb: publish what was published before, too")


@dataclass(frozen=True)
class _Job:
    """A run to be published, and how it is filled."""

    described: Description
    digest: str
    fill: Callable[[object], None]


def report_wandb(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """Publish what is new or changed, and say how much that was.

    Raises:
        SmartgenError: no records, or W&B opens no run, as for want of a key.
    """
    chosen = _chosen(options, records)
    if not chosen:
        raise SmartgenError(f"{outputs / 'runs'}: no record to publish; run some cells first")
    narrowed = bool(options.where or options.dataset)
    found = reports(records, outputs, [record.key for record in chosen] if narrowed else None)
    jobs = [*_cell_jobs(chosen), *map(_report_job, found)]
    target = Target(outputs, options.project or PROJECT, options.mode or "offline")
    note = Published(outputs, target.mode, target.project)
    new = [job for job in jobs if options.force or not note.holds(job.described.id, job.digest)]
    seconds = _publish(new, target, note)
    pages = sum(job.described.job_type == "report" for job in new)
    told = f"{len(new) - pages} cells and {pages} tables and figures published in {seconds:.1f} s, "
    told += f"{len(jobs) - len(new)} as published before (W&B project {target.project}, {target.mode})\n"
    if target.mode == "offline":
        told += f"to send them: wandb sync {shlex.quote(str(outputs / 'wandb'))}\n"
    return told


def _chosen(options: argparse.Namespace, records: Sequence[Record]) -> list[Record]:
    fitting, _ = meant(options, records)
    if not options.dataset:
        return fitting
    homes = sorted({str(record.axes["dataset"]) for record in records})
    wanted = tuple(named(options.dataset.split(","), homes, "dataset"))
    return [record for record in fitting if matches(record, {"dataset": wanted})]


def _cell_jobs(records: Sequence[Record]) -> Iterator[_Job]:
    groups = experiment_groups()
    for record in records:
        group = group_of(command_of(record), str(record.axes.get("task", "cell")), groups)
        described = describe(record, group)

        def fill_run(run: object, record: Record = record, described: Description = described) -> None:
            fill(run, record, described)

        yield _Job(described, content_key(vars(described)), fill_run)


def _report_job(report: Report) -> _Job:
    def fill_run(run: object) -> None:
        run.summary.update(dict(report.described.summary))  # type: ignore[attr-defined]
        add_table(run, "comparison", *report.table())
        for name, picture in report.pictures.items():
            add_picture(run, name, picture())

    return _Job(report.described, report.digest, fill_run)


def _publish(jobs: Sequence[_Job], target: Target, note: Published) -> float:
    """Publish in turn; whatever stops it, the note has what went before."""
    start = noted = time.perf_counter()
    try:
        for done, job in enumerate(jobs, start=1):
            with opened(job.described, target, later=True) as run:
                job.fill(run)
            note.add(job.described.id, job.digest)
            _told(done, len(jobs))
            if time.perf_counter() - noted > NOTED_SECONDS:
                note.write()
                noted = time.perf_counter()
    finally:
        if jobs:
            settle()
            note.write()
    return time.perf_counter() - start


def _told(done: int, count: int) -> None:
    """How far it is, on one line that goes away."""
    if sys.stderr.isatty():
        text = f"published {done} of {count} runs" if done < count else ""
        print(f"\r{text:<60}", end="" if text else "\r", file=sys.stderr, flush=True)
