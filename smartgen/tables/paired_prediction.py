"""Table 3 like for like: what each predictor ranks, case by case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_cases
from smartgen.core.seeds import generator
from smartgen.metrics.bootstrap import resampled_means
from smartgen.metrics.ranking import Ranks, hit_rate, mrr, ndcg
from smartgen.predictors import REGISTRY
from smartgen.tables.paired import CasesDifferError, Column, Comparison, Sample

_METRIC = re.compile(r"(?P<every>every_)?(?:(?P<name>hr|ndcg)@(?P<k>\d+)|(?P<mrr>mrr))(?P<novel>_novel)?")

Arrays = Mapping[str, NDArray[Any]]


class PairedPrediction(Comparison):
    """``hr@10``, ``ndcg@10``, ``mrr``; ``every_`` before it takes every behavior from the second on."""

    axes: Mapping[str, Any] = {"task": "prediction", "protocol": "unified"}
    axis = "predictor"
    methods = tuple(REGISTRY)
    made_by = "table3_unified"
    metric = "ndcg@10"
    beside = ("ndcg@10_novel", "hr@10")
    title = "table3_unified: Table 3 like for like (protocol unified)"
    meaning = (
        "source: on the old log, synthetic: written sequences, mixed, adapted: both, oracle: real data.",
        "Each distinct real sequence of the new context is tested once in each half; all actions are ranked; "
        "ties count as their mean.",
    )

    def check_metric(self, metric: str) -> None:
        """Refuse a metric that the cases do not give."""
        if not _METRIC.fullmatch(metric):
            raise SmartgenError(
                f"--metric {metric}: expected hr@10, ndcg@10, mrr, every_hr@10, hr@10_novel or so"
            )

    def parts(self, metric: str) -> tuple[str, ...]:
        """Metrics that this one is the mean of: none."""
        return ()

    def samples(
        self, chosen: Mapping[Column, Sequence[Record]], metrics: Sequence[str], names: tuple[str, str]
    ) -> dict[str, Sample]:
        """Means over cases; sequences are drawn whole."""
        cases = {record.key: read_cases(record) for records in chosen.values() for record in records}
        found = {metric: self._sample(chosen, cases, metric, names) for metric in metrics}
        return {metric: sample for metric, sample in found.items() if sample is not None}

    def _sample(
        self,
        chosen: Mapping[Column, Sequence[Record]],
        cases: Mapping[str, Arrays],
        metric: str,
        names: tuple[str, str],
    ) -> Sample | None:
        clusters: NDArray[Any] | None = None
        columns: list[NDArray[np.float64]] = []
        for records in chosen.values():
            values, sequences = _values(records, cases, metric)
            if clusters is not None and not np.array_equal(clusters, sequences):
                raise CasesDifferError(
                    f"{records[0].path}: tests other sequences than the other records of {' '.join(names)}; "
                    "name one setting with --where, or another home with --dataset"
                )
            clusters = sequences
            columns.append(values)
        if clusters is None or not len(clusters):
            return None
        table = np.stack(columns, axis=1)
        draws = resampled_means(table, clusters, generator(0, "bootstrap", *names))
        means = dict(zip(chosen, table.mean(axis=0).tolist(), strict=True))
        return Sample(means, dict(zip(chosen, draws.T, strict=True)), len(np.unique(clusters)))


def _values(
    records: Sequence[Record], cases: Mapping[str, Arrays], metric: str
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """(cases,) values, seeds averaged, and the sequence of each case."""
    found = [_case_values(cases[record.key], metric) for record in records]
    for record, (_, sequences) in zip(records, found, strict=True):
        if not np.array_equal(sequences, found[0][1]):
            raise CasesDifferError(
                f"{record.path}: tests other sequences than the other seeds; a simulated home is another "
                "one with each seed unless dataset.household names it; name one with --where or --dataset"
            )
    return np.mean([values for values, _ in found], axis=0), found[0][1]


def _case_values(cases: Arrays, metric: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    parsed = _METRIC.fullmatch(metric)
    assert parsed is not None
    kept = np.ones(len(cases["last"]), dtype=bool) if parsed["every"] else cases["last"]
    kept = kept & cases["novel"] if parsed["novel"] else kept
    ranks = Ranks(cases["above"][kept].astype(np.int64), cases["tied"][kept].astype(np.int64))
    sequences = cases["sequence"][kept]
    if parsed["mrr"]:
        return mrr(ranks), sequences
    return {"hr": hit_rate, "ndcg": ndcg}[parsed["name"]](ranks, int(parsed["k"])), sequences
