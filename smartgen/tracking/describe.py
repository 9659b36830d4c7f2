"""A record in, what its W&B run says out; the same whether it is mirrored live or published later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.records import Record

TAGGED = ("dataset", "transition", "regime", "protocol", "seed")
TAG_LENGTH = 64  # W&B refuses longer tags
SAMPLE = 200  # cases that a run shows; all are in the record's cases.npz
TOLD = ("seconds", "ledger", "command", "commit", "host", "started", "finished")  # of the block `run`


@dataclass(frozen=True)
class Description:
    """What a W&B run says.

    Attributes:
        id: W&B knows a run by it, so that what is sent twice is one run.
        config: the axes, and the resolved settings under ``config``.
        summary: metrics and counts as the record nests them, and how the cell was run.
        exit_code: 0; 1 where the cell's last run failed, as W&B tells failed runs from finished ones.
    """

    id: str
    name: str
    group: str
    job_type: str
    tags: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0


def describe(record: Record, group: str) -> Description:
    """The run of a record; a failed cell's has the error in place of numbers.

    Args:
        record: of a cell; a cell that only begins has axes and settings alone.
        group: the table it was run for.
    """
    axes = record.axes
    return Description(
        id=record.key.rpartition("-")[2],  # the key's digits, which hash all that tells cells apart
        name=record.key,
        group=group,
        job_type=str(axes.get("method", axes.get("task", "cell"))),
        tags=tuple(f"{name}={axes[name]}"[:TAG_LENGTH] for name in TAGGED if name in axes),
        config={**axes, "config": dict(record.config)},
        summary=_summary(record),
        exit_code=0 if record.error is None else 1,
    )


def error_line(name: str, message: str) -> str:
    """An error as the summary tells it.

    Example:
        >>> error_line("ValueError", "two\\nlines")
        'ValueError: two lines'
    """
    return f"{name}: {' '.join(message.split())}"


def _summary(record: Record) -> dict[str, Any]:
    error = record.error or {}
    # Empty where all is well, so that a cell that succeeds at last takes back what was said of its failure.
    told = error_line(str(error.get("type", "Error")), str(error.get("message", ""))) if error else ""
    if not record.ok:
        return {"error": told}
    run = {name: record.run[name] for name in TOLD if name in record.run}
    return {"metrics": dict(record.metrics), "counts": dict(record.counts), **run, "error": told}


def case_rows(cases: Mapping[str, NDArray[Any]], most: int = SAMPLE) -> tuple[list[str], list[list[Any]]]:
    """Single cases as columns and rows, evenly drawn: cells with the same cases show the same of them.

    Args:
        cases: arrays of one length; those of two dimensions, parts of a score, are left out.
        most: rows.
    """
    columns = [name for name in sorted(cases) if cases[name].ndim == 1]
    if not columns:
        return [], []
    step = max(1, -(-len(cases[columns[0]]) // most))
    drawn = [_readable(name, cases[name][::step]) for name in columns]
    return columns, [list(row) for row in zip(*drawn, strict=True)]


def _readable(name: str, values: NDArray[Any]) -> list[Any]:
    """Hashes as hexadecimal digits (JSON's numbers would lose some of them), kinds of attack by name."""
    if name == "kind":
        from smartgen.data.attacks.unified import KINDS

        return [list(KINDS)[place] for place in values]
    if values.dtype == np.uint64:
        return [f"{value:016x}" for value in values]
    listed: list[Any] = values.tolist()
    return listed
