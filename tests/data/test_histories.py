from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.types import Sequences
from smartgen.data.histories import action_windows, cases, content_hashes, recent, usable

behavior = st.tuples(st.integers(0, 6), st.integers(0, 7), st.integers(0, 2), st.integers(0, 5))
sequence = st.lists(behavior, min_size=1, max_size=12).map(lambda s: [i for b in s for i in b])
some = st.lists(sequence, max_size=6).map(Sequences.from_lists)


@given(some)
def test_each_behavior_from_the_second_on_is_wanted_once_after_all_before_it(sequences: Sequences) -> None:
    found = cases(sequences)
    naive = [
        (s[:i], s[i].action, n, i == len(s) - 1) for n, s in enumerate(sequences) for i in range(1, len(s))
    ]
    assert list(found.histories) == [history for history, _, _, _ in naive]
    assert list(zip(found.wanted, found.owner, found.last, strict=True)) == [case[1:] for case in naive]


@given(some)
def test_sequences_of_one_behavior_have_nothing_to_predict(sequences: Sequences) -> None:
    kept = usable(sequences)
    assert list(kept) == [s for s in sequences if len(s) > 1]
    assert cases(kept).last.sum() == len(kept)


@given(some, st.integers(1, 12))
def test_windows_end_with_the_last_action_and_begin_with_pads(sequences: Sequences, length: int) -> None:
    assert list(recent(sequences, length)) == [s[-length:] for s in sequences]
    for row, s in zip(action_windows(sequences, length, pad=99), sequences, strict=True):
        actions = [b.action for b in s[-length:]]
        assert row.tolist() == [99] * (length - len(actions)) + actions


@given(some)
def test_hashes_are_equal_where_contents_are(sequences: Sequences) -> None:
    hashes, contents = content_hashes(sequences), sequences.contents()
    assert len(set(hashes.tolist())) == len(set(contents))
