import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.protocols.thresholds import Threshold, percentile

scores = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=20).map(np.array)


@given(scores, st.integers(0, 100))
def test_of_one_set_it_is_numpys_default(one: np.ndarray, percent: int) -> None:
    assert percentile([one], percent) == np.percentile(one, percent)


@given(scores, scores, st.integers(0, 100))
def test_of_several_sets_each_weighs_the_same(one: np.ndarray, other: np.ndarray, percent: int) -> None:
    found = percentile([one, other], percent)
    heaviest = max(1 / len(one), 1 / len(other)) / 2
    upto = ((one <= found + 1e-9).mean() + (other <= found + 1e-9).mean()) / 2
    below = ((one < found - 1e-9).mean() + (other < found - 1e-9).mean()) / 2
    assert below - heaviest - 1e-9 <= percent / 100 <= upto + heaviest + 1e-9
    assert found == pytest.approx(percentile([other, one], percent))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=20), st.integers(0, 100)
)
def test_of_sets_of_one_size_it_is_numpys_of_all(pairs: list[tuple[int, int]], percent: int) -> None:
    both = np.array(pairs, dtype=float)
    assert percentile([both[:, 0], both[:, 1]], percent) == pytest.approx(np.percentile(both, percent))


@given(scores, st.floats(0, 9), st.booleans())
def test_inverted_flags_are_the_others(some: np.ndarray, value: float, strict: bool) -> None:
    flags = Threshold(value, strict).flags(some)
    assert (flags != Threshold(value, strict, inverted=True).flags(some)).all()
    assert (flags == (some > value if strict else some >= value)).all()
