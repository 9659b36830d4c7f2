"""TransAE: what it computes, and no more."""

import numpy as np
import pytest
import torch

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.detectors.transae import TransAEDetector
from smartgen.nets.transae import TransAE
from smartgen.settings import TrainerSettings, TransAESettings, UnifiedProtocolSettings

SMALL = TransAESettings(name="transae", d_model=32, heads=4, layers=1, epochs=60, batch_size=8)
CPU = TrainerSettings(accelerator="cpu")


def test_the_budget_bounds_the_steps(toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> None:
    seen = []
    short = UnifiedProtocolSettings(name="unified", max_steps=7, check_every=3, batch_size=4, width=16)
    detector = TransAEDetector(toy_vocabulary, SMALL, short, None, CPU, 0)
    detector.fit([toy_sequences], [toy_sequences])
    detector.network.register_forward_hook(lambda *_: seen.append(1))
    assert detector.best_step in (3, 6)
    detector.score(toy_sequences.take([0, 0, 0]))
    assert len(seen) == 1  # one pass for three equal sequences


def test_released_training_does_nothing_but_its_steps(
    toy_vocabulary: Vocabulary, toy_sequences: Sequences, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    forward = TransAE.forward
    monkeypatch.setattr(TransAE, "forward", lambda self, x: (seen.append(len(x)), forward(self, x))[1])
    settings = TransAESettings(name="transae", d_model=8, heads=2, layers=1, epochs=3, batch_size=2)
    detector = TransAEDetector(toy_vocabulary, settings, None, ACTION, CPU, 0).fit([toy_sequences], [])
    assert seen == [2, 2, 1] * 3
    # The network knows no positions: a sequence and its reverse are one row to score.
    backwards = Sequences.from_lists([[i for b in reversed(s) for i in b] for s in toy_sequences])
    both = detector.score(Sequences.concatenate([toy_sequences, backwards]))
    assert seen[9:] == [len({tuple(sorted(b.action for b in s)) for s in toy_sequences})]
    assert both[:5].tobytes() == both[5:].tobytes()


def windows(count: int) -> Sequences:
    """Full windows of ten behaviors over two routines."""
    return Sequences.from_lists(
        [[x for t in range(10) for x in (i % 7, 2, i % 2, 2 * (i % 2) + t % 2)] for i in range(count)]
    )


@pytest.mark.parametrize("packed", [False, True])
def test_the_baseline_has_a_row_for_the_pad_only_where_it_needs_one(
    packed: bool, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    settings = TransAESettings("transae", 16, 2, 8, 1e-3, 2, 1, packed=packed, network="baseline")
    full = TransAEDetector(toy_vocabulary, settings, None, ACTION, CPU, 0).fit([windows(12)], [])
    assert full.network.embedding.num_embeddings == toy_vocabulary.pad
    with pytest.raises(SmartgenError, match="trained on full windows alone"):
        full.score(toy_sequences)
    short = TransAEDetector(toy_vocabulary, settings, None, ACTION, CPU, 0).fit([toy_sequences], [])
    assert np.isfinite(short.score(windows(2))).all()


def test_merged_tokens_give_the_losses_of_all(toy_vocabulary: Vocabulary) -> None:
    """Without dropout the baseline cannot tell a window from the number of its tokens."""
    merged = TransAESettings("transae", 16, 2, 8, 1e-3, 2, 1, packed=True, network="baseline")
    detector = TransAEDetector(toy_vocabulary, merged, None, ACTION, CPU, 0).fit([windows(12)], [])
    network = detector.network
    tokens = torch.tensor([[0, 0, 1, 1, 1, 0, 1, 0, 0, 1]])
    with torch.inference_mode():
        every = network(tokens)[0]
        both = network.token_logits(torch.tensor([[0, 1]]), torch.tensor([[5.0, 5.0]]))
        network.arithmetic = "padded"
        padded = network(tokens)[0]
    assert every.numpy() == pytest.approx(both[tokens[0]].numpy(), abs=1e-5)
    assert every.numpy() == pytest.approx(padded.numpy(), abs=1e-5)
