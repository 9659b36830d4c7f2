"""What the drift test found, as a picture: shares before and after, a panel a family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smartgen.core.texts import printable
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.distribution import clock
from smartgen.metrics.drift import Drift, Family
from smartgen.tables.canvas import KINDS, saved
from smartgen.tables.draw import COLORS
from smartgen.tables.drift import category, count, decimal, equals

MOST = 8  # devices, and transitions, that are drawn
LONGEST = 36  # characters of a name in a line
ROW = 0.46  # inches of a row with a name of two lines
WINDOWS = (("before", COLORS[0], ""), ("after", COLORS[1], "////"))  # hatches for black-and-white prints


def draw_drift(
    found: Drift, vocabulary: Vocabulary, name: str, kinds: Sequence[str] = KINDS
) -> dict[str, bytes]:
    """The picture by format: png, svg.

    Devices and transitions are those that moved most; hours are all there are.

    Args:
        vocabulary: of the home.
        name: what the log is called.
    """
    from matplotlib.figure import Figure as Canvas

    devices, hours, transitions = found.families
    heights = [_rows(devices) * 0.36 + 1.1, _rows(transitions) * ROW + 1.1]
    canvas = Canvas(figsize=(10.5, sum(heights) + 0.8), layout="constrained")
    grid = canvas.add_gridspec(2, 2, height_ratios=heights)
    labels = (f"training, {count(found.training, 'day')}", f"latest, {count(found.latest, 'day')}")
    _lying(canvas.add_subplot(grid[0, 0]), devices, vocabulary, labels)
    _standing(canvas.add_subplot(grid[0, 1]), hours, labels)
    below = canvas.add_subplot(grid[1, :])
    _lying(below, transitions, vocabulary, labels)
    handles, texts = below.get_legend_handles_labels()
    canvas.legend(handles, texts, loc="outside lower center", ncols=2, frameon=False)
    due = "adaptation is due" if found.found else "no drift found"
    canvas.suptitle(f"{_plain(name)}: {due} (p {equals(found.p)})")
    return saved(canvas, "drift", kinds)


def _rows(family: Family) -> int:
    return max(min(len(family.parts), MOST), 2)


def _lying(ax: Any, family: Family, vocabulary: Vocabulary, labels: Sequence[str]) -> None:
    """Bars from left to right, whose names may be long."""
    chosen = family.most_moved(MOST)
    for side, ((window, color, hatch), label) in enumerate(zip(WINDOWS, labels, strict=True)):
        where = [row + 0.38 * (side - 0.5) for row in range(len(chosen))]
        shown = [100 * float(getattr(family, window)[place]) for place in chosen]
        ax.barh(where, shown, 0.38, color=color, hatch=hatch, edgecolor="white", linewidth=0, label=label)
    names = [_short(category(family, place, vocabulary)) for place in chosen]
    ax.set_yticks(range(len(chosen)), labels=names, fontsize="small", va="center")
    ax.set_ylim(max(len(chosen), 1) - 0.4, -0.6)
    which = f" (the {len(chosen)} that moved most)" if len(chosen) < len(family.parts) else ""
    ax.set_xlabel(f"% of {'behaviors' if family.name == 'devices' else family.name}{which}")
    _finish(ax, family, "x")


def _standing(ax: Any, family: Family, labels: Sequence[str]) -> None:
    """Bars of the times of day, in their order."""
    order = sorted(range(len(family.parts)), key=lambda place: int(family.categories[place]))
    for side, ((window, color, hatch), label) in enumerate(zip(WINDOWS, labels, strict=True)):
        where = [int(family.categories[place]) + 0.38 * (side - 0.5) for place in order]
        shown = [100 * float(getattr(family, window)[place]) for place in order]
        ax.bar(where, shown, 0.38, color=color, hatch=hatch, edgecolor="white", linewidth=0, label=label)
    ax.set_xticks(range(8), labels=[clock(bucket) for bucket in range(8)], fontsize="small")
    ax.set_xlim(-0.6, 7.6)
    ax.set_xlabel("hours")
    ax.set_ylabel("% of behaviors")
    _finish(ax, family, "y")


def _finish(ax: Any, family: Family, axis: str) -> None:
    distances = f"distance {decimal(family.distance, 2)}, by chance {decimal(family.chance, 2)}"
    ax.set_title(f"{family.name}: p {equals(family.corrected)} ({distances})", fontsize="medium", loc="left")
    ax.grid(axis=axis, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def _short(name: tuple[str, ...]) -> str:
    """A name, or two that follow one another, a line each."""
    return "\nthen ".join(_plain(_cut(part)) for part in name)


def _cut(text: str) -> str:
    """Long ones lose their middle: a name begins with the device and ends with what it does."""
    if len(text) <= LONGEST:
        return text
    end = LONGEST // 2 - 2
    return f"{text[: LONGEST - end - 1]}…{text[-end:]}"


def _plain(text: str) -> str:
    """Names are a user's own, and no markup of the drawing library's."""
    return printable(text).replace("$", r"\$")
