"""Gap closed and worth as pictures: a curve of each regime by real sequences, and the gaps of all cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smartgen.core.names import REGIMES, transition_order
from smartgen.tables.canvas import KINDS, saved
from smartgen.tables.draw import COLORS, MARKERS
from smartgen.tables.paired import Figure
from smartgen.tables.worth import Worth, mean_gap
from smartgen.tables.worth_page import regimes_of, where_of

SHADES = dict(zip(REGIMES, COLORS, strict=False))
MARKS = dict(zip(REGIMES, MARKERS, strict=False))
WIDEST = (-1.5, 1.5)  # shown of gaps; what lies outside stands at the edge as an arrow


def draw_curves(found: Sequence[Worth], kinds: Sequence[str] = KINDS) -> dict[str, bytes]:
    """One model's picture: a panel a home and change, what each regime reaches by number of real sequences.

    Random orders are a line, beside them the file's own order a dotted one, and the oracle a level.
    """
    from matplotlib.figure import Figure as Canvas

    homes = sorted({one.dataset for one in found})
    changes = sorted({one.transition for one in found}, key=transition_order)
    canvas = Canvas(figsize=(1.2 + 3.6 * len(changes), 0.9 + 2.7 * len(homes)), layout="constrained")
    axes = canvas.subplots(len(homes), len(changes), squeeze=False, sharex=True, sharey=True)
    for ax in axes.flat:
        ax.set_visible(False)
    for one in found:
        ax = axes[homes.index(one.dataset)][changes.index(one.transition)]
        ax.set_visible(True)
        _panel(ax, one)
        ax.set_xlabel("real sequences")
        ax.label_outer()
    handles = {
        text: line for ax in axes.flat for line, text in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    canvas.legend(
        handles.values(), handles, loc="outside lower center", ncols=5, frameon=False, fontsize="small"
    )
    canvas.supylabel(found[0].metric, fontsize="medium")
    canvas.suptitle(f"{found[0].method}: what each regime reaches alone, and with real sequences")
    return saved(canvas, f"worth {found[0].method}", kinds)


def _panel(ax: Any, one: Worth) -> None:
    for regime, points in one.curves.items():
        shade, mark = SHADES[regime], MARKS[regime]
        if regime == "oracle":
            ax.axhline(points[0].mean, color=shade, linewidth=1.2, linestyle="--", label=regime)
            continue
        kinds = [kind for kind in ("random", "file") if any(point.order == kind for point in points)]
        for kind, style in zip(kinds, ("-", ":"), strict=False):
            some = [point for point in points if point.order == kind]
            label = regime if kind == kinds[0] else None
            xs, ys = [point.few for point in some], [point.mean for point in some]
            width, size = (1.4, 4) if label else (0.9, 0)
            ax.plot(xs, ys, style, color=shade, marker=mark, markersize=size, linewidth=width, label=label)
    ax.set_xscale("symlog", linthresh=1)
    ticks = [0, 1, 2, 5, 10, 20, 50, 100]
    ax.set_xticks(ticks, labels=[str(tick) for tick in ticks], minor=False)
    ax.minorticks_off()
    ax.set_title(where_of(one), fontsize="medium")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25, linewidth=0.6)


def draw_gaps(found: Sequence[Worth], kinds: Sequence[str] = KINDS) -> dict[str, bytes]:
    """One task's picture: a panel a model, a row a cell and their mean, a mark a regime with its interval.

    0 is the stale model, 1 the one trained on real data of the new context.
    """
    from matplotlib.figure import Figure as Canvas

    methods = list(dict.fromkeys(one.method for one in found))
    names = list(dict.fromkeys(where_of(one) for one in found))
    canvas = Canvas(figsize=(1.4 + 3.2 * len(methods), 1.4 + 0.42 * len(names)), layout="constrained")
    axes = canvas.subplots(1, len(methods), squeeze=False, sharex=True, sharey=True)[0]
    axes[0].set_xlim(*_shown(found))
    for ax, method in zip(axes, methods, strict=True):
        _gap_panel(ax, [one for one in found if one.method == method], [*names, "mean"])
        ax.set_title(method, fontsize="medium")
    axes[0].invert_yaxis()
    handles = {text: line for ax in axes for line, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    canvas.legend(handles.values(), handles, loc="outside lower center", ncols=5, frameon=False)
    canvas.suptitle(f"{found[0].task}: share of the gap in {found[0].metric} closed without real sequences")
    return saved(canvas, f"gaps {found[0].task}", kinds)


def _shown(found: Sequence[Worth]) -> tuple[float, float]:
    """The range of gaps that is drawn: all intervals, the old log and the real data, and not too much."""
    gaps = [gap for one in found for gap in one.gaps.values()]
    low = min(0.0, *(gap.low for gap in gaps)) - 0.05
    high = max(1.0, *(gap.high for gap in gaps)) + 0.05
    return max(low, WIDEST[0]), min(high, WIDEST[1])


def _gap_panel(ax: Any, found: Sequence[Worth], names: Sequence[str]) -> None:
    regimes = regimes_of(found)
    for place, regime in enumerate(regimes):
        gaps = {where_of(one): one.gaps.get(regime) for one in found}
        gaps["mean"] = mean_gap(found, regime)
        shift = 0.22 * (place - (len(regimes) - 1) / 2)
        for row, name in enumerate(names):
            _gap_mark(ax, gaps.get(name), row + shift, regime)
        ax.plot([], [], MARKS[regime], color=SHADES[regime], label=regime)
    for level, style in ((0, "-"), (1, "--")):
        ax.axvline(level, color="0.4", linewidth=0.8, linestyle=style, zorder=0)
    ax.axhline(len(names) - 1.5, color="0.7", linewidth=0.8)
    ax.set_xlabel("0: old log, 1: real data")
    ax.set_yticks(range(len(names)), labels=names)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="x", alpha=0.25, linewidth=0.6)


def _gap_mark(ax: Any, gap: Figure | None, height: float, regime: str) -> None:
    if gap is None:
        return
    low, high = ax.get_xlim()
    mark = "<" if gap.mean < low else ">" if gap.mean > high else MARKS[regime]
    shade = SHADES[regime]
    ax.plot([gap.low, gap.high], [height, height], color=shade, linewidth=1.4)
    ax.plot(
        [min(max(gap.mean, low), high)], [height], mark, color=shade, markersize=5, clip_on=False, zorder=3
    )
