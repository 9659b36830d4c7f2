"""The two pictures of an adaptation: shares of devices and of hours in each log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartgen.core.texts import printable
from smartgen.html.sections import Picture
from smartgen.tables.canvas import saved
from smartgen.tables.draw import COLORS

MOST = 14  # devices drawn, those that moved most
LONGEST = 34  # characters of a device's name


def devices_picture(told: Mapping[str, Any], names: Mapping[str, str]) -> Picture:
    """Bars of the devices that moved most, one a log."""
    rows = told["rows"][:MOST]
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(8.4, 0.8 + 0.44 * max(len(rows), 2)), layout="constrained")
    ax = canvas.subplots()
    logs = told["logs"]
    height = 0.8 / len(logs)
    for place, log in enumerate(logs):
        values = [100 * row[1 + place] for row in rows]
        at = [i + height * (place - (len(logs) - 1) / 2) for i in range(len(rows))]
        ax.barh(at, values, height, color=COLORS[place], label=names[log])
    ax.set_yticks(range(len(rows)), [_short(str(row[0])) for row in rows])
    ax.invert_yaxis()
    ax.set_xlabel("share of behaviors [%]")
    return _finished(canvas, ax, "devices", "The devices whose share moved most, by log")


def hours_picture(told: Mapping[str, Any], names: Mapping[str, str]) -> Picture:
    """Bars of the hours of the day, one a log."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(8.4, 3.2), layout="constrained")
    ax = canvas.subplots()
    rows, logs = told["rows"], told["logs"]
    width = 0.8 / len(logs)
    for place, log in enumerate(logs):
        at = [i + width * (place - (len(logs) - 1) / 2) for i in range(len(rows))]
        ax.bar(at, [100 * row[1 + place] for row in rows], width, color=COLORS[place], label=names[log])
    ax.set_xticks(range(len(rows)), [row[0] for row in rows])
    ax.set_xlabel("hours of the day")
    ax.set_ylabel("share of behaviors [%]")
    return _finished(canvas, ax, "hours", "When things are done, by log")


def _finished(canvas: Any, ax: Any, name: str, alt: str) -> Picture:
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    return Picture(name, saved(canvas, name, ["svg"])["svg"].decode(), alt)


def _short(name: str) -> str:
    """A user's own name: not too long, without the drawing library's markup or what XML forbids."""
    text = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
    return printable(text).replace("$", r"\$")
