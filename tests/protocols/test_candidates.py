"""Sampled candidates against the release's loop written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.protocols.candidates import sampled_candidates

behavior = st.tuples(st.integers(0, 6), st.integers(0, 7), st.integers(0, 20), st.integers(30, 60))
some = st.lists(st.lists(behavior, min_size=1, max_size=5), min_size=1, max_size=6).map(
    lambda rows: Sequences.from_lists([[i for b in row for i in b] for row in rows])
)


def written_out(test: Sequences) -> list[list[int]]:
    """One draw at a time from numpy's global state, as a user is evaluated."""
    rows = test.to_lists()
    largest = max(i for row in rows for i in row)
    state = np.random.get_state()
    np.random.seed(2024)
    for _ in range(3):
        np.random.randint(2e9)
    found = []
    for row in rows[1:]:
        own, ids = {0, *row[:-2]}, [row[-1]]
        while len(ids) < 101:
            drawn = np.random.randint(1, largest + 1)
            if drawn not in own:
                ids.append(int(drawn))
        found.append(ids)
    np.random.set_state(state)
    return found


@given(some)
@settings(max_examples=30)
def test_draws_are_the_releases_one_by_one(test: Sequences) -> None:
    found = sampled_candidates(test)
    assert found.ids.tolist() == written_out(test)
    for row, size, whole in zip(found.histories, found.sizes, test.to_lists()[1:], strict=True):
        assert row.tolist() == [0] * (len(row) - size) + whole[:-1]


def test_a_sequence_with_every_id_is_named_not_looped_over() -> None:
    every = [1, 2, 3, 4, 1, 2, 3, 4]
    with pytest.raises(SmartgenError, match="every id up to 4"):
        sampled_candidates(Sequences.from_lists([[1, 2, 3, 4], [*every, *every]]))
