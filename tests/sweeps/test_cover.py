"""The cells that are composed beforehand show every mistake that lies in one value or in two together."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from smartgen.sweeps.cover import covering

AXES = st.lists(st.integers(1, 4), min_size=1, max_size=5)


def product(sizes: list[int]) -> list[tuple[str, ...]]:
    axes = [[f"axis{place}={value}" for value in range(size)] for place, size in enumerate(sizes)]
    return list(itertools.product(*axes))


@given(AXES)
def test_all_pairs_of_values_are_covered_by_cells_of_the_sweep(sizes: list[int]) -> None:
    cells = product(sizes)
    chosen = covering(cells, most=len(cells))
    assert set(chosen) <= set(cells)

    def pairs(some: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
        return {pair for cell in some for pair in itertools.combinations(cell, min(2, len(cell)))}

    assert pairs(chosen) == pairs(cells)


def test_ten_thousand_homes_are_not_all_composed_beforehand() -> None:
    cells = [("detector=seen", f"dataset.household={number}") for number in range(10_000)]
    assert covering(cells) == cells[:200]


def test_far_fewer_than_all() -> None:
    cells = product([9, 4, 3, 3, 3])
    assert len(cells) == 972
    assert len(covering(cells)) < 200
