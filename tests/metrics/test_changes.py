from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.types import Sequences
from smartgen.metrics.changes import Transition, changed_transitions, transition_counts

Actions = list[list[int]]


def made(actions: Actions) -> Sequences:
    """Sequences of these actions on a Monday morning."""
    return Sequences.from_lists([[part for one in row for part in (0, 2, 0, one)] for row in actions])


def naive(actions: Actions) -> Counter[tuple[int, int]]:
    return Counter(pair for row in actions for pair in pairwise(row))


LOGS = st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=8)


@pytest.mark.parametrize(
    ("actions", "counts"),
    [
        ([], {}),
        ([[]], {}),
        ([[3]], {}),
        ([[3], [4]], {}),
        ([[], [3, 3, 3], []], {(3, 3): 2}),
        ([[1, 2], [1, 2, 1]], {(1, 2): 2, (2, 1): 1}),
        ([[0, 40_000]], {(0, 40_000): 1}),
    ],
)
def test_counts_stay_inside_a_sequence(actions: Actions, counts: dict[tuple[int, int], int]) -> None:
    assert transition_counts(made(actions)) == counts


@given(LOGS)
def test_counts_are_those_of_a_naive_count(actions: Actions) -> None:
    assert transition_counts(made(actions)) == naive(actions)


def test_changes_come_by_frequency_then_by_pair_and_no_more_than_asked() -> None:
    before = made([[0, 1, 2], [0, 1], [4, 5], [4, 5]])
    after = made([[0, 1], [3, 2, 3], [3, 2]])
    gained, lost = changed_transitions(before, after, 5)
    assert gained == [Transition((3, 2), 0.0, 2 / 4), Transition((2, 3), 0.0, 1 / 4)]
    assert lost == [Transition((4, 5), 2 / 5, 0.0), Transition((1, 2), 1 / 5, 0.0)]
    assert changed_transitions(before, after, 1) == (gained[:1], lost[:1])
    assert changed_transitions(before, after, 0) == ([], [])


def test_an_empty_set_has_nothing_new_and_lacks_all() -> None:
    some, none = made([[0, 1]]), made([])
    assert changed_transitions(some, none, 5) == ([], [Transition((0, 1), 1.0, 0.0)])
    assert changed_transitions(none, none, 5) == ([], [])


@given(LOGS, LOGS)
def test_changes_are_those_of_a_naive_count(old: Actions, new: Actions) -> None:
    before, after = naive(old), naive(new)
    gained, lost = changed_transitions(made(old), made(new), 100)
    assert {one.pair: one.after for one in gained} == {
        pair: count / after.total() for pair, count in after.items() if pair not in before
    }
    assert {one.pair: one.before for one in lost} == {
        pair: count / before.total() for pair, count in before.items() if pair not in after
    }
    assert [one.after for one in gained] == sorted((one.after for one in gained), reverse=True)
    assert (gained, lost) == tuple(reversed(swapped(changed_transitions(made(new), made(old), 100))))


def swapped(
    both: tuple[list[Transition], list[Transition]],
) -> tuple[list[Transition], list[Transition]]:
    """Each change seen from the other side."""
    first, second = ([Transition(one.pair, one.after, one.before) for one in part] for part in both)
    return first, second
