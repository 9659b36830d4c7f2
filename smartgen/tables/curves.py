"""A figure of the paper: which records make which curve, read from `experiments/figures/<name>.yaml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median_high
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.keys import canonical_json
from smartgen.core.records import Record
from smartgen.core.resources import resource_dir
from smartgen.tables.blocks import Block, Page
from smartgen.tables.node import Node, read_yaml
from smartgen.tables.select import MISSING, Choice, choose, lookup, matches, seed_of

SCHEMA = 1
REQUIRED = ["schema", "name", "title", "caption", "source", "axes", "panels", "x", "y", "vary", "series"]
OPTIONAL = ["command", "commands", "defaults", "notes", "span"]


@dataclass(frozen=True)
class Axis:
    """A coordinate. `key`: its name in a record's metrics; `label`: what the drawing calls it."""

    key: str
    label: str
    log: bool


@dataclass(frozen=True)
class Figure:
    """A declared figure.

    Attributes:
        axes: what every record must have; `panels`, `series`: what those of a panel or a curve must have too.
        vary: the setting that differs from point to point of a curve.
        defaults: settings preferred where records differ.
        span: two heights; how far apart a curve reaches them is its usable range. Empty: not asked.
        command: what makes the records; `commands`: another by the curve's name.
    """

    name: str
    title: str
    caption: str
    source: str
    axes: Mapping[str, Any]
    panels: Mapping[str, Mapping[str, Any]]
    series: Mapping[str, Mapping[str, Any]]
    x: Axis
    y: Axis
    vary: str
    defaults: Mapping[str, Any]
    span: tuple[float, ...]
    command: str
    commands: Mapping[str, Any]
    notes: tuple[str, ...]

    def command_of(self, series: str) -> str:
        """What makes the records of a curve."""
        return str(self.commands.get(series, self.command))


@dataclass(frozen=True)
class Point:
    """One point of a curve, over seeds.

    Attributes:
        asked: the value of the varied setting; None where the curve has none, as the whole log.
        x, y: means; `low`, `high`: the least and the greatest y.
        keys: the records; `note`: what a reader must know of their choice.
    """

    panel: str
    series: str
    asked: float | None
    x: float
    y: float
    low: float
    high: float
    n: int
    keys: tuple[str, ...]
    note: str = ""


def figure_names(folder: Path | None = None) -> list[str]:
    """The declared figures, by name."""
    return sorted(path.stem for path in (folder or resource_dir("experiments") / "figures").glob("*.yaml"))


def load_figure(name: str, folder: Path | None = None) -> Figure:
    """Read and check one declaration.

    Raises:
        SmartgenError: unreadable, a key missing, unknown or of the wrong kind; the message has file and key.
    """
    found = read_yaml((folder or resource_dir("experiments") / "figures") / f"{name}.yaml").fields(
        REQUIRED, OPTIONAL
    )
    if found["schema"].value != SCHEMA:
        raise found["schema"].fail(str(SCHEMA))
    if found["name"].text() != name:
        raise found["name"].fail(f"the file's own name, {name}")
    return Figure(
        name=name,
        title=found["title"].text(),
        caption=found["caption"].text(),
        source=found["source"].text(),
        axes=found["axes"].scalars(),
        panels=found["panels"].each(lambda _, node: node.scalars()),
        series=found["series"].each(lambda _, node: node.scalars()),
        x=_axis(found["x"]),
        y=_axis(found["y"]),
        vary=found["vary"].text(),
        defaults=found.get("defaults", {}).scalars(),
        span=tuple(node.number() for node in found.get("span", []).rows()),
        command=found.get("command", "").text(),
        commands=found.get("commands", {}).scalars(),
        notes=tuple(node.text() for node in found.get("notes", []).rows()),
    )


def _axis(node: Node) -> Axis:
    found = node.fields(["key", "label"], ["log"])
    return Axis(found["key"].text(), found["label"].text(), bool(found.get("log", False).value))


def points(figure: Figure, records: Sequence[Record]) -> list[Point]:
    """All points that were run, curve by curve, from left to right."""
    done = [record for record in records if record.ok]
    found = []
    for panel, home in figure.panels.items():
        for series, cells in figure.series.items():
            fits = [r for r in done if matches(r, {**figure.axes, **home, **cells})]
            curve = [_point(figure, panel, series, some) for some in _apart(figure, fits)]
            found += sorted(curve, key=lambda point: point.x)
    return found


def _apart(figure: Figure, records: Sequence[Record]) -> list[Choice]:
    """The records of each point: one value of the varied setting, one choice of all others, one a seed."""
    values: dict[str, list[Record]] = {}
    for record in records:
        value = lookup(record, figure.vary)
        values.setdefault(canonical_json(None if value is MISSING else value), []).append(record)
    return [choose(some, figure.defaults) for some in values.values()]


def _point(figure: Figure, panel: str, series: str, choice: Choice) -> Point:
    records = choice.records
    heights = [_metric(record, figure.y.key) for record in records]
    asked = lookup(records[0], figure.vary)
    return Point(
        panel,
        series,
        float(asked) if isinstance(asked, int | float) else None,
        fmean(_metric(record, figure.x.key) for record in records),
        fmean(heights),
        min(heights),
        max(heights),
        len({seed_of(record) for record in records}),
        tuple(record.key for record in records),
        choice.note,
    )


def worth_drawing(found: Sequence[Point]) -> list[Point]:
    """The points of a picture: strays, with less than half the seeds of most of their curve, would bend it.

    A panel in which no curve has two points left, nor a level, is left out.
    """
    curves: dict[tuple[str, str], list[Point]] = {}
    for point in found:
        curves.setdefault((point.panel, point.series), []).append(point)
    drawn = {place: _without_strays(curve) for place, curve in curves.items()}
    full = {panel for (panel, _), curve in drawn.items() if len(curve) > 1 or curve[0].asked is None}
    return [point for (panel, _), curve in drawn.items() if panel in full for point in curve]


def _without_strays(curve: Sequence[Point]) -> list[Point]:
    usual = median_high(point.n for point in curve)
    return [point for point in curve if 2 * point.n >= usual]


def _metric(record: Record, key: str) -> float:
    value = record.metrics.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SmartgenError(f"{record.path}: {key}: expected a number, got {value!r}; run the cell again")
    return float(value)


def span(curve: Sequence[Point], heights: Sequence[float]) -> tuple[float, ...] | None:
    """Where a curve reaches each of these heights, between its points linearly; None where it does not."""
    places = []
    for height in heights:
        for left, right in pairwise(curve):
            if left.y != right.y and min(left.y, right.y) <= height <= max(left.y, right.y):
                part = (height - left.y) / (right.y - left.y)
                places.append(left.x + part * (right.x - left.x))
                break
        else:
            return None
    return tuple(places)


def figure_page(figure: Figure, found: Sequence[Point], origin: Sequence[str]) -> Page:
    """The points as a table, a block a panel, and what is missing by name."""
    blocks, below = [], []
    head = ["curve", "asked", figure.x.key, figure.y.key, "least", "greatest", "seeds"]
    for panel in figure.panels:
        some = [point for point in found if point.panel == panel]
        if some:
            curves = [point.series for point in some]
            rules = frozenset(i for i in range(len(some) - 1) if curves[i] != curves[i + 1])
            blocks.append(Block(panel, head, [_row(p) for p in some], frozenset(range(1, 7)), rules))
        lacking = [name for name in figure.series if name not in {point.series for point in some}]
        below += _not_run(figure, panel, lacking)
        below += _spans(figure, panel, worth_drawing(some)) + _notes(some)
    labels = f"{figure.x.key}: {figure.x.label}; {figure.y.key}: {figure.y.label}."
    intro = [figure.caption, labels, f"Source: {figure.source}."]
    return Page(f"{figure.name}: {figure.title}", intro, blocks, [*below, *figure.notes, *origin])


def _row(point: Point) -> list[str]:
    asked = "-" if point.asked is None else f"{point.asked:g}"
    numbers = [f"{value:.4g}" for value in (point.x, point.y, point.low, point.high)]
    return [point.series, asked, *numbers, str(point.n)]


def _spans(figure: Figure, panel: str, found: Sequence[Point]) -> list[str]:
    """How wide the usable range of each curve is."""
    lines = []
    for name in figure.series if figure.span else ():
        curve = [point for point in found if point.series == name]
        places = span(curve, figure.span)
        if curve and places:
            heights = " to ".join(f"{height:g}" for height in figure.span)
            width = abs(places[-1] - places[0])
            lines.append(
                f"{panel}, {name}: {figure.y.label} goes from {heights} between {figure.x.label} "
                f"{places[0]:.4f} and {places[-1]:.4f}, {width:.4f} wide"
            )
    return lines


def _not_run(figure: Figure, panel: str, lacking: Sequence[str]) -> list[str]:
    """A line a command that would make curves of this panel."""
    home = " ".join(f"{key}={value}" for key, value in figure.panels[panel].items())
    lines = []
    for command in dict.fromkeys(map(figure.command_of, lacking)):
        names = [name for name in lacking if figure.command_of(name) == command]
        lines.append(f"not run in {panel}: {', '.join(names)} ({command} {home})")
    return lines


def _notes(found: Sequence[Point]) -> list[str]:
    """What was said of points, once for all of a curve that it was said of."""
    told = Counter((point.panel, point.series, point.note) for point in found if point.note)
    sizes = Counter((point.panel, point.series) for point in found)
    lines = [
        f"{panel}, {series}, {count} of {sizes[panel, series]} points: {note}"
        for (panel, series, note), count in told.items()
    ]
    strays = [point for point in found if point not in worth_drawing(found)]
    if strays:
        places = ", ".join(f"{point.series} at {point.x:g}" for point in strays)
        lines.append(f"{found[0].panel}, not drawn for want of seeds or of points: {places}")
    return lines


def point_records(found: Sequence[Point]) -> list[dict[str, Any]]:
    """The points as flat rows."""
    return [asdict(point) | {"keys": ";".join(point.keys)} for point in found]
