import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.reconstruction import reconstruct
from smartgen.settings import AutoencoderSettings, TrainerSettings

SMALL = AutoencoderSettings(d_model=16, heads=2, layers=1, epochs=20, batch_size=8)
CPU = TrainerSettings(accelerator="cpu")


def test_what_was_trained_on_is_reconstructed_better(
    toy_sequences: Sequences, toy_vocabulary: Vocabulary
) -> None:
    usual = Sequences.concatenate([toy_sequences] * 6)
    strange = Sequences.from_lists([[5, 0, 0, 0], [5, 0, 0, 0], [4, 4, 1, 3]])
    known, counts = reconstruct(usual, toy_sequences, toy_vocabulary, SMALL, CPU, seed=1)
    other, _ = reconstruct(usual, strange, toy_vocabulary, SMALL, CPU, seed=1)
    assert known["loss"] < other["loss"]
    assert counts == {"train": 30, "test": 5, "test_distinct": 5}


def test_the_loss_is_a_token_s_and_the_distinct_one_counts_equals_once(
    toy_sequences: Sequences, toy_vocabulary: Vocabulary
) -> None:
    first, last = toy_sequences[:1], toy_sequences[2:3]

    def loss(test: Sequences) -> dict[str, float]:
        return reconstruct(toy_sequences, test, toy_vocabulary, SMALL, CPU, seed=1)[0]

    alone = [loss(part)["loss"] for part in (first, last)]
    both = loss(Sequences.concatenate([first, last, last]))
    assert both["loss"] == pytest.approx((12 * alone[0] + 2 * 4 * alone[1]) / 20, rel=1e-5)
    assert both["loss_distinct"] == pytest.approx((12 * alone[0] + 4 * alone[1]) / 16, rel=1e-5)


def test_long_sequences_count_to_their_end(toy_sequences: Sequences, toy_vocabulary: Vocabulary) -> None:
    usual, strange = [0, 0, 0, 0], [5, 7, 2, 3]
    tests = [Sequences.from_lists([usual * 10 + end * 4]) for end in (usual, strange)]
    losses = [
        reconstruct(toy_sequences, test, toy_vocabulary, SMALL, CPU, seed=1)[0]["loss"] for test in tests
    ]
    assert abs(losses[0] - losses[1]) > 0.01


def test_empty_sets_are_an_error(toy_sequences: Sequences, toy_vocabulary: Vocabulary) -> None:
    with pytest.raises(SmartgenError, match="0 training and 5 test"):
        reconstruct(toy_sequences[:0], toy_sequences, toy_vocabulary, SMALL, CPU, 0)
