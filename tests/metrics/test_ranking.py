"""Each ranking metric against a second implementation, torchmetrics, and what must hold for any scores."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchmetrics.retrieval import RetrievalHitRate, RetrievalMRR, RetrievalNormalizedDCG

from smartgen.metrics.ranking import Ranks, Ties, hit_rate, mrr, ndcg, ranks, summary

rows = st.lists(st.integers(0, 4), min_size=1, max_size=6)


def naive(scores: list[int], wanted: int, ties: Ties, k: int) -> tuple[float, float, float]:
    """Hit, NDCG and reciprocal rank from every order of the candidates that the scores allow."""
    others = [i for i in range(len(scores)) if i != wanted]
    positions = []
    for order in itertools.permutations(range(len(scores))):
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order)):
            positions.append(order.index(wanted) + 1)
    best = 1 + sum(scores[i] > scores[wanted] for i in others)
    worst = 1 + sum(scores[i] >= scores[wanted] for i in others)
    chosen = {"optimistic": [best], "pessimistic": [worst], "expected": positions}[ties]
    hit = [float(p <= k) for p in chosen]
    gain = [1 / math.log2(p + 1) if p <= k else 0.0 for p in chosen]
    return float(np.mean(hit)), float(np.mean(gain)), float(np.mean([1 / p for p in chosen]))


@given(rows, st.data(), st.sampled_from(["optimistic", "expected", "pessimistic"]), st.integers(1, 7))
def test_each_metric_is_its_mean_over_all_orders(
    scores: list[int], data: st.DataObject, ties: Ties, k: int
) -> None:
    wanted = data.draw(st.integers(0, len(scores) - 1))
    found = ranks(np.array([scores], dtype=float), np.array([wanted]))
    ours = hit_rate(found, k, ties)[0], ndcg(found, k, ties)[0], mrr(found, ties)[0]
    assert ours == pytest.approx(naive(scores, wanted, ties, k))


def random_case(rows: int, candidates: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(3)
    scores = np.array([rng.permutation(candidates) for _ in range(rows)], dtype=float)
    return scores, rng.integers(0, candidates, rows)


@pytest.mark.parametrize("k", [1, 5, 10])
def test_torchmetrics_agrees_where_nothing_ties(k: int) -> None:
    scores, wanted = random_case(40, 30)
    truth = torch.zeros(scores.shape, dtype=torch.long)
    truth[torch.arange(40), torch.from_numpy(wanted)] = 1
    query = torch.arange(40)[:, None].expand(40, 30)
    flat = torch.from_numpy(scores).float().flatten(), truth.flatten(), query.flatten()
    found = ranks(scores, wanted)
    assert hit_rate(found, k).mean() == pytest.approx(
        float(RetrievalHitRate(top_k=k)(flat[0], flat[1], indexes=flat[2]))
    )
    theirs = RetrievalNormalizedDCG(top_k=k)(flat[0], flat[1], indexes=flat[2])
    assert ndcg(found, k).mean() == pytest.approx(float(theirs), abs=1e-6)
    assert mrr(found).mean() == pytest.approx(
        float(RetrievalMRR()(flat[0], flat[1], indexes=flat[2])), abs=1e-6
    )


@given(st.lists(rows.filter(lambda row: len(row) > 1), min_size=1, max_size=4), st.randoms())
def test_expected_metrics_are_bounded_and_do_not_see_the_candidates_order(
    cases: list[list[int]], random: "st.DataObject"
) -> None:
    for scores in cases:
        order = list(range(len(scores)))
        random.shuffle(order)  # type: ignore[attr-defined]
        once = summary(ranks(np.array([scores], dtype=float), np.array([0])))
        moved = ranks(np.array([[scores[i] for i in order]], dtype=float), np.array([order.index(0)]))
        assert summary(moved) == once
        assert all(0 <= value <= 1 for value in once.values())
        assert once["hr@1"] <= once["hr@5"] <= once["hr@10"]


@given(st.integers(0, 300), st.integers(1, 300))
def test_tie_rules_are_ordered(above: int, tied: int) -> None:
    found = Ranks(np.array([above]), np.array([tied]))
    for metric in (lambda t: hit_rate(found, 10, t), lambda t: ndcg(found, 10, t), lambda t: mrr(found, t)):
        low, middle, high = (float(metric(t)[0]) for t in ("pessimistic", "expected", "optimistic"))
        assert low <= middle + 1e-12
        assert middle <= high + 1e-12


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        ranks(np.array([[np.nan, 1.0]]), np.array([0]))
    with pytest.raises(ValueError, match="optimistic, expected, pessimistic"):
        mrr(Ranks(np.array([0]), np.array([1])), "first")  # type: ignore[arg-type]
