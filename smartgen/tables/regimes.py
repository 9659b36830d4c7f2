"""Regimes side by side: what a model reaches when trained on the old log, synthetic or real new data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from smartgen.core.errors import NothingRecordedError, SmartgenError
from smartgen.core.names import REGIMES, transition_order
from smartgen.core.records import Record
from smartgen.tables.blocks import Block, Page
from smartgen.tables.compare import SEEDS_FOR_SD
from smartgen.tables.paired import NO_REAL
from smartgen.tables.select import differing, matches, seeded_apart, setting, when

Run = tuple[int | None, int]  # number of the simulated household, where one is named, and seed
TASKS = ("detection", "prediction")  # others train nothing
ROW_AXES = ("dataset", "transition", "method", "synthesizer")
MEANING = (
    "source: trained on the old log, synthetic: a written set, mixed, adapted: both, oracle: real data.",
    "Every distinct real sequence of the new context is tested under each (protocol unified).",
)


@dataclass(frozen=True)
class Comparison:
    """One home, change and setting under several regimes.

    Args:
        settings: in what these records differ from others of the list, so that only like is beside like.
        values: regime -> household and seed -> value.
    """

    dataset: str
    transition: str
    method: str
    synthesizer: str
    settings: str
    values: Mapping[str, Mapping[Run, float]]

    def wins(self, regime: str, over: str) -> tuple[int, int]:
        """In how many of the households and seeds that both have, ``regime`` is above ``over``."""
        first, second = self.values.get(regime, {}), self.values.get(over, {})
        common = first.keys() & second.keys()
        return sum(first[run] > second[run] for run in common), len(common)

    @property
    def names_households(self) -> bool:
        """Whether simulated households are named, so that there may be many of one seed."""
        return any(household is not None for runs in self.values.values() for household, _ in runs)


def compare_regimes(records: Iterable[Record], metric: str, dataset: str | None = None) -> list[Comparison]:
    """Group the records of ``protocol=unified`` by home, change, method, synthesizer and setting.

    Args:
        metric: a metric's name in the records, for instance ``auroc`` or ``auroc_novel``.
        dataset: only this one.

    Raises:
        SmartgenError: no such record, or one without the metric.
    """
    wanted = {"task": TASKS, "protocol": "unified", "protocol.few": NO_REAL}
    chosen = [record for record in records if record.ok and matches(record, wanted)]
    chosen = [record for record in chosen if dataset in (None, record.axes["dataset"])]
    chosen.sort(key=when)  # of one household and seed the newest stays
    if not chosen:
        of = f" of dataset {dataset}" if dataset else ""
        raise NothingRecordedError(
            f"no record{of} with protocol=unified fits; `smartgen experiment=demo` makes some for demo"
        )
    having = [record for record in chosen if metric in record.metrics]
    if not having:
        known = ", ".join(dict.fromkeys(name for record in chosen for name in record.metrics))
        raise SmartgenError(f"no such record has the metric {metric!r}, only {known}")
    chosen = having
    told = _settings(chosen)
    groups: dict[tuple[str, str, str, str, str], dict[str, dict[Run, float]]] = {}
    for record in chosen:
        home, transition, method, synthesizer = (str(record.axes[name]) for name in ROW_AXES)
        names = (home, transition, method, synthesizer, told[record.key])
        runs = groups.setdefault(names, {}).setdefault(record.axes["regime"], {})
        run = (setting(record).get("dataset.household"), int(record.axes["seed"]))
        runs[run] = float(record.metrics[metric])
    rows = [Comparison(*names, values) for names, values in groups.items()]
    return sorted(rows, key=lambda row: (row.dataset, transition_order(row.transition), row.settings))


def regimes_page(rows: Sequence[Comparison], metric: str) -> Page:
    """The comparisons as one table; a regime that no row has gets no column, settings stand below it."""
    shown = [regime for regime in REGIMES if any(regime in row.values for row in rows)]
    head = ["home", "change", "method", "synthesizer", *shown, "oracle > source"]
    settings = list(dict.fromkeys(row.settings for row in rows))
    several = len(settings) > 1
    marks = {one: f"†{number}" for number, one in enumerate(settings, 1)}
    lines = [_line(row, shown) + ([marks[row.settings]] if several else []) for row in rows]
    methods = ", ".join(sorted({row.method for row in rows}))
    over = "households and seeds" if any(row.names_households for row in rows) else "seeds"
    block = Block(
        heading=f"{metric.upper()} of {methods}, mean ± sd over {over} (n)",
        head=head + (["settings"] if several else []),
        rows=lines,
        right=frozenset(range(4, 4 + len(shown))),
    )
    below = [f"{mark} {one or 'none of them'}" for one, mark in marks.items()] if several else []
    return Page("Trained on source, synthetic and oracle data", MEANING, [block], below)


def regimes_records(rows: Sequence[Comparison]) -> list[dict[str, Any]]:
    """The comparisons as flat rows, one a regime, household and seed."""
    return [
        {name: getattr(row, name) for name in (*ROW_AXES, "settings")}
        | {"regime": regime, "household": household, "seed": seed, "value": value}
        for row in rows
        for regime, runs in row.values.items()
        for (household, seed), value in sorted(runs.items(), key=lambda item: (item[0][0] or 0, item[0][1]))
    ]


def _settings(records: Sequence[Record]) -> dict[str, str]:
    """For each record's key, the settings in which the records differ, in words; empty where they agree.

    Seed, household, regime and the axes of a row do not count, nor what differs with them alone. Where parts
    of another name were chosen, as another SSC, the name tells enough.
    """
    apart = {"seed", "regime", *ROW_AXES}
    models = {"detector", "predictor", "detector.name", "predictor.name"}
    told: dict[str, str] = {}
    for method in dict.fromkeys(record.axes["method"] for record in records):
        found = {r.key: setting(r) for r in records if r.axes["method"] == method}
        keys = differing(list(found.values()))
        keys = [key for key in keys if key.split(".")[0] not in apart | {"transition"} and key not in models]
        keys = [key for key in keys if key.endswith(".name") or f"{key.rpartition('.')[0]}.name" not in keys]
        told |= {name: " ".join(f"{key}={one.get(key)}" for key in keys) for name, one in found.items()}
    apart_by_seed = seeded_apart(records)
    for axis, which in sorted({(axis, r.axes[axis]) for r in records for axis in ("dataset", "synthesizer")}):
        found = {r.key: setting(r) for r in records if r.axes[axis] == which}
        keys = [key for key in differing(list(found.values())) if key.startswith(f"{axis}.")]
        keys = [key for key in keys if key != "dataset.household"]
        keys = [key for key in keys if key != "synthesizer.seed" or which in apart_by_seed]
        for name, one in found.items():
            told[name] = " ".join(filter(None, (told[name], *(f"{key}={one.get(key)}" for key in keys))))
    return told


def _line(row: Comparison, shown: Sequence[str]) -> list[str]:
    cells = [_cell(row.values.get(regime, {})) for regime in shown]
    won, of = row.wins("oracle", "source")
    told = f"{won} of {of} {'runs' if row.names_households else 'seeds'}" if of else "-"
    return [row.dataset, row.transition, row.method, row.synthesizer, *cells, told]


def _cell(runs: Mapping[Run, float]) -> str:
    if not runs:
        return "not run"
    spread = f" ± {stdev(runs.values()):.3f}" if len(runs) >= SEEDS_FOR_SD else ""
    return f"{fmean(runs.values()):.3f}{spread} ({len(runs)})"
