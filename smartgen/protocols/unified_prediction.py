"""protocol=unified, prediction: every predictor and regime is trained and tested alike (ours).

Each distinct target sequence of two behaviors or more tests once: its last action is wanted, all before it
is seen, and every action of the home is a candidate. A second row wants every behavior's action from the
second on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.names import REGIMES
from smartgen.core.seeds import generator
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.types import Sequences
from smartgen.data.histories import cases, content_hashes, usable
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.ranking import Ranks, ranks, summary
from smartgen.protocols.pools import SEES_TARGET, Fold, folds, hold_out, is_novel, training_sets
from smartgen.stages.tss import split_sequences

Arrays = dict[str, NDArray[Any]]


class Predictor(Protocol):
    """Foretells the next action; sees a held-out part while it trains."""

    best_step: int

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> object:
        """Train from scratch on sets that count the same."""

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) scores of what comes next, higher is likelier."""


@dataclass(frozen=True)
class Rules:
    """The few choices of the protocol; see conf/protocol/unified.yaml."""

    held_out: float
    mix: str
    seed: int


@dataclass(frozen=True)
class Pools:
    """What a home has to train and test on.

    Args:
        source, target: raw sequences of both contexts.
        synthetic: the written set; all regimes need it, to tell which test sequences are novel.
    """

    vocabulary: Vocabulary
    source: Sequences
    target: Sequences
    synthetic: Sequences


@dataclass(frozen=True)
class Outcome:
    """Metrics, counts, and the single cases behind them, from which reports draw intervals.

    Args:
        cases: arrays of one length: ``sequence`` (a hash of its content), ``fold``, ``novel``, ``last``,
            ``above`` and ``tied`` (``metrics.ranking.Ranks``).
    """

    metrics: dict[str, float]
    counts: dict[str, int]
    cases: Arrays


def predict(
    make: Callable[[], Predictor],
    regime: str,
    pools: Pools,
    rules: Rules,
    watch: Stopwatch | None = None,
) -> Outcome:
    """One regime over both folds; a predictor that sees no target data is trained once.

    Args:
        make: gives a fresh predictor.
        regime: source, synthetic, mixed or oracle.
        watch: gets the seconds of ``train`` and ``score``.

    Raises:
        SmartgenError: an unknown regime, or too few sequences to train or test on.
    """
    if regime not in REGIMES:
        raise SmartgenError(f"regime is {regime!r}, expected one of {', '.join(REGIMES)}")
    if len(pools.target) < 4:
        raise SmartgenError(f"the target context has {len(pools.target)} sequences, expected at least 4")
    watch = watch or Stopwatch()
    source = split_sequences(pools.source, pools.vocabulary)
    counts: dict[str, int] = {}
    parts: list[Arrays] = []
    fitted: Predictor | None = None
    for number, fold in enumerate(folds(pools.target, pools.vocabulary)):
        if fitted is None or regime in SEES_TARGET:
            sets = training_sets(regime, source, pools.synthetic, fold.oracle, rules.mix)
            with watch.measure("train"):
                fitted = _fit(make(), sets, rules, number, counts)
        with watch.measure("score"):
            parts.append(_fold_cases(fitted, fold, number, source, pools.synthetic, counts))
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Outcome(_metrics(found), counts, found)


def _fit(
    predictor: Predictor, sets: Sequence[Sequences], rules: Rules, fold: int, counts: dict[str, int]
) -> Predictor:
    """A trained predictor. What has nothing to predict is left out before a part is held out."""
    whole = [usable(one) for one in sets]
    # Each set's draw begins anew, so that it is the same in every regime that the set is part of.
    halves = [hold_out(one, rules.held_out, generator(rules.seed, "held out", fold)) for one in whole]
    train, held = [half[0] for half in halves], [half[1] for half in halves]
    if not all(map(len, (*train, *held))):
        raise SmartgenError(
            f"a training set has {min(map(len, whole))} sequences of two behaviors or more, expected two "
            "distinct ones at least"
        )
    predictor.fit(train, held)
    sizes = {
        "train": sum(map(len, train)),
        "held_out": sum(map(len, held)),
        "left_out": sum(map(len, sets)) - sum(map(len, whole)),
        "best_step": predictor.best_step,
    }
    counts.update({f"{name}_fold_{fold}": size for name, size in sizes.items()})
    return predictor


def _fold_cases(
    predictor: Predictor,
    fold: Fold,
    number: int,
    source: Sequences,
    synthetic: Sequences,
    counts: dict[str, int],
) -> Arrays:
    """The cases of one test half."""
    test = usable(fold.test)
    if not len(test):
        raise SmartgenError(
            "a test half has no sequence of two behaviors or more; nothing is to be predicted"
        )
    novel = is_novel(test, [fold.oracle, source, synthetic])
    sizes = {"test": len(test), "left_out_test": len(fold.test) - len(test), "novel": int(novel.sum())}
    counts.update({f"{name}_fold_{number}": size for name, size in sizes.items()})
    found = cases(test)
    above, tied = ranks(predictor.score(found.histories), found.wanted)
    return {
        "sequence": content_hashes(test)[found.owner],
        "fold": np.full(len(above), number, dtype=np.int8),
        "novel": novel[found.owner],
        "last": found.last,
        "above": above.astype(np.int32),
        "tied": tied.astype(np.int32),
    }


def _metrics(found: Arrays) -> dict[str, float]:
    """Over the last actions, with ``every_`` over all from the second on; ``_novel`` where there are any."""
    metrics: dict[str, float] = {}
    for prefix, wanted in (("", found["last"]), ("every_", np.ones(len(found["last"]), dtype=bool))):
        for suffix, kept in (("", wanted), ("_novel", wanted & found["novel"])):
            if kept.any():
                of = Ranks(found["above"][kept], found["tied"][kept])
                metrics |= {prefix + name + suffix: value for name, value in summary(of).items()}
    return metrics
