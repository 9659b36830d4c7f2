"""How cost grows with size: cost = a * size^b, fitted on logarithms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from smartgen.tables.canvas import saved
from smartgen.tables.draw import COLORS, MARKERS

DASHES = ("-", "--", ":", "-.")
NOISE_SECONDS = 0.002  # below it a measurement says little of the stage

Points = Sequence[tuple[float, float]]


def exponent(points: Points) -> float | None:
    """B by least squares; None of fewer than two sizes that take measurable time.

    Example:
        >>> round(exponent([(10, 1.0), (100, 10.0), (1000, 100.0)]), 3)
        1.0
    """
    told = [(size, cost) for size, cost in points if cost >= NOISE_SECONDS]
    if len({size for size, _ in told}) < 2:
        return None
    sizes, costs = np.log(np.array(told)).T
    return float(np.polyfit(sizes, costs, 1)[0])


def plot(stages: Mapping[str, Points]) -> dict[str, bytes]:
    """Seconds against size, a line a stage, with the exponents; as png and svg."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.add_subplot()
    for place, (name, points) in enumerate(sorted(stages.items())):
        grown = exponent(points)
        label = name if grown is None else f"{name}: size^{grown:.2f}"
        turn, which = divmod(place, len(COLORS))
        style: dict[str, Any] = {"color": COLORS[which], "marker": MARKERS[(which + turn) % len(MARKERS)]}
        dashes = DASHES[turn % len(DASHES)]
        axes.plot(*zip(*sorted(points), strict=True), label=label, linestyle=dashes, linewidth=1.2, **style)
    axes.set(xscale="log", yscale="log", xlabel="behaviors", ylabel="processor seconds, one thread")
    axes.grid(visible=True, which="major", alpha=0.3)
    figure.legend(loc="outside right upper", frameon=False, fontsize="small")
    return saved(figure, "growth")
