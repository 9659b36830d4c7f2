"""A figure of shares as a picture: a row of panels a home; bars for devices, steps for hours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smartgen.tables.canvas import KINDS, saved
from smartgen.tables.draw import COLORS
from smartgen.tables.shares import LOGS, Shares, SharesFigure, shortened

HATCHES = {"source": "", "synthetic": "////", "target": "...."}  # for black-and-white prints
SHADES = dict(zip(LOGS, (COLORS[0], COLORS[1], COLORS[2]), strict=True))


def draw_shares(
    figure: SharesFigure, found: Sequence[Shares], kinds: Sequence[str] = KINDS
) -> dict[str, bytes]:
    """The picture by format: png, svg.

    Devices beyond the twelve most frequent of a panel are drawn as one.
    """
    from matplotlib.figure import Figure as Canvas

    homes = [home for home in figure.datasets if any(one.home == home for one in found)]
    panels = [panel for panel in figure.panels if any(one.panel == panel for one in found)]
    size = (4.6 * max(len(panels), 1), 4.0 * max(len(homes), 1) + 0.7)
    canvas = Canvas(figsize=size, layout="constrained")
    grid = canvas.subplots(max(len(homes), 1), max(len(panels), 1), squeeze=False)
    for ax in grid.flat:
        ax.set_visible(False)
    for one in found:
        ax = grid[homes.index(one.home)][panels.index(one.panel)]
        ax.set_visible(True)
        _panel(ax, shortened(one))
        ax.set_title(f"{one.home}: {one.panel}", fontsize="medium")
    handles = {t: h for ax in grid.flat for h, t in zip(*ax.get_legend_handles_labels(), strict=True)}
    canvas.legend(handles.values(), handles, loc="outside lower center", ncols=3, frameon=False)
    canvas.suptitle(figure.title)
    return saved(canvas, figure.name, kinds)


def _panel(ax: Any, one: Shares) -> None:
    for place, (log, label) in enumerate(LOGS.items()):
        where = [row + 0.27 * (place - 1) for row in range(len(one.names))]
        shown = [100 * share for share in one.logs[log]]
        style = {
            "color": SHADES[log],
            "hatch": HATCHES[log],
            "edgecolor": "white",
            "linewidth": 0,
            "label": label,
        }
        if one.field == "device":
            ax.barh(where, shown, height=0.27, **style)
        else:
            ax.bar(where, shown, width=0.27, **style)
    if one.field == "device":
        ax.set_yticks(range(len(one.names)), labels=one.names, fontsize="small")
        ax.invert_yaxis()
        ax.set_xlabel("% of behaviors")
        ax.grid(axis="x", alpha=0.25, linewidth=0.6)
    else:
        ax.set_xticks(range(len(one.names)), labels=one.names, fontsize="small", rotation=45)
        ax.set_xlabel("hours")
        ax.set_ylabel("% of behaviors")
        ax.grid(axis="y", alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
