"""Weighted metrics against the plain ones on cases that are repeated as often as they were drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.metrics.detection import auprc, auroc, confusion, false_positive_rate, precision_recall_f1
from smartgen.metrics.resampled import CHUNK, resampled_auprc, resampled_auroc, resampled_flags

cases = st.lists(
    st.tuples(st.integers(0, 4).map(float), st.integers(0, 4).map(float), st.integers(0, 3)),
    min_size=1,
    max_size=12,
).filter(lambda rows: any(row[2] for row in rows))


@given(cases)
def test_a_drawn_case_counts_as_often_as_it_was_drawn(rows: list[tuple[float, float, int]]) -> None:
    normal, attack, drawn = (np.array(column) for column in zip(*rows, strict=True))
    repeated_normal, repeated_attack = np.repeat(normal, drawn), np.repeat(attack, drawn)
    weights = np.stack([drawn, np.ones_like(drawn)])
    found = resampled_auroc(normal, attack, weights)
    assert found == pytest.approx([auroc(repeated_normal, repeated_attack), auroc(normal, attack)])
    found = resampled_auprc(normal, attack, weights)
    assert found == pytest.approx([auprc(repeated_normal, repeated_attack), auprc(normal, attack)])
    flags = resampled_flags(normal > 2, attack > 2, weights)
    counts = confusion(repeated_normal > 2, repeated_attack > 2)
    precision, recall, f1 = precision_recall_f1(counts)
    told = {"precision": precision, "recall": recall, "f1": f1}
    told["false_positive_rate"] = false_positive_rate(counts)
    assert {name: float(values[0]) for name, values in flags.items()} == pytest.approx(told)


def test_many_resamples_go_in_chunks() -> None:
    rng = np.random.default_rng(0)
    normal, attack = rng.random((2, 30))
    weights = rng.multinomial(30, np.full(30, 1 / 30), size=CHUNK + 7)
    whole = resampled_auroc(normal, attack, weights)
    assert len(whole) == CHUNK + 7
    assert whole[-1] == resampled_auroc(normal, attack, weights[-1:])[0]


def test_nothing_drawn_is_no_number() -> None:
    one = np.array([1.0])
    assert np.isnan(resampled_auroc(one, one, np.array([[0]]))).all()
    assert np.isnan(resampled_auprc(one, one, np.array([[0]]))).all()
