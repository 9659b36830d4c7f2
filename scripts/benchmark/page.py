"""What was measured, as Markdown tables: each stage at its largest size, each whole command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

STAGES_HEAD = "| stage | behaviors | s | times more, plain | peak, MB | bytes a behavior | grows as | limit |"
WHOLE_HEAD = (
    "| command | s | plain, s | plain / ours | peak, MB | plain, MB | what comes out | of the plain way |"
)


def markdown(
    machine: Row, stages: Sequence[Row], whole: Sequence[Row], exponents: Mapping[str, float | None]
) -> str:
    """The tables, under a line about the machine; processor seconds of one thread."""
    speeds = f"{machine['gflops']} GFLOP/s in matrix products, {machine['copy_gb_s']} GB/s in copies"
    told = f"{machine['processor']}, {machine['cores']} cores; one thread: {speeds}; {machine['commit'][:7]}"
    parts = [told]
    if stages:
        parts.append(_table(STAGES_HEAD, [_stage(name, stages, exponents) for name in _names(stages)]))
    if whole:
        parts.append(_table(WHOLE_HEAD, [_command(row) for row in whole]))
    return "\n\n".join(parts) + "\n"


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(str(row["name"]) for row in rows))


def _stage(name: str, stages: Sequence[Row], exponents: Mapping[str, float | None]) -> list[str]:
    own = sorted((row for row in stages if row["name"] == name), key=lambda row: row["size"])
    last, compared = own[-1], [row for row in own if "ratio" in row]
    ratio = f"{compared[-1]['ratio']:.1f}" if compared else ""
    if compared and compared[-1] is not last:
        ratio += f" at {compared[-1]['size']:,}"
    grown = exponents.get(name)
    return [
        name,
        f"{last['size']:,}",
        _seconds(last["processor"]),
        ratio,
        f"{last['peak_mb']:,.0f}",
        f"{last['added_bytes_a_behavior']:,.0f}",
        "" if grown is None else f"n^{grown:.2f}",
        _limit(last),
    ]


def _limit(row: Row) -> str:
    speeds = {"of_matrix_speed": "of matrix speed", "of_copy_speed": "of copy speed"}
    share = next((f" ({row[key]:.0%} {words})" for key, words in speeds.items() if key in row), "")
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
    """Three digits that count."""
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _table(head: str, rows: Sequence[Sequence[str]]) -> str:
    names = head.strip("| ").split(" | ")
    rule = "|" + "|".join("---" if place == 0 else "--:" for place in range(len(names))) + "|"
    return "\n".join([head, rule, *(f"| {' | '.join(row)} |" for row in rows)])
