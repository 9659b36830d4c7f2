import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smartgen.data.bags import bags

PAD = 6
ROWS = st.lists(st.lists(st.integers(0, PAD - 1), min_size=1, max_size=5), min_size=1, max_size=20)


def rectangle(rows: list[list[int]]) -> np.ndarray:
    return np.array([row + [PAD] * (5 - len(row)) for row in rows], dtype=np.int64)


@given(ROWS)
def test_nothing_is_lost_and_nothing_stands_twice(rows: list[list[int]]) -> None:
    found = bags(rectangle(rows), PAD)
    apart = [
        sorted(np.repeat(tokens[counts > 0], counts[counts > 0].astype(int)).tolist())
        for tokens, counts in zip(found.tokens, found.counts, strict=True)
    ]
    assert sorted(apart) == sorted(map(list, {tuple(sorted(row)) for row in rows}))
    for tokens in found.tokens:
        real = tokens[tokens != PAD].tolist()
        assert len(set(real)) == len(real)
    assert ((found.counts > 0) == (found.tokens != PAD)).all()


@given(ROWS, st.booleans(), st.booleans())
def test_weighted_sums_are_those_of_the_rows(rows: list[list[int]], ordered: bool, by_row: bool) -> None:
    found = bags(rectangle(rows), PAD, ordered=ordered, by_row=by_row)
    loss = np.arange(PAD + 1) ** 2.0
    per_token = [loss[row] for row in rows]
    wanted = np.mean([losses.mean() for losses in per_token]) if by_row else np.concatenate(per_token).mean()
    assert np.isclose((loss[found.tokens] * found.weights).sum(), wanted, rtol=1e-5)


def test_where_order_counts_tokens_stay_apart() -> None:
    found = bags(rectangle([[2, 1, 2], [1, 2, 2], [2, 1, 2]]), PAD, ordered=True)
    assert found.tokens.tolist() == [[2, 1, 2, PAD, PAD], [1, 2, 2, PAD, PAD]]
    assert found.counts[:, :3].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert np.isclose(found.weights[0].sum(), 2 / 3)


def test_a_row_more_at_the_end_leaves_the_others_where_they_are() -> None:
    rows = [[5, 4], [0], [3, 3]]
    few, more = bags(rectangle(rows), PAD), bags(rectangle([*rows, [1, 1, 1]]), PAD)
    assert np.array_equal(more.tokens[:3], few.tokens[:, : more.tokens.shape[1]])


def test_wider_bags_hold_the_same() -> None:
    found = bags(rectangle([[5, 4], [0]]), PAD)
    wide = found.widened(5, PAD)
    assert wide.tokens.tolist() == [[4, 5, PAD, PAD, PAD], [0, PAD, PAD, PAD, PAD]]
    assert wide.counts.sum() == found.counts.sum()
    assert wide.weights[:, 2:].sum() == 0
    assert all(np.array_equal(a, b) for a, b in zip(found.widened(1, PAD), found, strict=True))
