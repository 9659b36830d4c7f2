"""Regimes compared on the same test cases (protocol unified): means, intervals, and paired differences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.names import REGIMES, transition_order
from smartgen.core.records import Record, read_cases
from smartgen.core.seeds import generator
from smartgen.metrics.bootstrap import interval, resampled_means
from smartgen.metrics.ranking import Ranks, hit_rate, mrr, ndcg
from smartgen.predictors import REGISTRY
from smartgen.tables.select import choose, lookup, matches, seed_of

WITHOUT_NEW_DATA = ("source", "synthetic", "mixed")
FEW = 50  # distinct sequences below which a figure carries a mark
WANTED = {"task": "prediction", "protocol": "unified"}
DEFAULTS: Mapping[str, Any] = {
    "protocol.max_steps": 500,
    "protocol.width": 128,
    "protocol.mix": "balanced",
    "trainer.threads": 1,
    "trainer.precision": "32-true",
}
# What else is declared where the authors recorded what their LLM wrote.
RECORDED_DEFAULTS = {"synthesizer": "replay", "synthesizer.collection": "detection"}
_METRIC = re.compile(r"(?P<every>every_)?(?:(?P<name>hr|ndcg)@(?P<k>\d+)|(?P<mrr>mrr))(?P<novel>_novel)?")


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
    """One predictor, home and change of context under several regimes.

    Args:
        sequences: distinct ones tested, of both halves of the target data.
        figures: regime -> what it reached, seeds averaged first.
        seeds: regime -> number of seeds.
        differences: (regime, other) -> paired difference.
        note: what a reader must know of the records' choice.
    """

    dataset: str
    transition: str
    predictor: str
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


def compare(records: Sequence[Record], metric: str) -> list[Compared]:
    """Every predictor, home and change that has records, in the order of Table 3.

    Args:
        metric: ``hr@10``, ``ndcg@10``, ``mrr`` and so on; ``every_`` before it takes every behavior from the
            second on as a target, ``_novel`` behind it the sequences that no training pool holds.

    Raises:
        SmartgenError: an unknown metric, no record, or records whose cases differ.
    """
    if not _METRIC.fullmatch(metric):
        raise SmartgenError(
            f"--metric {metric}: expected hr@10, ndcg@10, mrr, every_hr@10, hr@10_novel or so"
        )
    fitting = [record for record in records if record.ok and matches(record, WANTED)]
    if not fitting:
        raise SmartgenError(
            "no record of task=prediction protocol=unified; `smartgen experiment=table3_unified` makes them"
        )
    homes = sorted(
        {(str(r.axes["dataset"]), str(r.axes["transition"])) for r in fitting},
        key=lambda home: (home[0], transition_order(home[1])),
    )
    rows = []
    for dataset, transition in homes:
        at_home = [r for r in fitting if matches(r, {"dataset": dataset, "transition": transition})]
        rows += _compare_home(dataset, transition, at_home, metric)
    return sorted(rows, key=lambda row: _place(row.predictor))


def _compare_home(dataset: str, transition: str, records: Sequence[Record], metric: str) -> list[Compared]:
    """All predictors of one home and change; they share the cases, and so the bootstrap's draws."""
    columns: dict[tuple[str, str], NDArray[np.float64]] = {}
    seeds: dict[tuple[str, str], int] = {}
    notes: dict[str, dict[str, None]] = {}
    clusters: NDArray[Any] | None = None
    recorded = any(lookup(record, "dataset.kind") == "release" for record in records)
    defaults = {**DEFAULTS, **(RECORDED_DEFAULTS if recorded else {})}
    for predictor in dict.fromkeys(str(r.axes["predictor"]) for r in records):
        for regime in REGIMES:
            some = [r for r in records if matches(r, {"predictor": predictor, "regime": regime})]
            chosen = choose(some, defaults)
            if not chosen.records:
                continue
            values, sequences = _values(chosen.records, metric)
            if clusters is not None and not np.array_equal(clusters, sequences):
                raise SmartgenError(
                    f"{chosen.records[0].path}: tests other sequences than the other records of {dataset} "
                    f"{transition}; name one setting with --where, or another home with --dataset"
                )
            clusters = sequences
            columns[predictor, regime] = values
            seeds[predictor, regime] = len({seed_of(record) for record in chosen.records})
            if chosen.note:
                notes.setdefault(predictor, {})[f"{regime}: {chosen.note}"] = None
    if clusters is None or not len(clusters):
        return []
    table = np.stack(list(columns.values()), axis=1)
    means = resampled_means(table, clusters, generator(0, "bootstrap", dataset, transition))
    where = {name: i for i, name in enumerate(columns)}
    return [
        _compared(
            (dataset, transition, predictor), where, seeds, table, means, len(np.unique(clusters)), notes
        )
        for predictor in dict.fromkeys(name for name, _ in columns)
    ]


def _compared(
    names: tuple[str, str, str],
    where: Mapping[tuple[str, str], int],
    seeds: Mapping[tuple[str, str], int],
    table: NDArray[np.float64],
    means: NDArray[np.float64],
    sequences: int,
    notes: Mapping[str, Mapping[str, None]],
) -> Compared:
    """One predictor's figures from the home's table of cases."""
    run = [regime for regime in REGIMES if (names[2], regime) in where]
    column = {regime: where[names[2], regime] for regime in run}
    average = table.mean(axis=0)
    figures = {r: Figure(float(average[c]), *interval(means[:, c])) for r, c in column.items()}
    differences = {
        (a, b): Figure(
            float(average[column[a]] - average[column[b]]),
            *interval(means[:, column[a]] - means[:, column[b]]),
        )
        for a in run
        for b in run
        if a != b
    }
    told = "; ".join(notes.get(names[2], ()))
    return Compared(*names, sequences, figures, {r: seeds[names[2], r] for r in run}, differences, told)


def _values(records: Sequence[Record], metric: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """(cases,) values, seeds averaged, and the sequence of each case."""
    found = [_case_values(record, metric) for record in records]
    for record, (_, sequences) in zip(records, found, strict=True):
        if not np.array_equal(sequences, found[0][1]):
            raise SmartgenError(
                f"{record.path}: tests other sequences than the other seeds; a simulated home is another "
                "one with each seed unless dataset.household names it; name one with --where or --dataset"
            )
    return np.mean([values for values, _ in found], axis=0), found[0][1]


def _case_values(record: Record, metric: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    parsed = _METRIC.fullmatch(metric)
    assert parsed is not None
    cases = read_cases(record)
    kept = np.ones(len(cases["last"]), dtype=bool) if parsed["every"] else cases["last"]
    kept = kept & cases["novel"] if parsed["novel"] else kept
    ranks = Ranks(cases["above"][kept].astype(np.int64), cases["tied"][kept].astype(np.int64))
    sequences = cases["sequence"][kept]
    if parsed["mrr"]:
        return mrr(ranks), sequences
    return {"hr": hit_rate, "ndcg": ndcg}[parsed["name"]](ranks, int(parsed["k"])), sequences


def _place(predictor: str) -> int:
    known = list(REGISTRY)
    return known.index(predictor) if predictor in known else len(known)
