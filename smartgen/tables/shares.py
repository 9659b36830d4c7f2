"""A figure of shares (paper Figure 4): what old log, written set and real new data consist of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from smartgen.core.records import Record
from smartgen.core.resources import resource_dir
from smartgen.metrics.distribution import FIELDS, SEPARATOR
from smartgen.tables.blocks import Block, Page
from smartgen.tables.node import Node, read_yaml
from smartgen.tables.select import Choice, choose, matches

SCHEMA = 1
REQUIRED = ["schema", "name", "title", "caption", "source", "datasets", "panels", "axes", "command"]
LOGS = {"source": "old log", "synthetic": "written", "target": "real new data"}
SHOWN_DEVICES = 12


@dataclass(frozen=True)
class SharesFigure:
    """A declared figure.

    Attributes:
        datasets: the paper's name of a home to ours.
        panels: title to the field (device or hour) and the transition.
        axes: what every record must have; `defaults`: settings preferred where records differ.
        command: what makes the records.
    """

    name: str
    title: str
    caption: str
    source: str
    datasets: Mapping[str, str]
    panels: Mapping[str, tuple[str, str]]
    axes: Mapping[str, Any]
    defaults: Mapping[str, Any]
    command: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Shares:
    """One panel.

    Attributes:
        home: the paper's name.
        names: devices by their greatest share, or hours by the clock.
        logs: log -> share of each name, in the order of `names`.
        distances: log -> Jensen-Shannon distance to the real new data, where the record has it.
        sizes: log -> sequences, mean over seeds.
        keys: the records; `note`: what a reader must know of their choice.
    """

    home: str
    panel: str
    field: str
    names: tuple[str, ...]
    logs: Mapping[str, tuple[float, ...]]
    distances: Mapping[str, float]
    sizes: Mapping[str, float]
    keys: tuple[str, ...]
    note: str = ""


def shares_names(folder: Path | None = None) -> list[str]:
    """The declared figures of shares, by name."""
    return sorted(path.stem for path in (folder or resource_dir("experiments") / "shares").glob("*.yaml"))


def load_shares(name: str, folder: Path | None = None) -> SharesFigure:
    """Read and check one declaration.

    Raises:
        SmartgenError: unreadable, a key missing, unknown or of the wrong kind; the message has file and key.
    """
    path = (folder or resource_dir("experiments") / "shares") / f"{name}.yaml"
    found = read_yaml(path).fields(REQUIRED, ["defaults", "notes"])
    if found["schema"].value != SCHEMA:
        raise found["schema"].fail(str(SCHEMA))
    if found["name"].text() != name:
        raise found["name"].fail(f"the file's own name, {name}")
    return SharesFigure(
        name=name,
        title=found["title"].text(),
        caption=found["caption"].text(),
        source=found["source"].text(),
        datasets=found["datasets"].each(lambda _, node: node.text()),
        panels=found["panels"].each(lambda _, node: _panel(node)),
        axes=found["axes"].scalars(),
        defaults=found.get("defaults", {}).scalars(),
        command=found["command"].text(),
        notes=tuple(node.text() for node in found.get("notes", []).rows()),
    )


def _panel(node: Node) -> tuple[str, str]:
    found = node.fields(["field", "transition"])
    return found["field"].one_of(FIELDS), found["transition"].text()


def shares(figure: SharesFigure, records: Sequence[Record]) -> list[Shares]:
    """All panels that were run, home by home."""
    done = [record for record in records if record.ok and matches(record, figure.axes)]
    found = []
    for home, dataset in figure.datasets.items():
        for panel, (field, transition) in figure.panels.items():
            here = [r for r in done if matches(r, {"dataset": dataset, "transition": transition})]
            choice = choose(here, figure.defaults)
            if choice.records:
                found.append(_shares(home, panel, field, choice))
    return found


def _shares(home: str, panel: str, field: str, choice: Choice) -> Shares:
    """Means over seeds; in a recorded set there is no chance."""
    records = choice.records
    by_log: dict[str, dict[str, float]] = {log: {} for log in LOGS}
    for record in records:
        for key, value in record.metrics.items():
            parts = key.split(SEPARATOR)
            if len(parts) == 3 and parts[0] == field and parts[1] in by_log:
                one = by_log[parts[1]]
                one[parts[2]] = one.get(parts[2], 0.0) + float(value) / len(records)
    names = list(dict.fromkeys(name for one in by_log.values() for name in one))
    if field == "device":
        names.sort(key=lambda name: -max(one.get(name, 0.0) for one in by_log.values()))
    return Shares(
        home,
        panel,
        field,
        tuple(names),
        {log: tuple(one.get(name, 0.0) for name in names) for log, one in by_log.items()},
        _distances(records, field),
        {log: fmean(record.counts[log] for record in records) for log in LOGS},
        tuple(record.key for record in records),
        choice.note,
    )


def _distances(records: Sequence[Record], field: str) -> dict[str, float]:
    """To the real new data, of old log and written set; empty sets have none."""
    keys = {"source": f"source_js_{field}_target", "synthetic": f"set_js_{field}_target"}
    return {
        log: fmean(float(record.metrics[key]) for record in records)
        for log, key in keys.items()
        if all(key in record.metrics for record in records)
    }


def shortened(one: Shares, most: int = SHOWN_DEVICES) -> Shares:
    """With the rarest devices laid together, so that a panel has at most ``most`` names and the rest."""
    if one.field != "device" or len(one.names) <= most + 1:
        return one
    names = (*one.names[:most], f"{len(one.names) - most} others")
    logs = {log: (*values[:most], sum(values[most:])) for log, values in one.logs.items()}
    return replace(one, names=names, logs=logs)


def shares_page(figure: SharesFigure, found: Sequence[Shares], origin: Sequence[str]) -> Page:
    """A block a home and panel; what was not run by name."""
    blocks = [_block(one) for one in found]
    below = [
        f"{one.home}, {one.panel}: Jensen-Shannon distance to the real new data "
        + ", ".join(f"{LOGS[log]} {value:.3f}" for log, value in one.distances.items())
        for one in found
        if one.distances
    ]
    below += [f"{one.home}, {one.panel}: {one.note}" for one in found if one.note]
    run = {(one.home, one.panel) for one in found}
    lacking = [home for home in figure.datasets if not all((home, panel) in run for panel in figure.panels)]
    below += [
        f"not run, or not whole: {home} ({figure.command} dataset={figure.datasets[home]})"
        for home in lacking
    ]
    intro = [figure.caption, f"Source: {figure.source}."]
    return Page(f"{figure.name}: {figure.title}", intro, blocks, [*below, *figure.notes, *origin])


def _block(one: Shares) -> Block:
    sizes = [f"{LOGS[log]}\n{one.sizes[log]:,.0f} sequences" for log in LOGS]
    rows = [[name, *(f"{one.logs[log][place]:.1%}" for log in LOGS)] for place, name in enumerate(one.names)]
    return Block(f"{one.home}: {one.panel}", [one.field, *sizes], rows, frozenset({1, 2, 3}))


def shares_records(found: Sequence[Shares]) -> list[dict[str, Any]]:
    """One flat row a home, panel and name."""
    return [
        {"home": one.home, "panel": one.panel, "field": one.field, "name": name}
        | {log: one.logs[log][place] for log in LOGS}
        | {"keys": ";".join(one.keys)}
        for one in found
        for place, name in enumerate(one.names)
    ]
