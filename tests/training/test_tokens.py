"""The release's sampler: who is drawn, what is wanted, and what a negative may be."""

import itertools
from collections import Counter

import numpy as np
import torch

from smartgen.core.types import Sequences
from smartgen.training.tokens import TokenBatches

ROWS = [[1, 2, 3, 10 + i, 4, 5, 6, 20 + i, 1, 2, 3, 9][: 8 + 4 * (i % 2)] for i in range(7)]


def epochs(seed: int = 0, count: int = 5) -> list[list[tuple[torch.Tensor, ...]]]:
    return list(TokenBatches(Sequences.from_lists(ROWS), largest=40, batch_size=3, epochs=count, seed=seed))


def test_every_user_but_the_first_and_all_tokens_but_the_last_two() -> None:
    known = {tuple(row[:-2]) for row in ROWS[1:]}
    seen = Counter()
    for tokens, sizes, wanted, _ in itertools.chain(*epochs()):
        for row, size, following in zip(tokens, sizes.tolist(), wanted, strict=True):
            sequence = (*row[-size:].tolist(), int(following[-1]))
            assert sequence in known
            assert not row[:-size].any()
            assert following[-size:].tolist() == list(sequence[1:])
            assert not following[:-size].any()
            seen[sequence] += 1
    assert set(seen) == known


def test_an_epoch_is_as_long_as_the_releases_and_workers_take_turns() -> None:
    found = epochs(count=9)
    assert [len(epoch) for epoch in found] == [3] * 9
    flat = list(itertools.chain(*found))
    for worker in range(3):  # each walks through rounds of its own
        users = [int(i) for batch in flat[worker::3] for i in batch[2].flatten() if 10 <= i < 20]
        counts = Counter(users[:24])
        assert set(counts.values()) == {4}, counts


def test_negatives_are_never_the_sequences_own_nor_the_pad() -> None:
    drawn = Counter()
    for tokens, _, wanted, negatives in itertools.chain(*epochs(count=40)):
        for row, following, bad in zip(tokens, wanted, negatives, strict=True):
            own = {0, *row.tolist(), *following.tolist()}
            assert not own & set(bad.tolist())
            drawn.update(bad.tolist())
    assert set(drawn) <= set(range(1, 41))
    assert len(drawn) > 30
    assert np.std([drawn[i] for i in range(25, 41)]) < 0.2 * drawn[40]


def test_the_same_seed_draws_the_same() -> None:
    first, again, other = (
        torch.cat([b[3].flatten() for b in itertools.chain(*epochs(s))]) for s in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
