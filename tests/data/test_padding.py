from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.types import ACTION, Sequences
from smartgen.data.padding import field_tokens, padded

behaviors = st.tuples(st.integers(0, 6), st.integers(0, 7), st.integers(0, 9), st.integers(0, 30))


@given(st.lists(st.lists(behaviors, max_size=13), max_size=5), st.integers(1, 12))
def test_equals_padding_list_by_list(rows: list[list[tuple[int, int, int, int]]], length: int) -> None:
    sequences = Sequences.from_lists([[i for b in row for i in b] for row in rows])
    rectangle = padded(sequences, 99, length)
    assert rectangle.shape == (len(rows), length, 4)
    for row, filled in zip(rows, rectangle.tolist(), strict=True):
        kept = [list(b) for b in row[:length]]
        assert filled == kept + [[99] * 4] * (length - len(kept))
    assert (field_tokens(sequences, ACTION, 99, length) == rectangle[:, :, 3]).all()
