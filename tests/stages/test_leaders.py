import itertools
import math

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from smartgen.stages.ssc.cosines import all_cosines, pairs, select_among
from smartgen.stages.ssc.leaders import Leaders, exact_cosines, select


def plain_loop(vectors: np.ndarray, threshold: float) -> list[int]:
    """Equations 10 and 11 word for word, in double precision."""
    dropped: set[int] = set()
    for i, j in itertools.combinations(range(len(vectors)), 2):
        if i in dropped:
            continue
        a, b = vectors[i].astype(float), vectors[j].astype(float)
        if a @ b / (math.sqrt(a @ a) * math.sqrt(b @ b)) > threshold:
            dropped.add(j)
    return [i for i in range(len(vectors)) if i not in dropped]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60), st.integers(2, 6), st.integers(1, 17), st.floats(-0.2, 0.99), st.integers(0, 10**6)
)
def test_blocks_choose_what_the_plain_loop_does(
    count: int, width: int, block: int, threshold: float, seed: int
) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    vectors[::3] = vectors[0]  # equal ones
    blocks = torch.from_numpy(vectors).split(block)
    assert select(blocks, threshold).tolist() == plain_loop(vectors, threshold)
    cosines = all_cosines(blocks)
    assert len(cosines) == pairs([count])
    assert select_among(cosines, count, threshold).tolist() == plain_loop(vectors, threshold)


def test_what_single_precision_cannot_tell_is_told_in_double() -> None:
    base = np.zeros(64, dtype=np.float32)
    base[0] = 1
    near = np.repeat(base[None], 200, axis=0)
    near[:, 1] = np.linspace(0.49999, 0.50001, 200)
    vectors = np.concatenate([base[None], near])
    cosines = exact_cosines(torch.from_numpy(vectors), torch.from_numpy(base[None]).expand(201, -1))
    single = torch.nn.functional.cosine_similarity(torch.from_numpy(near), torch.from_numpy(base[None]))
    assert len(set(single.tolist())) < 200, "single precision has too few values between"
    for threshold in ((cosines[1:-1] + cosines[2:]) / 2)[[20, 100, 150]].tolist():
        assert select([torch.from_numpy(vectors)], threshold).tolist() == plain_loop(vectors, threshold)


def test_the_choice_does_not_depend_on_how_many_come_at_once() -> None:
    vectors = torch.from_numpy(np.random.default_rng(1).normal(size=(3000, 8)).astype(np.float32))
    chosen = [select(vectors.split(size), 0.8).tolist() for size in (1, 100, 3000)]
    assert chosen[0] == chosen[1] == chosen[2]
    assert 10 < len(chosen[0]) < 3000


def test_nothing_in_nothing_out_and_kept_ones_are_counted() -> None:
    assert select([], 0.5).tolist() == []
    leaders = Leaders(0.5)
    assert leaders.add(torch.eye(3)).tolist() == [True] * 3
    assert leaders.add(torch.eye(3)).tolist() == [False] * 3
    assert leaders.count == 3
