"""What the report command tells besides tables: all tables, all failures, one record."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, result_digest
from smartgen.core.texts import printable_lines
from smartgen.tables.blocks import tally
from smartgen.tables.collect import collect, unresolved
from smartgen.tables.curves import figure_names, load_figure, points
from smartgen.tables.declare import load_named, table_names
from smartgen.tables.shares import load_shares, shares, shares_names


def tables(records: Sequence[Record]) -> str:
    """Each declared table with how far it is filled, and each figure."""
    lines = []
    for name in table_names():
        table = load_named(name)
        cells = collect(table, records)
        filled = sum(cell.n > 0 for cell in cells)
        lines += [f"{name}  {table.title}: {filled} of {len(cells)} cells filled", f"  {tally(cells)}"]
    for name in figure_names():
        figure = load_figure(name)
        lines.append(f"{name}  {figure.title}: {len(points(figure, records))} points")
    for name in shares_names():
        drawn = load_shares(name)
        count = len(drawn.datasets) * len(drawn.panels)
        lines.append(f"{name}  {drawn.title}: {len(shares(drawn, records))} of {count} panels")
    done, failed = sum(record.ok for record in records), len(unresolved(records))
    hint = " (smartgen-report failures)" if failed else ""
    lines.append(f"records: {done}; failed cells: {failed}{hint}")
    return "\n".join(lines) + "\n"


def failures(records: Sequence[Record]) -> str:
    """Each failed cell with its error and the command that repeats it."""
    still = {record.key for record in unresolved(records)}
    failed = [record for record in records if record.error is not None]
    lines = []
    for record in failed:
        error = record.error or {}
        message = " ".join(str(error.get("message", "")).split())
        fate = "" if record.key in still else "  (the same settings have a result by now)"
        axes = " ".join(f"{name}={value}" for name, value in sorted(record.axes.items()))
        lines += [f"{record.key}  {axes}{fate}", f"  {error.get('type', 'Error')}: {message}"]
        lines += [f"  {command}"] if (command := command_of(record)) else []
    lines.append(f"failed cells: {len(failed)}; without a result: {len(still)}")
    return printable_lines("\n".join(lines) + "\n")


def one_record(records: Sequence[Record], key: str) -> str:
    """All that a record says.

    Raises:
        SmartgenError: not exactly one key begins so.
    """
    record = record_of(records, key, "show")
    digest = result_digest(record) if record.ok else "none, the cell failed"
    facts = {"key": record.key, "folder": record.path, "result": digest, "command": command_of(record)}
    parts = [f"{name:<8}{fact}" for name, fact in facts.items() if fact]
    for name in ("axes", "metrics", "counts", "config", "run", "error"):
        block: Mapping[str, Any] | None = getattr(record, name)
        parts += [f"\n{name}\n{_indented(block)}"] if block else []
    return printable_lines("\n".join(parts) + "\n")


def record_of(records: Sequence[Record], key: str, asked: str) -> Record:
    """The record whose key, or the digits at its end, begin so.

    Args:
        asked: the command, for the message.

    Raises:
        SmartgenError: not exactly one does.
    """
    fits = [r for r in records if r.key.startswith(key) or r.key.rpartition("-")[2].startswith(key)]
    if len(fits) != 1:
        found = ", ".join(record.key for record in fits[:5]) or "none"
        raise SmartgenError(
            f"{asked} {key}: expected the beginning of exactly one record's key, found {found}"
        )
    return fits[0]


def command_of(record: Record) -> str:
    """The command that makes the cell again; empty where the record does not say."""
    command = record.run.get("command", "")
    return shlex.join(map(str, command)) if isinstance(command, list) else str(command)


def _indented(block: Mapping[str, Any]) -> str:
    """A block as JSON, with a traceback's lines as lines."""
    rest = {name: value for name, value in block.items() if name != "traceback"}
    text = json.dumps(rest, indent=2, sort_keys=True, ensure_ascii=False)
    return "\n".join([text, str(block["traceback"]).rstrip()] if "traceback" in block else [text])
