"""Table 2 like for like: how each detector scores normal sequences and the attacks made from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.keys import content_key
from smartgen.core.records import Record, read_cases, result_digest
from smartgen.core.seeds import generator
from smartgen.core.store import Store
from smartgen.data.attacks.unified import KINDS
from smartgen.detectors import REGISTRY
from smartgen.metrics.bootstrap import cluster_draws, known_mean
from smartgen.metrics.resampled import resampled_auprc, resampled_auroc, resampled_flags
from smartgen.tables.paired import CasesDifferError, Column, Comparison, Sample

NAMES = ("auroc", "auprc", "f1", "precision", "recall", "false_positive_rate")
VERSION = 1  # of the bootstrap, for its cache
_METRIC = re.compile(rf"(?:(?P<kind>{'|'.join(KINDS)})_)?(?P<name>{'|'.join(NAMES)})(?P<novel>_novel)?")
Arrays = dict[str, NDArray[Any]]
Draws = Callable[[], NDArray[np.uint16]]


class PairedDetection(Comparison):
    """``auroc``, ``f1`` and so on, means over kinds of attack; ``command_auroc`` and so on of one kind.

    Args:
        store: where the draws of a setting are kept, so that a report takes minutes once; None keeps nothing.
    """

    axes: Mapping[str, Any] = {"task": "detection", "protocol": "unified"}
    axis = "detector"
    methods = tuple(REGISTRY)
    made_by = "table2_unified"
    metric = "auroc"
    beside = ("auroc_novel", "f1", "false_positive_rate")
    title = "table2_unified: Table 2 like for like (protocol unified)"
    meaning = (
        "source: on the old log, synthetic: written sequences, mixed, adapted: both, oracle: real data.",
        "Each distinct real sequence of the new context is tested once in each half, against its own attack "
        f"of each kind ({', '.join(KINDS)}); figures are means over kinds.",
    )

    def __init__(self, store: Store | None = None) -> None:
        self.store = store

    def check_metric(self, metric: str) -> None:
        """Refuse a metric that the cases do not give."""
        if not _METRIC.fullmatch(metric):
            raise SmartgenError(
                f"--metric {metric}: expected one of {', '.join(NAMES)}, of one kind of attack as in "
                "command_auroc, of novel sequences as in auroc_novel"
            )

    def parts(self, metric: str) -> tuple[str, ...]:
        """Metrics that this one is the mean of: one a kind of attack, where it names none."""
        parsed = _METRIC.fullmatch(metric)
        return () if parsed is None or parsed["kind"] else tuple(f"{kind}_{metric}" for kind in KINDS)

    def samples(
        self, chosen: Mapping[Column, Sequence[Record]], metrics: Sequence[str], names: tuple[str, str]
    ) -> dict[str, Sample]:
        """Metrics over all cases; sequences are drawn whole, an attack with its normal one."""
        cases = {record.key: read_cases(record) for records in chosen.values() for record in records}
        tested = _sequences(chosen, cases, names)

        @cache  # drawn when first wanted
        def draws() -> NDArray[np.uint16]:
            """(tested, resamples), narrow since they are copied often; a count is far below the limit."""
            drawn = cluster_draws(len(tested), generator(0, "bootstrap", *names))
            return np.ascontiguousarray(drawn.T, dtype=np.uint16)

        found = {}
        for metric in metrics if len(tested) else ():
            columns = {}
            for column, records in chosen.items():
                values = [
                    self._record(record, cases[record.key], metric, tested, draws) for record in records
                ]
                if all(len(one) for one in values):
                    columns[column] = known_mean(np.stack(values))
            if columns:
                means = {column: float(whole[0]) for column, whole in columns.items()}
                drawn = {column: whole[1:] for column, whole in columns.items()}
                found[metric] = Sample(means, drawn, _count(cases, metric))
        return found

    def _record(
        self, record: Record, cases: Arrays, metric: str, tested: NDArray[Any], draws: Draws
    ) -> NDArray[np.float64]:
        """The figure of a record, then its draws; the plain mean over kinds, where none is named.

        A draw without any case of a kind is the mean over the others.
        """
        parsed = _parse(metric)
        parts = []
        for kind in [parsed["kind"]] if parsed["kind"] else KINDS:
            one = f"{kind}_{parsed['name']}{parsed['novel'] or ''}"
            kept = _kept_cases(cases, one)
            if kept.any():
                some = {name: array[kept] for name, array in cases.items()}
                parts.append(self._kept(record, one, some, tested, draws))
        return known_mean(np.stack(parts)) if parts else np.zeros(0)

    def _kept(
        self, record: Record, metric: str, cases: Arrays, tested: NDArray[Any], draws: Draws
    ) -> NDArray[np.float64]:
        """One kind's figure and draws, from the store where they are there."""

        def make() -> Arrays:
            where = np.searchsorted(tested, cases["sequence"])
            weights = np.concatenate([np.ones((len(where), 1), dtype=np.uint16), draws()[where]], axis=1).T
            return {"values": _metric(metric, cases, weights)}

        if self.store is None:
            return make()["values"]
        what = {"record": result_digest(record), "metric": metric, "version": VERSION}
        return self.store.arrays("bootstrap", content_key(what | {"tested": len(tested)}), make)["values"]


def _metric(metric: str, cases: Arrays, weights: NDArray[np.number]) -> NDArray[np.float64]:
    name = _parse(metric)["name"]
    if name in ("auroc", "auprc"):
        of = {"auroc": resampled_auroc, "auprc": resampled_auprc}[name]
        return of(cases["normal"], cases["attack"], weights)
    return resampled_flags(cases["normal_flag"], cases["attack_flag"], weights)[name]


def _parse(metric: str) -> re.Match[str]:
    parsed = _METRIC.fullmatch(metric)
    if parsed is None:
        raise ValueError(f"{metric} was not checked")
    return parsed


def _kept_cases(cases: Arrays, metric: str) -> NDArray[np.bool_]:
    """(cases,) which of them the metric counts: those of its kind of attack, and the novel ones."""
    parsed = _parse(metric)
    kept: NDArray[np.bool_] = np.ones(len(cases["kind"]), dtype=bool)
    if parsed["kind"]:
        kept = kept & (cases["kind"] == list(KINDS).index(parsed["kind"]))
    return kept & cases["novel"] if parsed["novel"] else kept


def _sequences(
    chosen: Mapping[Column, Sequence[Record]], cases: Mapping[str, Arrays], names: tuple[str, str]
) -> NDArray[Any]:
    """The distinct sequences that all records of a home test, sorted; it is an error if they do not agree."""
    first: Arrays | None = None
    for record in (record for records in chosen.values() for record in records):
        found = cases[record.key]
        if first is not None and not _alike(first, found):
            raise CasesDifferError(
                f"{' '.join(names)}: {record.path} tests other sequences than others, or others are "
                "novel; name one setting or household with --where, or another home with --dataset"
            )
        first = found if first is None else first
    return np.zeros(0, dtype=np.uint64) if first is None else np.unique(first["sequence"])


def _alike(one: Arrays, other: Arrays) -> bool:
    """Whether two records test the same sequences, and agree about which are novel.

    Attacks are drawn by the seed, and with them what is dropped of a kind; `hours` keeps most.
    """
    if not np.array_equal(np.unique(one["sequence"]), np.unique(other["sequence"])):
        return False
    for fold in np.union1d(one["fold"], other["fold"]):
        halves = [cases["fold"] == fold for cases in (one, other)]
        sequences = [cases["sequence"][half] for cases, half in zip((one, other), halves, strict=True)]
        _, first, second = np.intersect1d(*sequences, return_indices=True)
        novel = [cases["novel"][half] for cases, half in zip((one, other), halves, strict=True)]
        if not np.array_equal(novel[0][first], novel[1][second]):
            return False
    return True


def _count(cases: Mapping[str, Arrays], metric: str) -> int:
    """Distinct sequences behind a metric: those among the cases of any record that it counts."""
    kept = [one["sequence"][_kept_cases(one, metric)] for one in cases.values()]
    return len(np.unique(np.concatenate(kept)))
