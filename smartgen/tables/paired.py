"""Regimes compared on the same test cases (protocol unified): means, intervals, and paired differences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import NothingRecordedError, SmartgenError
from smartgen.core.names import REGIMES, transition_order
from smartgen.core.records import Record
from smartgen.metrics.bootstrap import interval
from smartgen.tables.added import preferred
from smartgen.tables.select import NONE, choose, lookup, matches, seed_of

WITHOUT_NEW_DATA = ("source", "synthetic", "mixed", "adapted")
NO_REAL = (
    NONE,
    0,
)  # protocol.few of records that have no real sequences beside a regime's own
FEW = 50  # distinct sequences below which a figure carries a mark
# Preferred where records of a column differ, as conf/ has them; a key that a record lacks does not count.
DEFAULTS: Mapping[str, Any] = {
    "protocol.percentile": 95,
    "protocol.held_out": 0.2,
    "protocol.max_steps": 500,
    "protocol.check_every": 50,
    "protocol.batch_size": 64,
    "protocol.width": 128,
    "protocol.mix": "balanced",
    "detector.neighbors": 20,
    "detector.trees": 100,
    "detector.nu": 0.1,
    "detector.unified_gamma": None,
    "detector.masked": True,
    "detector.dropout": 0.0,
    "detector.activation": False,
    "detector.learning_rate": 0.001,
    "adaptation": "pooled",
    "adaptation.prediction": ["source", "moved", "written"],
    "adaptation.detection": ["moved", "written"],
    "adaptation.noise": 0.2,
    "adaptation.commands": 1.0,
    "adaptation.sequences": 3000,
    "adaptation.interleaved": 0.25,
    "trainer.threads": 1,
    "trainer.precision": "32-true",
}
# What else is declared where the authors recorded what their LLM wrote.
RECORDED_DEFAULTS = {"synthesizer": "replay", "synthesizer.collection": "detection"}
Column = tuple[str, str]  # method and regime


@dataclass(frozen=True)
class Sample:
    """What each column of a home reached.

    Args:
        means: column -> its figure, seeds averaged.
        draws: column -> (resamples,) figures of the bootstrap, whose draws all columns share.
        sequences: distinct ones tested.
    """

    means: Mapping[Column, float]
    draws: Mapping[Column, NDArray[np.float64]]
    sequences: int


class CasesDifferError(SmartgenError):
    """Records of one home that were not tested on the same sequences, and so cannot be paired."""


class Comparison(ABC):
    """What a task brings to the comparison.

    Attributes:
        axes: of its records.
        axis: the one that names the model.
        methods: their order.
        made_by: the experiment that makes such records, and the report's name.
        metric: that is compared where none is named; `beside` are summed up below it then.
        title, meaning: of the page.
    """

    axes: Mapping[str, Any]
    axis: str
    methods: Sequence[str]
    made_by: str
    metric: str
    beside: tuple[str, ...]
    title: str
    meaning: tuple[str, ...]

    @abstractmethod
    def check_metric(self, metric: str) -> None:
        """Refuse a metric that the task does not have."""

    @abstractmethod
    def parts(self, metric: str) -> tuple[str, ...]:
        """Metrics that this one is the mean of."""

    @abstractmethod
    def samples(
        self, chosen: Mapping[Column, Sequence[Record]], metrics: Sequence[str], names: tuple[str, str]
    ) -> dict[str, Sample]:
        """Figures and draws of one home and change, by metric; those that no case has are left out."""


@dataclass(frozen=True)
class Figure:
    """A mean and the interval that bootstrap gives it."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Of a difference: whether its sign is beyond the draw of sequences."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Compared:
    """One model, home and change of context under several regimes.

    Args:
        sequences: distinct ones tested, of both halves of the target data.
        figures: regime -> what it reached, seeds averaged first.
        seeds: regime -> number of seeds.
        differences: (regime, other) -> paired difference.
        note: what a reader must know of the records' choice.
    """

    dataset: str
    transition: str
    method: str
    sequences: int
    figures: Mapping[str, Figure]
    seeds: Mapping[str, int]
    differences: Mapping[tuple[str, str], Figure]
    note: str

    @property
    def best(self) -> str:
        """The best regime without real data of the new context; empty where fewer than two were run."""
        ranked = self._ranked()
        return ranked[0] if len(ranked) > 1 else ""

    @property
    def clear(self) -> bool:
        """Whether the best one's paired interval over the second excludes zero."""
        ranked = self._ranked()
        return len(ranked) > 1 and self.differences[ranked[0], ranked[1]].excludes_zero

    def _ranked(self) -> list[str]:
        run = [regime for regime in WITHOUT_NEW_DATA if regime in self.figures]
        return sorted(run, key=lambda regime: -self.figures[regime].mean)


@dataclass(frozen=True)
class Outcome:
    """What could be compared, in the order of the paper's table, and what of each home could not, and why."""

    rows: Sequence[Compared]
    left_out: Sequence[str] = ()


def compare(
    records: Sequence[Record],
    metrics: Sequence[str],
    task: Comparison,
    on_home: Callable[[int, int], None] = lambda done, count: None,
) -> dict[str, Outcome]:
    """By metric every model, home and change that has records; homes that cannot be paired are left out.

    Args:
        metrics: of the task's; ``_novel`` behind one takes the sequences that no training pool holds.
        on_home: told how many homes and changes are done, and of how many.

    Raises:
        SmartgenError: an unknown metric, or no record.
        CasesDifferError: nothing can be paired.
    """
    for metric in metrics:
        task.check_metric(metric)
    axes = {**task.axes, "protocol.few": NO_REAL}
    fitting = [record for record in records if record.ok and matches(record, axes)]
    if not fitting:
        raise NothingRecordedError(
            f"no record of task={task.axes['task']} protocol=unified; `smartgen experiment={task.made_by}` "
            "makes them"
        )
    homes = sorted(
        {(str(r.axes["dataset"]), str(r.axes["transition"])) for r in fitting},
        key=lambda home: (home[0], transition_order(home[1])),
    )
    rows: dict[str, list[Compared]] = {metric: [] for metric in metrics}
    unlike: list[CasesDifferError] = []
    for done, names in enumerate(homes):
        on_home(done, len(homes))
        at_home = [r for r in fitting if matches(r, dict(zip(("dataset", "transition"), names, strict=True)))]
        try:
            for metric, found in _compare_home(names, at_home, metrics, task).items():
                rows[metric] += found
        except CasesDifferError as error:
            unlike.append(error)
    on_home(len(homes), len(homes))
    if unlike and len(unlike) == len(homes):
        raise unlike[0]
    order = {method: place for place, method in enumerate(task.methods)}
    for found in rows.values():
        found.sort(key=lambda row: order.get(row.method, len(order)))
    return {metric: Outcome(found, [str(error) for error in unlike]) for metric, found in rows.items()}


def _compare_home(
    names: tuple[str, str], records: Sequence[Record], metrics: Sequence[str], task: Comparison
) -> dict[str, list[Compared]]:
    """All models of one home and change; they share the cases, and so the bootstrap's draws."""
    chosen: dict[Column, Sequence[Record]] = {}
    notes: dict[str, dict[str, None]] = {}
    recorded = any(lookup(record, "dataset.kind") == "release" for record in records)
    defaults = {**DEFAULTS, **(RECORDED_DEFAULTS if recorded else {})}
    for method in dict.fromkeys(str(r.axes[task.axis]) for r in records):
        for regime in REGIMES:
            some = [r for r in records if matches(r, {task.axis: method, "regime": regime})]
            choice = choose(some, preferred(defaults, task.axis, method))
            if choice.records:
                chosen[method, regime] = choice.records
            if choice.note:
                notes.setdefault(method, {})[f"{regime}: {choice.note}"] = None
    seeds = {column: len({seed_of(record) for record in some}) for column, some in chosen.items()}
    return {
        metric: [
            _compared(names, method, sample, seeds, "; ".join(notes.get(method, ())))
            for method in dict.fromkeys(method for method, _ in sample.means)
        ]
        for metric, sample in task.samples(chosen, metrics, names).items()
    }


def _compared(
    names: tuple[str, str], method: str, sample: Sample, seeds: Mapping[Column, int], note: str
) -> Compared:
    """One model's figures."""
    run = [regime for regime in REGIMES if (method, regime) in sample.means]
    means = {regime: sample.means[method, regime] for regime in run}
    draws = {regime: sample.draws[method, regime] for regime in run}
    figures = {regime: Figure(means[regime], *interval(draws[regime])) for regime in run}
    differences = {
        (a, b): Figure(means[a] - means[b], *interval(draws[a] - draws[b]))
        for a in run
        for b in run
        if a != b
    }
    counts = {regime: seeds[method, regime] for regime in run}
    return Compared(*names, method, sample.sequences, figures, counts, differences, note)
