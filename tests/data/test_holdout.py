from smartgen.core.types import Sequences
from smartgen.data.holdout import hold_out


def test_four_fifths_and_the_rest_shuffled_the_same_each_time() -> None:
    numbered = Sequences.from_lists([[0, 0, 0, i] for i in range(14)])
    train, rest = hold_out(numbered)
    assert (len(train), len(rest)) == (11, 3)
    together = Sequences.concatenate([train, rest])
    assert sorted(together.to_lists()) == numbered.to_lists() != together.to_lists()
    assert hold_out(numbered) == (train, rest)
