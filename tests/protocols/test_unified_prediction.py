"""protocol=unified, prediction: who tests, what is seen, and what is counted."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.names import REGIMES
from smartgen.core.types import Sequences
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.histories import usable
from smartgen.data.recordings import filtered_set
from smartgen.data.release import context_file, read_sequences, read_vocabulary
from smartgen.protocols.pools import folds
from smartgen.protocols.trainings import TrainingRules
from smartgen.protocols.unified_prediction import Outcome, Pools, predict
from smartgen.settings import AdaptationSettings
from smartgen.stages.tss import split_sequences

ADAPTATION = AdaptationSettings("pooled", sequences=60)
EXPERTS = ("source", "moved", "written")
RULES = TrainingRules(held_out=0.2, mix="balanced", seed=0, adaptation=ADAPTATION, experts=EXPERTS)


class Spy:
    """Remembers what it is given; scores every action the same but those it has seen first."""

    best_step = 7
    logits = False

    def __init__(self) -> None:
        self.asked: list[Sequences] = []

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        self.train, self.held_out = train, held_out

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        self.asked.append(histories)
        return np.tile(np.arange(ACTIONS, dtype=float), (len(histories), 1))


HOME = demo_vocabulary()
ACTIONS = len(HOME.actions)
POOLS = Pools(HOME, simulate("winter", 0, 14), simulate("spring", 0, 14), simulate("spring", 1, 7))


def run(regime: str, rules: TrainingRules = RULES, pools: Pools = POOLS) -> tuple[Outcome, list[Spy]]:
    spies: list[Spy] = []

    def make() -> Spy:
        spies.append(Spy())
        return spies[-1]

    return predict(make, regime, pools, rules), spies


def test_only_the_oracle_is_trained_anew_in_each_fold() -> None:
    assert [len(run(regime)[1]) for regime in REGIMES] == [1, 1, 1, 3, 2]


def test_mixed_trains_on_both_sets_apart_or_together() -> None:
    (alone,), (other,) = run("source")[1], run("synthetic")[1]
    (apart,), (together,) = run("mixed")[1], run("mixed", TrainingRules(0.2, "concat", 0))[1]
    assert list(apart.train) == [alone.train[0], other.train[0]]
    assert list(apart.held_out) == [alone.held_out[0], other.held_out[0]]
    assert [len(one) for one in together.train] + [len(one) for one in together.held_out] == [
        len(together.train[0]),
        len(together.held_out[0]),
    ]
    both = len(apart.train[0]) + len(apart.train[1]) + sum(map(len, apart.held_out))
    assert len(together.train[0]) + len(together.held_out[0]) == both


def test_nothing_short_trains_or_tests_and_it_is_counted() -> None:
    outcome, (spy,) = run("source")
    assert min(int(one.lengths.min()) for one in (*spy.train, *spy.held_out)) >= 2
    counts = outcome.counts
    assert counts["train_fold_0"] + counts["held_out_fold_0"] == len(spy.train[0]) + len(spy.held_out[0])
    assert counts["left_out_fold_0"] > 0
    for number, fold in enumerate(folds(POOLS.target, HOME)):
        assert counts[f"test_fold_{number}"] == len(usable(fold.test))
        assert counts[f"left_out_test_fold_{number}"] == len(fold.test) - len(usable(fold.test))


def test_the_oracle_never_tests_on_what_it_trains_on_by_position() -> None:
    outcome, spies = run("oracle")
    for spy, fold in zip(spies, folds(POOLS.target, HOME), strict=True):
        pool = set(fold.oracle.contents())
        assert set(spy.train[0].contents()) | set(spy.held_out[0].contents()) <= pool
    assert outcome.counts["best_step_fold_1"] == 7


def rules(**changes: object) -> TrainingRules:
    return replace(RULES, **changes)  # type: ignore[arg-type]  # as the tests name them


def test_a_few_real_sequences_come_from_the_half_that_is_not_tested() -> None:
    outcome, spies = run("source", rules(few=10))
    (alone,) = run("source")[1]
    halves = folds(POOLS.target, HOME)
    for spy, fold in zip(spies, halves, strict=True):
        first = usable(split_sequences(fold.raw[:10], HOME))
        real = [content for one in (*spy.train[1:], *spy.held_out[1:]) for content in one.contents()]
        assert sorted(real) == sorted(first.contents())
    assert [len(spy.train) for spy in spies] == [2, 2]
    assert spies[0].train[0] == alone.train[0]
    assert outcome.counts["few_fold_0"] == 10


def test_random_orders_differ_and_come_again() -> None:
    one, other, again = (run("source", rules(few=5, few_order=order))[1][0].train[1] for order in (1, 2, 1))
    assert one == again
    assert one != other
    whole = run("source", rules(few=10_000))
    assert whole[0].counts["few_fold_0"] == len(POOLS.target) // 2


def test_too_few_real_sequences_are_all_trained_on() -> None:
    (spy, _) = run("synthetic", rules(few=2))[1]
    assert [len(spy.train), len(spy.held_out)] == [2, 1]
    experts = run("adapted", rules(few=2))[1]
    assert [len(one.train) for one in experts] == [2] * 6  # three experts a fold, each with the real ones


def test_the_record_tells_what_each_expert_counts() -> None:
    found = {name: one for name, one in run("adapted")[0].metrics.items() if name.startswith("expert_")}
    assert list(found) == [f"expert_weight_{name}" for name in ("source", "moved", "written")]
    assert sum(found.values()) == pytest.approx(1)
    assert found["expert_weight_moved"] == found["expert_weight_written"] > 0
    assert not any(name.startswith("expert_") for name in run("mixed")[0].metrics)


def test_the_oracle_has_all_real_sequences_anyway() -> None:
    outcome, spies = run("oracle", rules(few=10))
    assert [len(spy.train) for spy in spies] == [1, 1]
    assert "few_fold_0" not in outcome.counts


def test_each_case_is_ranked_among_all_actions() -> None:
    outcome, (spy,) = run("synthetic")
    found = outcome.cases
    assert len({len(array) for array in found.values()}) == 1
    assert len(found["above"]) == sum(map(len, spy.asked))
    assert (found["tied"] == 1).all()
    assert found["above"].max() < ACTIONS
    assert found["last"].sum() == sum(outcome.counts[f"test_fold_{k}"] for k in (0, 1))
    novel = found["last"] & found["novel"]
    assert novel.sum() == sum(outcome.counts[f"novel_fold_{k}"] for k in (0, 1))
    hits = (found["above"][found["last"]] < 10).mean()
    assert outcome.metrics["hr@10"] == pytest.approx(hits)
    assert outcome.metrics["every_hr@10"] == pytest.approx((found["above"] < 10).mean())
    assert outcome.metrics["hr@10_novel"] == pytest.approx((found["above"][novel] < 10).mean())


def test_bad_input_is_named() -> None:
    with pytest.raises(SmartgenError, match="regime is 'stale', expected one of source"):
        run("stale")
    few = Pools(HOME, POOLS.source, POOLS.target[:3], POOLS.synthetic)
    with pytest.raises(SmartgenError, match="has 3 sequences, expected at least 4"):
        run("source", pools=few)
    single = Sequences.from_lists([[0, 0, 0, 0]] * 9)
    with pytest.raises(SmartgenError, match="has 0 distinct sequences that"):
        run("source", pools=Pools(HOME, single, POOLS.target, POOLS.synthetic))
    with pytest.raises(SmartgenError, match="nothing is to be predicted"):
        run("source", pools=Pools(HOME, POOLS.source, single, POOLS.synthetic))


@pytest.mark.release
@pytest.mark.parametrize(
    ("dataset", "threshold", "source", "target", "counts"),
    [
        ("fr", 0.918, "winter", "spring", (42, 38)),
        ("fr", 0.92, "daytime", "night", (170, 118)),
        ("fr", 0.915, "single", "multiple", (82, 75)),
        ("sp", 0.915, "winter", "spring", (221, 132)),
        ("sp", 0.917, "daytime", "night", (218, 120)),
        ("sp", 0.915, "single", "multiple", (80, 58)),
    ],
)
def test_distinct_and_novel_test_sequences_of_the_release(
    release: Path, dataset: str, threshold: float, source: str, target: str, counts: tuple[int, int]
) -> None:
    raw = [
        read_sequences(context_file(release, dataset, context, name))
        for context, name in ((source, "trn.pkl"), (target, "test.pkl"))
    ]
    synthetic = read_sequences(filtered_set(release, "detection", dataset, target, threshold).path)
    pools = Pools(read_vocabulary(release, dataset), raw[0], raw[1], synthetic)

    class Nothing(Spy):
        def score(self, histories: Sequences) -> NDArray[np.float64]:
            return np.zeros((len(histories), len(pools.vocabulary.actions)))

    outcome = predict(Nothing, "source", pools, RULES)
    found = outcome.counts
    assert tuple(found[f"{name}_fold_0"] + found[f"{name}_fold_1"] for name in ("test", "novel")) == counts
    # Everything ties: the expected hit rate is that of a random order.
    assert outcome.metrics["hr@10"] == pytest.approx(10 / len(pools.vocabulary.actions))
