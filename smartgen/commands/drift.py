"""`smartgen-data drift`: whether a home's models should be adapted, as one line and one picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from smartgen.commands.told import complain
from smartgen.core.atomic import json_text, write_bytes_atomic
from smartgen.core.errors import SmartgenError
from smartgen.data.logs.log import Log, read_log
from smartgen.data.logs.report import oddities
from smartgen.logs_settings import LogsSettings
from smartgen.metrics.drift import DAYS, LEAST_TRAINING, LEVEL, PERMUTATIONS, Drift, drift
from smartgen.tables.drift import line, numbers

KINDS = (".png", ".svg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the test; the log's own are the caller's."""

    def option(name: str, kind: type, default: object, metavar: str, told: str) -> None:
        parser.add_argument(name, type=kind, default=default, metavar=metavar, help=told)

    option("--days", int, DAYS, "N", f"length of the latest window (default: {DAYS})")
    least = f"at least {LEAST_TRAINING}"
    option("--training", int, None, "N", f"days before it to compare with, {least} (default: all)")
    option("--permutations", int, PERMUTATIONS, "N", f"exchanges of days to try (default: {PERMUTATIONS})")
    option("--level", float, LEVEL, "P", f"chance of a false alarm (default: {LEVEL})")
    option("--seed", int, 0, "N", "of the exchanges (default: 0)")
    option("--plot", Path, None, "FILE", "also draw the shares before and after, as .png or .svg")
    parser.add_argument("--json", action="store_true", help="print all numbers instead of the line")
    parser.add_argument("--exit-code", action="store_true", help="end with 1 where adaptation is due")


def run(
    settings: LogsSettings,
    days: int = DAYS,
    permutations: int = PERMUTATIONS,
    level: float = LEVEL,
    seed: int = 0,
    plot: Path | None = None,
    *,
    training: int | None = None,
    as_json: bool = False,
    exit_code: bool = False,
) -> int:
    """Print the answer, and draw it where a file is named.

    Returns:
        0; with `exit_code` 1 where adaptation is due.

    Raises:
        SmartgenError: a log that cannot be read or is too short, or a picture of another kind.
    """
    if plot is not None and plot.suffix.lower() not in KINDS:
        raise SmartgenError(f"--plot {plot}: expected a file that ends in {' or '.join(KINDS)}")
    log = read_log(settings)
    found = drift(
        *(log.times, log.offsets, log.devices, log.actions),
        days=days,
        training=training,
        permutations=permutations,
        level=level,
        seed=seed,
        where=str(log.path),
    )
    if plot is not None:
        _draw(found, log, plot)
    notes = list(oddities(log))
    if as_json:
        print(json_text(numbers(found, log.vocabulary, str(log.path)) | {"notes": notes}), end="")
    else:
        print(line(found, log.vocabulary, log.path.name))
        for note in notes:  # what makes a clock's fault look like another life
            complain("smartgen-data", f"note: {note}")
    return int(exit_code and found.found)


def _draw(found: Drift, log: Log, plot: Path) -> None:
    from smartgen.tables.drift_picture import draw_drift

    kind = plot.suffix.lower().removeprefix(".")
    write_bytes_atomic(plot, draw_drift(found, log.vocabulary, log.path.name, [kind])[kind])
