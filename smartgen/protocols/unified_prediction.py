"""protocol=unified, prediction: every predictor and regime is trained and tested alike (ours).

Each distinct target sequence of two behaviors or more tests once: its last action is wanted, all before it
is seen, and every action of the home is a candidate. A second row wants every behavior's action from the
second on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.types import Sequences
from smartgen.data.histories import cases, content_hashes, usable
from smartgen.data.vocabulary import Vocabulary
from smartgen.metrics.ranking import Ranks, ranks, summary
from smartgen.protocols.committee import PredictorCommittee
from smartgen.protocols.pools import Fold, folds, is_novel
from smartgen.protocols.trainings import (
    SEES_TARGET,
    Training,
    TrainingRules,
    check_regime,
    expert_metrics,
    fit_training,
    model_name,
    sees_target,
    trainings,
)
from smartgen.stages.tss import split_sequences

Arrays = dict[str, NDArray[Any]]


class Scorer(Protocol):
    """A predictor, or a committee of them, that needs no more training."""

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) scores of what comes next, higher is likelier."""

    def state(self) -> dict[str, NDArray[Any]]:
        """What was learned, as arrays by name."""


class Predictor(Scorer, Protocol):
    """Foretells the next action, by logits or else shares; sees a held-out part while it trains."""

    best_step: int
    logits: bool

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> object:
        """Train from scratch on sets that count the same."""


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
        models: what was trained, by ``model_name``.
    """

    metrics: dict[str, float]
    counts: dict[str, int]
    cases: Arrays
    models: dict[str, Scorer] = field(default_factory=dict)


def predict(
    make: Callable[[], Predictor],
    regime: str,
    pools: Pools,
    rules: TrainingRules,
    watch: Stopwatch | None = None,
) -> Outcome:
    """One regime over both folds; a predictor that sees no target data is trained once.

    Args:
        make: gives a fresh predictor.
        regime: source, synthetic, mixed, adapted or oracle.
        watch: gets the seconds of ``train`` and ``score``.

    Raises:
        SmartgenError: an unknown regime, or too few sequences to train or test on.
    """
    check_regime(regime, pools.target)
    watch = watch or Stopwatch()
    source = split_sequences(pools.source, pools.vocabulary)
    counts: dict[str, int] = {}
    parts: list[Arrays] = []
    details: dict[str, float] = {}
    fitted: Scorer | None = None
    models: dict[str, Scorer] = {}
    for number, fold in enumerate(folds(pools.target, pools.vocabulary)):
        if fitted is None or sees_target(regime, rules):
            if rules.few and regime not in SEES_TARGET:
                counts[f"few_fold_{number}"] = min(rules.few, len(fold.raw))
            with watch.measure("train"):
                found = trainings(regime, source, pools.synthetic, fold, pools.vocabulary, rules)
                fitted = fit_predictor(make, found, rules, number, len(pools.vocabulary.actions), counts)
            models[model_name(regime, rules, number)] = fitted
            details |= expert_metrics(found)
        with watch.measure("score"):
            parts.append(_fold_cases(fitted, fold, number, source, pools.synthetic, counts))
    tested = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Outcome(_metrics(tested) | details, counts, tested, models)


def fit_predictor(
    make: Callable[[], Predictor],
    found: Sequence[Training],
    rules: TrainingRules,
    number: int,
    actions: int,
    counts: dict[str, int],
) -> Scorer:
    """What was trained. What has nothing to predict is left out before a part is held out."""
    members, used = [], []
    for training in found:
        whole = [usable(one) for one in training.sets]
        left_out = sum(map(len, training.sets)) - sum(map(len, whole))
        counts[f"left_out_fold_{number}"] = counts.get(f"left_out_fold_{number}", 0) + left_out
        real = training.real and len(whole[-1]) > 0
        sets = whole if real or not training.real else whole[:-1]
        members.append(fit_training(make, replace(training, sets=sets, real=real), rules, number, counts)[0])
        used.append(sets)
    if len(members) == 1:
        return members[0]
    return PredictorCommittee.of(members, [one.weight for one in found], used, actions)


def _fold_cases(
    predictor: Scorer,
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
