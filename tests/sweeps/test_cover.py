"""The cells that are composed beforehand show every mistake of one value or of two choices together."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from smartgen.sweeps.cover import MOST, covering

AXES = st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=5)


def product(axes: list[tuple[int, bool]]) -> list[tuple[str, ...]]:
    names = [f"{'group' if group else 'key'}{place}" for place, (_, group) in enumerate(axes)]
    return list(
        itertools.product(
            *[
                [f"{name}={value}" for value in range(size)]
                for name, (size, _) in zip(names, axes, strict=True)
            ]
        )
    )


def is_group(name: str) -> bool:
    return name.startswith("group")


@given(AXES)
def test_all_values_and_all_pairs_of_choices_are_covered(axes: list[tuple[int, bool]]) -> None:
    cells = product(axes)
    chosen = covering(cells, is_group, most=len(cells))
    assert set(chosen) <= set(cells)
    for count in (1, 2):

        def found(some: list[tuple[str, ...]], count: int = count) -> set[tuple[str, ...]]:
            kept = [[o for o in cell if count == 1 or is_group(o)] for cell in some]
            return {pair for one in kept for pair in itertools.combinations(one, count)}

        assert found(chosen) == found(cells)


def test_far_fewer_than_all() -> None:
    table2_unified = product([(9, True), (4, False), (3, True), (3, True), (3, False)])
    assert len(table2_unified) == 972
    assert len(covering(table2_unified, is_group)) <= 45


def test_ten_thousand_homes_are_not_all_composed_beforehand() -> None:
    cells = [("detector=seen", f"dataset.household={number}") for number in range(10_000)]
    chosen = covering(cells, lambda name: name == "detector")
    assert len(set(chosen)) == MOST
    assert chosen == covering(cells, lambda name: name == "detector"), "the same each time"
