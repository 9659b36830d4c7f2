import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.types import Behavior, Sequences, as_sequences

behaviors = st.tuples(st.integers(0, 6), st.integers(0, 7), st.integers(0, 40), st.integers(0, 260))
flat_lists = st.lists(st.lists(behaviors, max_size=6).map(lambda s: [i for b in s for i in b]), max_size=8)


@given(flat_lists)
def test_lists_survive_the_column_store(lists: list[list[int]]) -> None:
    sequences = Sequences.from_lists(lists)
    assert sequences.to_lists() == lists
    assert [len(s) for s in sequences] == [len(flat) // 4 for flat in lists]


@given(flat_lists, st.data())
def test_take_is_list_indexing(lists: list[list[int]], data: st.DataObject) -> None:
    index = data.draw(st.lists(st.integers(0, len(lists) - 1))) if lists else []
    assert Sequences.from_lists(lists).take(index).to_lists() == [lists[i] for i in index]


@given(flat_lists, flat_lists)
def test_contents_and_equality_follow_the_lists(a: list[list[int]], b: list[list[int]]) -> None:
    left, right = Sequences.from_lists(a), Sequences.from_lists(b)
    assert (left == right) == (a == b)
    assert (left.digest() == right.digest()) == (a == b)
    both = Sequences.concatenate([left, right])
    assert both.to_lists() == a + b
    contents = both.contents()
    assert (len(set(contents)) == len(contents)) == (len({tuple(s) for s in a + b}) == len(a + b))


def test_indexing_gives_behaviors() -> None:
    sequences = Sequences.from_lists([[0, 2, 5, 9], [6, 7, 1, 1, 0, 0, 1, 2]])
    assert sequences[-1] == (Behavior(6, 7, 1, 1), Behavior(0, 0, 1, 2))
    assert sequences[1:].to_lists() == [[6, 7, 1, 1, 0, 0, 1, 2]]
    with pytest.raises(IndexError):
        sequences[2]


def test_times_move_with_their_behaviors() -> None:
    timed = Sequences(np.arange(12).reshape(3, 4), np.array([0, 2, 3]), np.array([10, 20, 30]))
    assert timed.take([1, 0]).times.tolist() == [30, 10, 20]
    assert timed.digest() != Sequences(timed.values, timed.offsets).digest()
    assert Sequences.concatenate([timed, Sequences(timed.values, timed.offsets)]).times is None


def test_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Sequences.from_lists([[0, 0, 0, 0]]).values[0, 0] = 1


@pytest.mark.parametrize("offsets", [[0, 1], [1, 2], [0, 2, 1, 2]])
def test_offsets_that_do_not_fit_are_refused(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="offsets"):
        Sequences(np.zeros((2, 4), dtype=int), np.array(offsets))


def test_a_list_that_is_no_multiple_of_four_is_named() -> None:
    with pytest.raises(ValueError, match="sequence 1 has 3 numbers"):
        as_sequences([[0, 0, 0, 0], [1, 2, 3]])
