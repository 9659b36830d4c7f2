"""What a table of the paper says, read from `experiments/<name>.yaml` and checked.

One file holds the published numbers, the released ones, and which of our cells fill which row, so that
running, judging and reporting cannot drift apart. Names are the paper's; each file maps them to ours once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

from smartgen.core.errors import SmartgenError
from smartgen.core.models import FILES, REGISTRIES, TOKEN_PREDICTORS, axis_of
from smartgen.core.resources import resource_dir
from smartgen.tables.added import own_settings
from smartgen.tables.compare import Unit
from smartgen.tables.node import Node, read_yaml

SCHEMA = 1
REQUIRED = ["schema", "name", "title", "source", "datasets", "transitions", "metrics", "methods", "published"]
OPTIONAL = [
    "caption",
    "averages",
    "axes",
    "defaults",
    "command",
    "checks",
    "skips",
    "notes",
    "released",
    "picture",
    "others",
]


class Place(NamedTuple):
    """One cell of a table by the paper's names: FR, ST, "F1 Score", "SmartGen"."""

    dataset: str
    transition: str
    metric: str
    method: str


@dataclass(frozen=True)
class Metric:
    """A metric of a table.

    Attributes:
        key: its name, dotted where nested, in a record's metrics or counts.
        unit: of the published numbers.
        scale: what turns a record's number into that unit, as 100 does a share into percent.
        axes: what records must have for this metric alone, as the task in a table of two tasks.
    """

    name: str
    key: str
    unit: Unit
    scale: float
    axes: Mapping[str, Any]


@dataclass(frozen=True)
class Method:
    """A method of a table, and how we fill its cells.

    Attributes:
        cells: what the records that fill it must have, of a tuple any one; None if none is meant to yet.
        defaults: settings preferred where records differ, the table's included.
        command: what makes its cells; empty if nothing does.
        keys: metrics that its records hold under another key than the table's.
        homes: by the paper's name of a home, settings preferred there alone.
    """

    name: str
    cells: Mapping[str, Any] | None
    defaults: Mapping[str, Any]
    command: str
    keys: Mapping[str, str] = field(default_factory=dict)
    homes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def defaults_of(self, dataset: str) -> Mapping[str, Any]:
        """The settings preferred in this home, by the paper's name."""
        return {**self.defaults, **self.homes.get(dataset, {})}


@dataclass(frozen=True)
class Check:
    """Three metrics, all shares, of which one is the harmonic mean of the other two."""

    f1: str
    precision: str
    recall: str


@dataclass(frozen=True)
class Skip:
    """Cells left out on purpose: those at `where`, some fields of a Place."""

    where: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class Picture:
    """How a table is drawn: a column of panels a metric, a row of panels a group of methods.

    Attributes:
        groups: what a row's axis is called, to its methods, to what the axis calls each.
    """

    metrics: tuple[str, ...]
    groups: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Table:
    """A declared table.

    Attributes:
        datasets: the paper's name to ours; likewise `transitions`.
        methods: the declared ones, then rows of every other model that there is, where the file has `others`.
        axes: what every record of the table must have.
        averages: metrics whose mean over all homes and changes the paper quotes.
        published: the paper's numbers; `released`: those of the authors' released results.
        picture: how it is drawn; None where it is not.
    """

    name: str
    title: str
    caption: str
    source: str
    datasets: Mapping[str, str]
    transitions: Mapping[str, str]
    metrics: Mapping[str, Metric]
    methods: Mapping[str, Method]
    axes: Mapping[str, Any]
    averages: tuple[str, ...]
    checks: tuple[Check, ...]
    skips: tuple[Skip, ...]
    notes: tuple[str, ...]
    published: Mapping[Place, float]
    released: Mapping[Place, float]
    picture: Picture | None = None

    def metric_of(self, place: Place) -> Metric:
        """The metric of a cell, with the key under which the method's records hold it."""
        metric = self.metrics[place.metric]
        return replace(metric, key=self.methods[place.method].keys.get(place.metric, metric.key))

    @property
    def places(self) -> list[Place]:
        """Every cell, in the order of the declaration: methods outermost, metrics innermost."""
        return [
            Place(dataset, transition, metric, method)
            for method in self.methods
            for dataset in self.datasets
            for transition in self.transitions
            for metric in self.metrics
        ]

    def skip_reason(self, place: Place) -> str:
        """Why this cell is left out on purpose; empty if it is not."""
        names = place._asdict()
        hits = (skip for skip in self.skips if all(names[key] == value for key, value in skip.where.items()))
        return next((skip.reason for skip in hits), "")


def table_names(folder: Path | None = None) -> list[str]:
    """The declared tables, by name."""
    return sorted(path.stem for path in (folder or resource_dir("experiments")).glob("*.yaml"))


def printed_name(name: str) -> str:
    """What the paper calls a table or figure; "" where it has no number there.

    Example:
        >>> printed_name("table2"), printed_name("fig7"), printed_name("threshold")
        ('Table 2', 'Figure 7', '')
    """
    words = {"table": "Table", "fig": "Figure"}
    return next((f"{words[kind]} {name[len(kind) :]}" for kind in words if name.startswith(kind)), "")


def load_named(name: str, folder: Path | None = None) -> Table:
    """The declaration of this name.

    Raises:
        SmartgenError: there is none; the message names those that there are.
    """
    folder = folder or resource_dir("experiments")
    known = table_names(folder)
    if name not in known:
        raise SmartgenError(f"no table {name!r} in {folder}; choose one of: {', '.join(known) or '(none)'}")
    return load_table(folder / f"{name}.yaml")


def load_table(path: Path) -> Table:
    """Read and check one declaration.

    Raises:
        SmartgenError: unreadable, a key missing, unknown or of the wrong kind; the message has file and key.
    """
    found = read_yaml(path).fields(REQUIRED, OPTIONAL)
    if found["schema"].value != SCHEMA:
        raise found["schema"].fail(str(SCHEMA))
    if found["name"].text() != path.stem:
        raise found["name"].fail(f"the file's own name, {path.stem}")
    datasets, transitions = (found[kind].each(_name) for kind in ("datasets", "transitions"))
    metrics = found["metrics"].each(_metric)
    command, defaults = found.get("command", "").text(), found.get("defaults", {}).scalars()
    methods = found["methods"].each(
        lambda name, node: _method(name, node, command, defaults, metrics, datasets)
    )
    if "others" in found.items:
        methods |= _others(found["others"], methods, command, defaults, metrics, datasets)
    levels: dict[str, Iterable[str]]
    levels = {"dataset": datasets, "transition": transitions, "metric": metrics, "method": methods}
    return Table(
        name=path.stem,
        title=found["title"].text(),
        caption=found.get("caption", "").text(),
        source=found["source"].text(),
        datasets=datasets,
        transitions=transitions,
        metrics=metrics,
        methods=methods,
        axes=found.get("axes", {}).scalars(),
        averages=tuple(node.one_of(metrics) for node in found.get("averages", []).rows()),
        checks=tuple(_check(node, metrics) for node in found.get("checks", []).rows()),
        skips=tuple(_skip(node, levels) for node in found.get("skips", []).rows()),
        notes=tuple(node.text() for node in found.get("notes", []).rows()),
        published=_numbers(found["published"], levels),
        released=_numbers(found.get("released", {}), levels),
        picture=_picture(found["picture"], metrics, methods) if "picture" in found.items else None,
    )


def _name(_: str, node: Node) -> str:
    return node.text()


def _metric(name: str, node: Node) -> Metric:
    found = node.fields(["key", "unit"], ["scale", "axes"])
    unit = cast(Unit, found["unit"].one_of(get_args(Unit)))
    return Metric(
        name, found["key"].text(), unit, found.get("scale", 1).number(), found.get("axes", {}).scalars()
    )


def _method(
    name: str,
    node: Node,
    command: str,
    defaults: Mapping[str, Any],
    metrics: Iterable[str],
    datasets: Iterable[str],
) -> Method:
    found = node.fields(["cells"], ["defaults", "command", "keys", "homes"])
    cells = None if found["cells"].value is None else found["cells"].choices()
    own = found.get("defaults", {}).scalars()
    keys = found.get("keys", {}).each(_name)
    for metric, key in found.get("keys", {}).items().items():
        Node(key.path, key.key, metric).one_of(metrics)
    homes = found.get("homes", {})
    homes.fields([], datasets)
    preferred = homes.each(lambda _, home: home.scalars())
    return Method(name, cells, {**defaults, **own}, found.get("command", command).text(), keys, preferred)


def _others(
    root: Node,
    declared: Mapping[str, Method],
    command: str,
    defaults: Mapping[str, Any],
    metrics: Iterable[str],
    datasets: Iterable[str],
) -> dict[str, Method]:
    """Rows of the models that no declared method names, from templates in which {} is a model's name."""
    found: dict[str, dict[str, Method]] = {}
    for template, node in root.items().items():
        parts = node.fields(["of", "cells"], ["command", "keys"])
        of = parts["of"].one_of(REGISTRIES)
        axis = axis_of(of)
        models = TOKEN_PREDICTORS if of == "token_predictor" else FILES[axis]
        named = {(method.cells or {}).get(axis) for method in declared.values()}
        for name in (model for model in models if model not in named):
            own = {key: _filled(part.value, name) for key, part in parts.items.items() if key != "of"}
            own["cells"] = {axis: name, **own["cells"]}
            method = template.replace("{}", name)
            filled = Node(root.path, node.key, own)
            found.setdefault(name, {})[method] = _method(
                method, filled, command, {**defaults, **own_settings(axis, name)}, metrics, datasets
            )
    return {method: row for rows in found.values() for method, row in rows.items()}


def _filled(value: Any, name: str) -> Any:
    """A value of a template with the model's name in it."""
    if isinstance(value, dict):
        return {key: _filled(one, name) for key, one in value.items()}
    return value.replace("{}", name) if isinstance(value, str) else value


def _picture(node: Node, metrics: Iterable[str], methods: Iterable[str]) -> Picture:
    found = node.fields(["metrics", "groups"])
    groups = found["groups"].each(lambda _, group: group.each(_name))
    for group in found["groups"].items().values():
        group.fields([], methods)
    return Picture(tuple(one.one_of(metrics) for one in found["metrics"].rows()), groups)


def _check(node: Node, metrics: Mapping[str, Metric]) -> Check:
    found = node.fields(["f1", "precision", "recall"])
    shares = [name for name, metric in metrics.items() if metric.unit == "share"]
    return Check(*(found[name].one_of(shares) for name in ("f1", "precision", "recall")))


def _skip(node: Node, levels: Mapping[str, Iterable[str]]) -> Skip:
    found = node.fields(["reason"], levels)
    where = {name: item.one_of(levels[name]) for name, item in found.items.items() if name != "reason"}
    if not where:
        raise node.fail(f"one of {', '.join(levels)} beside the reason")
    return Skip(where, found["reason"].text())


def _numbers(root: Node, levels: Mapping[str, Iterable[str]]) -> dict[Place, float]:
    """Flatten dataset > transition > metric > method; null means that there is no number."""
    found: list[tuple[tuple[str, ...], Node]] = [((), root)]
    for names in levels.values():
        deeper = []
        for place, node in found:
            for name, item in node.items().items():
                Node(root.path, item.key, name).one_of(names)
                deeper.append(((*place, name), item))
        found = deeper
    return {Place(*place): node.number() for place, node in found if node.value is not None}
