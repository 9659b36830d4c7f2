import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smartgen.protocols.thresholds import Threshold, percentile

scores = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=20).map(np.array)


@given(scores, st.integers(0, 100))
def test_of_one_set_it_is_numpys_default(one: np.ndarray, percent: int) -> None:
    assert percentile([one], percent) == np.percentile(one, percent)


@given(scores, scores, st.integers(1, 100))
def test_of_several_sets_each_weighs_the_same(one: np.ndarray, other: np.ndarray, percent: int) -> None:
    found = percentile([one, other], percent)
    share = ((one <= found).mean() + (other <= found).mean()) / 2
    assert share >= percent / 100 - 1e-12


@given(scores, st.floats(0, 9), st.booleans())
def test_inverted_flags_are_the_others(some: np.ndarray, value: float, strict: bool) -> None:
    flags = Threshold(value, strict).flags(some)
    assert (flags != Threshold(value, strict, inverted=True).flags(some)).all()
    assert (flags == (some > value if strict else some >= value)).all()
