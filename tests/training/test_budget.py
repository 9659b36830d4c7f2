import numpy as np

from smartgen.settings import UnifiedProtocolSettings
from smartgen.training.budget import drawn_batches

BUDGET = UnifiedProtocolSettings("unified", max_steps=30, batch_size=10)


def test_one_set_is_drawn_with_replacement_for_all_steps() -> None:
    batches = [batch[0].flatten().tolist() for batch in drawn_batches([np.arange(4)[:, None]], BUDGET)]
    assert [len(batch) for batch in batches] == [10] * 30
    assert {i for batch in batches for i in batch} == {0, 1, 2, 3}


def test_of_two_sets_each_gives_half_of_every_batch() -> None:
    sets = [np.arange(1000)[:, None], 1000 + np.arange(3)[:, None]]
    batches = [batch[0].flatten() for batch in drawn_batches(sets, BUDGET)]
    assert len(batches) == 30
    assert all(int((batch < 1000).sum()) == 5 == len(batch) - 5 for batch in batches)
    assert {int(i) for batch in batches for i in batch if i >= 1000} == {1000, 1001, 1002}
