"""A table drawn: ours with the seeds' range, beside what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.tables.canvas import KINDS, saved
from smartgen.tables.collect import TableCell
from smartgen.tables.declare import Table
from smartgen.tables.draw import COLORS, MARKERS

FIELDS = (
    *("group", "tick", "dataset", "transition", "method", "metric", "mean", "min", "max", "n"),
    *("reference", "reference_source", "verdict"),
)


def picture_records(table: Table, cells: Sequence[TableCell]) -> list[dict[str, Any]]:
    """What is drawn, a row a mark, in the order of the drawing.

    Args:
        cells: of the table, all of them; those that the picture does not show are left out.

    Raises:
        SmartgenError: the table has no picture.
    """
    if table.picture is None:
        raise SmartgenError(f"{table.name} declares no picture; expected the key picture in its declaration")
    return [
        {name: {"group": group, "tick": tick}.get(name, getattr(cell, name, None)) for name in FIELDS}
        for group, methods in table.picture.groups.items()
        for metric in table.picture.metrics
        for dataset in table.datasets.values()
        for method, tick in methods.items()
        for cell in cells
        if (cell.metric, cell.dataset, cell.method) == (metric, dataset, method)
    ]


def draw_table(
    table: Table, rows: Sequence[Mapping[str, Any]], kinds: Sequence[str] = KINDS
) -> dict[str, bytes]:
    """The picture by format: png, svg.

    Each home is a color: filled marks and whole lines are means over seeds, bars their range; hollow marks
    and dashed lines what the verdict compares with, the paper's numbers or the release's.

    Args:
        rows: as `picture_records` gives them.
    """
    from matplotlib.figure import Figure as Canvas

    groups, metrics = (list(dict.fromkeys(row[name] for row in rows)) for name in ("group", "metric"))
    canvas = Canvas(figsize=(4.4 * len(metrics), 3.6 * len(groups) + 0.6), layout="constrained")
    grid = canvas.subplots(len(groups), len(metrics), squeeze=False, sharey="col")
    for axes, group in zip(grid, groups, strict=True):
        for ax, metric in zip(axes, metrics, strict=True):
            _panel(ax, [row for row in rows if (row["group"], row["metric"]) == (group, metric)])
            ax.set_xlabel(group)
            ax.set_ylabel(metric)
    handles, labels = grid[0][0].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize="small")
    canvas.suptitle(table.title)
    return saved(canvas, table.name, kinds)


def _panel(ax: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    ticks = list(dict.fromkeys(row["tick"] for row in rows))
    for number, home in enumerate(dict.fromkeys(row["dataset"] for row in rows)):
        some = [row for row in rows if row["dataset"] == home]
        color, marker = COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)]
        known = [row for row in some if row["reference"] is not None]
        ax.plot(
            [ticks.index(row["tick"]) for row in known],
            [row["reference"] for row in known],
            **{"color": color, "marker": marker, "markersize": 6, "markerfacecolor": "none"},
            **{"linestyle": "--", "linewidth": 0.9, "label": f"{home.upper()}, {_origin(known)}"},
        )
        run = [row for row in some if row["mean"] is not None]
        means = [row["mean"] for row in run]
        # The mean of equal values may lie beside them by a rounding.
        below = [max(0.0, row["mean"] - row["min"]) for row in run]
        above = [max(0.0, row["max"] - row["mean"]) for row in run]
        ax.errorbar(
            [ticks.index(row["tick"]) for row in run],
            means,
            yerr=[below, above],
            **{"color": color, "marker": marker, "markersize": 4, "linewidth": 1.4, "capsize": 3},
            label=f"{home.upper()}, ours",
        )
    ax.set_xticks(range(len(ticks)), ticks)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25, linewidth=0.6)


def _origin(rows: Sequence[Mapping[str, Any]]) -> str:
    """Whose numbers the hollow marks are."""
    names = {"published": "paper", "released": "release"}
    return " or ".join(dict.fromkeys(names.get(row["reference_source"], "") for row in rows))
