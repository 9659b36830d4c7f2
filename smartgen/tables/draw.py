"""A figure's curves as a picture, by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smartgen.tables.canvas import KINDS, saved
from smartgen.tables.curves import Figure, Point, worth_drawing

# Okabe and Ito's colors, which the color-blind can tell apart, with a marker each for black-and-white prints.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def draw(figure: Figure, found: Sequence[Point], kinds: Sequence[str] = KINDS) -> dict[str, bytes]:
    """The picture by format: png, svg.

    A panel a home; each curve is the mean over seeds, its band their range; what has no setting to vary
    is a level.
    """
    from matplotlib.figure import Figure as Canvas

    found = worth_drawing(found)
    panels = [panel for panel in figure.panels if any(point.panel == panel for point in found)]
    canvas = Canvas(figsize=(5.2 * max(len(panels), 1), 4.2), layout="constrained")
    axes = canvas.subplots(1, max(len(panels), 1), squeeze=False, sharey=not figure.y.log)[0]
    for panel, ax in zip(panels, axes, strict=False):
        _panel(ax, figure, [point for point in found if point.panel == panel])
        ax.set_title(panel)
    if panels:
        axes[0].set_ylabel(figure.y.label)
        handles = {
            text: line for ax in axes for line, text in zip(*ax.get_legend_handles_labels(), strict=True)
        }
        axes[0].legend(handles.values(), handles, frameon=False, fontsize="small")
    canvas.suptitle(figure.title)
    return saved(canvas, figure.name, kinds)


def _panel(ax: Any, figure: Figure, found: Sequence[Point]) -> None:
    for number, name in enumerate(figure.series):
        curve = [point for point in found if point.series == name]
        if not curve:
            continue
        color, marker = COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)]
        xs, ys = [point.x for point in curve], [point.y for point in curve]
        lows, highs = [point.low for point in curve], [point.high for point in curve]
        ax.plot(xs, ys, color=color, marker=marker, markersize=4, linewidth=1.4, label=name)
        if curve[0].asked is None:
            ax.axhline(ys[0], color=color, linewidth=0.8, linestyle="--")
            ax.axhspan(lows[0], highs[0], color=color, alpha=0.08, linewidth=0)
        else:
            ax.fill_between(xs, lows, highs, color=color, alpha=0.15, linewidth=0)
    ax.set_xlabel(figure.x.label)
    if figure.y.log:
        ax.set_yscale("log")
    if figure.x.log:
        ax.set_xscale("log")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25, linewidth=0.6)
