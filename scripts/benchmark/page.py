"""What was measured, as Markdown tables: each stage at its largest size, each whole command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

COSTS = ("s", "plain, s", "plain / ours", "peak, MB")
STAGES = ("stage", "behaviors", *COSTS, "bytes a behavior", "cost grows as", "limit")
WHOLE = ("command", *COSTS, "plain, MB", "what comes out", "of the plain way")
WORDS = {"stage", "command", "limit", "what comes out", "of the plain way"}  # columns without numbers


def markdown(
    machine: Row, stages: Sequence[Row], whole: Sequence[Row], exponents: Mapping[str, float | None]
) -> str:
    """The tables, under a line about the machine and the measuring."""
    speeds = f"{machine['gflops']} GFLOP/s in matrix products, {machine['copy_gb_s']} GB/s in copies"
    told = f"{machine['processor']}, {machine['cores']} cores; one thread: {speeds}; "
    runs = sorted({row["runs"] for row in [*stages, *whole]})
    told += f"{machine['commit'][:7]}{', changed' if machine['dirty'] else ''}"
    how = f"Processor seconds, medians of {' or '.join(map(str, runs))} runs, a process each"
    parts = [f"{told}. {how}."]
    if stages:
        parts.append(_table(STAGES, [_stage(name, stages, exponents) for name in _names(stages)]))
    if whole:
        parts.append(_table(WHOLE, [_command(row) for row in whole]))
    return "\n\n".join(parts) + "\n"


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(str(row["name"]) for row in rows))


def _stage(name: str, stages: Sequence[Row], exponents: Mapping[str, float | None]) -> list[str]:
    own = sorted((row for row in stages if row["name"] == name), key=lambda row: row["size"])
    last, compared = own[-1], [row for row in own if "ratio" in row]
    plain, ratio = "", ""
    if compared:
        both = compared[-1]
        plain, ratio = _seconds(both["plain"]["processor"]), f"{both['ratio']:.1f}"
        plain += "" if both is last else f" at {both['size']:,}"
    grown = exponents.get(name)
    return [
        name,
        f"{last['size']:,}",
        _seconds(last["processor"]),
        plain,
        ratio,
        f"{last['peak_mb']:,.0f}",
        f"{last['added_bytes_a_behavior']:,.0f}",
        "" if grown is None else f"n^{grown:.2f}",
        limit_words(last),
    ]


def limit_words(row: Row) -> str:
    """What holds a stage up, and how near it is to what the machine can do."""
    speeds = {"of_matrix_speed": "of matrix speed", "of_copy_speed": "of copy speed"}
    share = next((f" ({row[key]:.2g} {words})" for key, words in speeds.items() if key in row), "")
    return f"{row['limit']}{share}"


def _command(row: Row) -> list[str]:
    plain = row.get("plain", {})
    return [
        f"{row['name']}: `{row['command']}`" + (f", plain: `{plain['words']}`" if plain else ""),
        _seconds(row["processor"]),
        _seconds(plain["processor"]) if plain else "",
        f"{row['ratio']:.1f}" if plain else "",
        f"{row['peak_mb']:,.0f}",
        f"{plain['peak_mb']:,.0f}" if plain else "",
        _quality(row["metrics"]),
        _quality(plain["metrics"]) if plain else "",
    ]


def _quality(metrics: Row) -> str:
    return ", ".join(
        f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in metrics.items()
    )


def _seconds(value: float) -> str:
    """Rounded to a hundredth, or to a whole second from a hundred on; tiny ones to two digits."""
    return f"{value:.2g}" if value < 0.1 else f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---" if name in WORDS else "--:" for name in names]
    return "\n".join(
        [f"| {' | '.join(names)} |", f"|{'|'.join(rule)}|", *(f"| {' | '.join(row)} |" for row in rows)]
    )
