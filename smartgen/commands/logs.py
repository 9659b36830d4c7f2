"""`smartgen-data log` and `drift`: a home's own log, its settings given as `smartgen` takes them."""

from __future__ import annotations

import argparse
from typing import cast

from smartgen.check import check_settings
from smartgen.commands import drift
from smartgen.config import assigned, compose_cell
from smartgen.core.atomic import json_text
from smartgen.core.texts import printable
from smartgen.logs_settings import LogsSettings


def add_file(parser: argparse.ArgumentParser) -> None:
    """The log and its settings, which every such command has."""
    parser.add_argument("file", metavar="FILE", help="CSV, Parquet or Home Assistant's home-assistant_v2.db")
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="KEY=VALUE",
        help="keys of conf/dataset/logs.yaml, as zone=Europe/Berlin",
    )


def log_settings(args: argparse.Namespace) -> LogsSettings:
    """The settings of a log as ``dataset=logs`` has them.

    Raises:
        SmartgenError: a key that there is not, or a value that it does not take.
    """
    own = map(_of_dataset, args.settings)
    cell = compose_cell("dataset=logs", assigned("dataset.path", args.file), "tracking=none", *own)
    check_settings(cell)
    return cast(LogsSettings, cell.dataset)


def _of_dataset(setting: str) -> str:
    """The override that a setting is short for.

    Example:
        >>> [_of_dataset(one) for one in ("zone=UTC", "dataset.zone=UTC", "+pairs.lift=drop", "~pairs.open")]
        ['dataset.zone=UTC', 'dataset.zone=UTC', '+dataset.pairs.lift=drop', '~dataset.pairs.open']
    """
    name = setting.lstrip("+~")
    marks = setting[: len(setting) - len(name)]
    return setting if name.startswith("dataset.") else f"{marks}dataset.{name}"


def show_log(args: argparse.Namespace) -> int:
    """Print the validation report, or the actions."""
    from smartgen.data.logs.log import read_log
    from smartgen.data.logs.report import log_report, report_lines

    log = read_log(log_settings(args))
    if args.actions:
        print("\n".join(map(printable, log.vocabulary.actions)))
    elif args.json:
        print(json_text(log_report(log)), end="")
    else:
        print("\n".join(map(printable, report_lines(log_report(log)))))
    return 0


def show_drift(args: argparse.Namespace) -> int:
    """Print whether adaptation is due."""
    return drift.run(
        log_settings(args),
        args.days,
        args.permutations,
        args.level,
        args.seed,
        args.plot,
        training=args.training,
        as_json=args.json,
        exit_code=args.exit_code,
    )
