"""Table 2 like for like: how each detector scores normal sequences and the attacks made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
from smartgen.metrics.bootstrap import cluster_draws
from smartgen.metrics.resampled import resampled_auprc, resampled_auroc, resampled_flags
from smartgen.tables.paired import Column, Comparison, Sample

NAMES = ("auroc", "auprc", "f1", "precision", "recall", "false_positive_rate")
VERSION = 1  # of the bootstrap, for its cache
_METRIC = re.compile(rf"(?:(?P<kind>{'|'.join(KINDS)})_)?(?P<name>{'|'.join(NAMES)})(?P<novel>_novel)?")
Arrays = dict[str, NDArray[Any]]


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
    title = "table2_unified: Table 2 like for like (protocol unified)"
    meaning = (
        "source: trained on the old log, synthetic: on written sequences, mixed: both, oracle: real data.",
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

    def sample(
        self, chosen: Mapping[Column, Sequence[Record]], metric: str, names: tuple[str, str]
    ) -> Sample | None:
        """Metrics over all cases; sequences are drawn whole, an attack with its normal one."""
        cases = {record.key: read_cases(record) for records in chosen.values() for record in records}
        tested = _sequences(chosen, cases, names)
        if not len(tested):
            return None
        drawn: list[NDArray[np.int64]] = []  # drawn when first wanted

        def draws() -> NDArray[np.int64]:
            if not drawn:
                drawn.append(cluster_draws(len(tested), generator(0, "bootstrap", *names)))
            return drawn[0]

        means: dict[Column, float] = {}
        found: dict[Column, NDArray[np.float64]] = {}
        for column, records in chosen.items():
            values = [self._record(record, cases[record.key], metric, tested, draws) for record in records]
            if all(len(one) for one in values):
                whole = np.mean(values, axis=0)
                means[column], found[column] = float(whole[0]), whole[1:]
        tested_now = _novel(cases) if metric.endswith("_novel") else tested
        return Sample(means, found, len(tested_now)) if means else None

    def _record(
        self, record: Record, cases: Arrays, metric: str, tested: NDArray[Any], draws: Any
    ) -> NDArray[np.float64]:
        """The figure of a record, then its draws; the plain mean over kinds, where none is named."""
        parsed = _METRIC.fullmatch(metric)
        assert parsed is not None
        kinds = [parsed["kind"]] if parsed["kind"] else list(KINDS)
        parts = []
        for kind in kinds:
            kept = cases["kind"] == list(KINDS).index(kind)
            kept = kept & cases["novel"] if parsed["novel"] else kept
            if not kept.any():
                continue
            some = {name: array[kept] for name, array in cases.items()}
            parts.append(
                self._kept(record, f"{kind}_{parsed['name']}{parsed['novel'] or ''}", some, tested, draws)
            )
        return np.mean(parts, axis=0) if parts else np.zeros(0)

    def _kept(
        self, record: Record, metric: str, cases: Arrays, tested: NDArray[Any], draws: Any
    ) -> NDArray[np.float64]:
        """One kind's figure and draws, from the store where they are there."""

        def make() -> Arrays:
            where = np.searchsorted(tested, cases["sequence"])
            weights = np.concatenate([np.ones((1, len(where)), dtype=np.int64), draws()[:, where]])
            return {"values": _metric(metric, cases, weights)}

        if self.store is None:
            return make()["values"]
        what = {"record": result_digest(record), "metric": metric, "version": VERSION}
        return self.store.arrays("bootstrap", content_key(what | {"tested": len(tested)}), make)["values"]


def _metric(metric: str, cases: Arrays, weights: NDArray[np.int64]) -> NDArray[np.float64]:
    parsed = _METRIC.fullmatch(metric)
    assert parsed is not None
    if parsed["name"] in ("auroc", "auprc"):
        of = {"auroc": resampled_auroc, "auprc": resampled_auprc}[parsed["name"]]
        return of(cases["normal"], cases["attack"], weights)
    return resampled_flags(cases["normal_flag"], cases["attack_flag"], weights)[parsed["name"]]


def _sequences(
    chosen: Mapping[Column, Sequence[Record]], cases: Mapping[str, Arrays], names: tuple[str, str]
) -> NDArray[Any]:
    """The distinct sequences that all records of a home test, sorted; it is an error if they do not agree."""
    tested: NDArray[Any] | None = None
    for records in chosen.values():
        for record in records:
            # Attacks are drawn by the seed, and with them what is dropped; `hours` keeps most.
            found = np.unique(cases[record.key]["sequence"])
            if tested is not None and not np.array_equal(tested, found):
                raise SmartgenError(
                    f"{record.path}: tests other sequences than the other records of {' '.join(names)}; name "
                    "one setting or household with --where, or another home with --dataset"
                )
            tested = found
    return np.zeros(0, dtype=np.uint64) if tested is None else tested


def _novel(cases: Mapping[str, Arrays]) -> NDArray[Any]:
    """The distinct sequences among the novel cases of any record; they are the same in all."""
    one = next(iter(cases.values()))
    return np.unique(one["sequence"][one["novel"]])
