from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core import contents
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


@given(st.lists(st.lists(st.tuples(*[st.integers(-1, 1)] * 4), max_size=3), max_size=30))
def test_distinct_keeps_the_first_of_each(lists: list[list[tuple[int, int, int, int]]]) -> None:
    sequences = Sequences.from_lists([[i for b in one for i in b] for one in lists])
    wanted = list(dict.fromkeys(sequences.contents()))
    assert sequences.distinct().contents() == wanted
    assert sequences.first_of_each().tolist() == [sequences.contents().index(one) for one in wanted]
    with pytest.MonkeyPatch.context() as patch:  # as if all had the same fingerprint
        patch.setattr(contents, "fingerprints", lambda _, offsets: np.zeros(len(offsets) - 1, np.uint64))
        assert sequences.distinct().contents() == wanted


@given(st.lists(st.tuples(*[st.integers(-3, 3) | st.integers(2**31 - 9, 2**31 - 1)] * 4)))
def test_pairs_are_those_of_a_plain_count(rows: list[tuple[int, int, int, int]]) -> None:
    sequences = Sequences(np.array(rows, dtype=np.int64).reshape(-1, 4), np.arange(len(rows) + 1))
    counts = Counter((device, action) for _, _, device, action in rows)
    assert list(sequences.pairs().items()) == sorted(counts.items())


def test_order_and_borders_tell_sequences_apart() -> None:
    one, other = [0, 1, 2, 3], [3, 2, 1, 0]
    different = [[], one, other, one + other, other + one, one + one, one + one + one, [1, 0, 2, 3]]
    sequences = Sequences.from_lists(different + different)
    assert sequences.distinct().to_lists() == different
    marks = contents.fingerprints(sequences.values, sequences.offsets).tolist()
    assert len(set(marks)) == len(different)
    assert marks[: len(different)] == marks[len(different) :]


@pytest.mark.parametrize(
    "lists",
    [[np.array([0, 2, 5, 9]), [1, 2, 3, 4]], [[[0, 2, 5, 9], [1, 2, 3, 4]]], ((0, 2, 5, 9), (1, 2, 3, 4))],
)
def test_arrays_and_nested_lists_are_read_too(lists: object) -> None:
    assert Sequences.from_lists(lists).values.tolist() == [[0, 2, 5, 9], [1, 2, 3, 4]]  # type: ignore[arg-type]


def test_frozen_arrays_are_shared_and_others_copied() -> None:
    one = Sequences.from_lists([[0, 2, 5, 9, 1, 2, 3, 4]])
    assert np.shares_memory(Sequences(one.values, np.array([0, 1, 2])).values, one.values)
    mine = np.zeros((2, 4), dtype=np.int32)
    view = mine.view()
    view.setflags(write=False)
    copied = Sequences(view, np.array([0, 2]))
    mine[0, 0] = 7
    assert copied.values[0, 0] == 0


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
