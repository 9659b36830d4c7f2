from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.names import REGIMES
from smartgen.core.types import Sequences
from smartgen.data.attacks.unified import AttackContext
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.recordings import filtered_set
from smartgen.data.release import context_file, read_sequences, read_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.pools import folds, hold_out, is_novel
from smartgen.protocols.unified import Rules, detect
from smartgen.settings import AdaptationSettings
from smartgen.stages.tss import split_sequences

ADAPTATION = AdaptationSettings("pooled", sequences=200)
RULES = Rules(0.2, "balanced", 0, adaptation=ADAPTATION, experts=("moved", "written"), percentile=95)
behaviors = st.tuples(st.integers(0, 6), st.integers(0, 7), st.integers(0, 2), st.integers(0, 5))
raw_sets = st.lists(
    st.lists(behaviors, min_size=1, max_size=4).map(lambda s: [i for b in s for i in b]),
    min_size=2,
    max_size=30,
).map(Sequences.from_lists)
HOME = Vocabulary(("A", "B", "C"), tuple(f"A:{i}" for i in range(6)))


class Unseen:
    """Score: share of (hour, action) pairs that training does not have."""

    def __init__(self) -> None:
        self.known: set[tuple[int, int]] = set()
        self.best_step = 0

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> None:
        self.known = {(b.hour, b.action) for one in train for s in one for b in s}

    def score(self, sequences: Sequences) -> NDArray[np.float64]:
        return np.array([np.mean([(b.hour, b.action) not in self.known for b in s]) for s in sequences])


@given(raw_sets)
def test_folds_swap_halves_and_count_each_sequence_once(raw: Sequences) -> None:
    first, second = folds(raw, HOME)
    assert first.test == second.oracle.distinct()
    assert second.test == first.oracle.distinct()
    both = Sequences.concatenate([first.oracle, second.oracle])
    assert both == split_sequences(raw, HOME)
    assert len(set(first.test.contents())) == len(first.test)


@given(raw_sets, st.integers(0, 5))
def test_all_copies_are_on_one_side(pool: Sequences, seed: int) -> None:
    train, held = hold_out(pool, 0.2, np.random.default_rng(seed))
    assert len(train) + len(held) == len(pool)
    assert not set(train.contents()) & set(held.contents())
    kinds = len(set(pool.contents()))
    assert len(set(held.contents())) == min(max(5, round(0.2 * kinds)), kinds // 2)


def test_novel_is_what_no_pool_has() -> None:
    test = Sequences.from_lists([[0, 0, 0, 0], [1, 0, 0, 0]])
    assert is_novel(test, [test.take([0]), test.take([])]).tolist() == [False, True]


def demo() -> AttackContext:
    return AttackContext(demo_vocabulary(), simulate("winter", 1), simulate("spring", 1))


def test_real_new_data_beats_the_old_log_on_the_demo() -> None:
    context = demo()
    synthetic = split_sequences(context.source, context.vocabulary)
    reached = {r: detect(Unseen, r, context, synthetic, RULES).metrics for r in ("source", "oracle")}
    assert reached["oracle"]["command_auroc"] > reached["source"]["command_auroc"] + 0.1
    for metrics in reached.values():
        kinds = [metrics[f"{kind}_auroc"] for kind in ("command", "hours", "burst")]
        assert metrics["auroc"] == pytest.approx(np.mean(kinds))


def test_every_regime_is_tested_on_the_same_sequences() -> None:
    context = demo()
    synthetic = split_sequences(context.source, context.vocabulary)[:40]
    names = ("test_fold_0", "test_fold_1", "novel_fold_0", "command_kept", "hours_kept", "burst_kept")
    counts = [detect(Unseen, r, context, synthetic, RULES).counts for r in REGIMES]
    assert counts[0]["test_fold_0"] > 20
    assert all([c[n] for n in names] == [counts[0][n] for n in names] for c in counts)


def test_bad_input_is_named() -> None:
    context = demo()
    with pytest.raises(SmartgenError, match="regime is 'stale'"):
        detect(Unseen, "stale", context, context.source, RULES)
    few = AttackContext(context.vocabulary, context.source, context.target[:3])
    with pytest.raises(SmartgenError, match="3 sequences, expected at least 4"):
        detect(Unseen, "source", few, context.source, RULES)
    with pytest.raises(SmartgenError, match="has 1 distinct sequences that can be used, expected two"):
        detect(Unseen, "synthetic", context, context.source[:1], RULES)


@pytest.mark.release
@pytest.mark.parametrize(
    ("dataset", "source", "target", "threshold", "counts"),
    [
        ("fr", "winter", "spring", 0.918, (57, 40)),
        ("fr", "daytime", "night", 0.92, (359, 141)),
        ("fr", "single", "multiple", 0.915, (84, 75)),
        ("sp", "winter", "spring", 0.915, (354, 153)),
        ("sp", "daytime", "night", 0.917, (573, 175)),
        ("sp", "single", "multiple", 0.915, (110, 68)),
    ],
)
def test_distinct_and_novel_sequences_of_the_release(
    release: Path, dataset: str, source: str, target: str, threshold: float, counts: tuple[int, int]
) -> None:
    vocabulary = read_vocabulary(release, dataset)
    halves = folds(read_sequences(context_file(release, dataset, target, "test.pkl")), vocabulary)
    old = split_sequences(read_sequences(context_file(release, dataset, source, "trn.pkl")), vocabulary)
    recorded = filtered_set(release, "detection", dataset, target, threshold, "gpt-4o")
    synthetic = read_sequences(recorded.path)
    novel = sum(int(is_novel(fold.test, [fold.oracle, old, synthetic]).sum()) for fold in halves)
    assert (sum(len(fold.test) for fold in halves), novel) == counts
