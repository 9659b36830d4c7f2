import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_auroc, binary_average_precision

from smartgen.metrics.detection import (
    Confusion,
    auprc,
    auroc,
    confusion,
    false_positive_rate,
    precision_recall_f1,
)

# Few distinct values, so that ties are common; multiples of 1/8 are exact in single precision too.
scores = st.lists(st.integers(0, 8).map(lambda i: i / 8), min_size=1, max_size=30)


def naive_auroc(normal: list[float], attack: list[float]) -> float:
    wins = [1.0 if a > n else 0.5 if a == n else 0.0 for a in attack for n in normal]
    return sum(wins) / len(wins)


def naive_auprc(normal: list[float], attack: list[float]) -> float:
    area, recalled = 0.0, 0.0
    for threshold in sorted(set(normal + attack), reverse=True):
        hits = sum(a >= threshold for a in attack)
        precision = hits / (hits + sum(n >= threshold for n in normal))
        area += precision * (hits / len(attack) - recalled)
        recalled = hits / len(attack)
    return area


@given(scores, scores)
def test_areas_equal_a_naive_count_and_torchmetrics(normal: list[float], attack: list[float]) -> None:
    n, a = np.array(normal), np.array(attack)
    assert auroc(n, a) == pytest.approx(naive_auroc(normal, attack))
    assert auprc(n, a) == pytest.approx(naive_auprc(normal, attack))
    both = torch.tensor(normal + attack)
    truth = torch.tensor([0] * len(normal) + [1] * len(attack))
    assert auroc(n, a) == pytest.approx(float(binary_auroc(both, truth)), abs=1e-6)
    assert auprc(n, a) == pytest.approx(float(binary_average_precision(both, truth)), abs=1e-6)


@given(scores, scores)
def test_auroc_is_antisymmetric_and_keeps_to_its_bounds(normal: list[float], attack: list[float]) -> None:
    n, a = np.array(normal), np.array(attack)
    assert auroc(n, a) + auroc(a, n) == pytest.approx(1)
    assert 0 < auprc(n, a) <= 1


def test_no_scores_give_no_number() -> None:
    assert math.isnan(auroc(np.zeros(0), np.ones(1)))
    assert math.isnan(auprc(np.ones(1), np.zeros(0)))


@given(st.lists(st.booleans(), max_size=20), st.lists(st.booleans(), max_size=20))
def test_counts_are_those_of_a_plain_loop(normal: list[bool], attack: list[bool]) -> None:
    counts = confusion(np.array(normal, dtype=bool), np.array(attack, dtype=bool))
    tp, fp = sum(attack), sum(normal)
    assert counts == Confusion(tp, fp, len(attack) - tp, len(normal) - fp)
    precision, recall, f1 = precision_recall_f1(counts)
    if tp:
        assert f1 == pytest.approx(2 * precision * recall / (precision + recall))
    else:
        assert (precision, recall, f1) == (0, 0, 0)
    assert false_positive_rate(counts) == (fp / len(normal) if normal else 0)
