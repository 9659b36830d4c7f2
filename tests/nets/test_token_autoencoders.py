"""The baselines' networks: their sizes, their order of draws, and what a row's end does not change."""

import numpy as np
import pytest
import torch
from torch import nn

from smartgen.nets.token_autoencoders import GRUBody, LinearBody, TokenAutoencoder
from smartgen.nets.transae import BaselineTransAE, BehaviorAutoencoder


def test_the_linear_body_is_one_linear_map_without_activation() -> None:
    """D29: half of two inputs gives half of their outputs' sum."""
    torch.manual_seed(0)
    plain, bent = LinearBody(8), LinearBody(8, activation=True)
    a, b = torch.randn(2, 3, 8)
    with torch.inference_mode():
        assert plain((a + b) / 2).numpy() == pytest.approx(((plain(a) + plain(b)) / 2).numpy(), abs=1e-6)
        assert not np.allclose(bent((a + b) / 2), (bent(a) + bent(b)) / 2, atol=1e-3)


def test_layers_have_the_releases_proportions() -> None:
    network = TokenAutoencoder(222, 222, lambda: LinearBody(128))
    shapes = [tuple(weight.shape) for name, weight in network.body.named_parameters() if "weight" in name]
    assert shapes == [(256, 128), (64, 256), (256, 64), (128, 256)]
    assert network(torch.zeros(2, 10, dtype=torch.long)).shape == (2, 10, 222)


def test_short_rows_of_a_gru_are_computed_to_their_end() -> None:
    torch.manual_seed(0)
    body = GRUBody(8)
    rows, lengths = torch.randn(3, 5, 8), torch.tensor([5, 2, 4])
    with torch.inference_mode():
        whole, cut = body(rows), body(rows, lengths)
    for row, length in enumerate(lengths.tolist()):
        assert cut[row, :length].numpy() == pytest.approx(whole[row, :length].numpy(), abs=1e-6)
        assert (cut[row, length:] == 0).all()


def test_dropout_between_grus_is_drawn_in_training_alone() -> None:
    torch.manual_seed(0)
    body, rows = GRUBody(8, dropout=0.5), torch.randn(2, 3, 8)
    assert not torch.equal(body(rows), body(rows))
    body.eval()
    assert torch.equal(body(rows), body(rows))
    assert torch.equal(body.train()(rows, torch.tensor([3, 3])).isfinite(), torch.ones(2, 3, 8).bool())


def test_the_baseline_transformer_starts_as_nn_transformer_does() -> None:
    torch.manual_seed(1)
    ours = BaselineTransAE(9, 9, 16, 2, 2, "padded")
    torch.manual_seed(1)
    embedding = nn.Embedding(9, 16)
    theirs = nn.Transformer(16, 2, 2, 2, 2048, 0.1, batch_first=True)
    output = nn.Linear(16, 9)
    tokens = torch.randint(9, (3, 10))
    ours.train()
    theirs.train()
    torch.manual_seed(2)
    first = ours(tokens)
    torch.manual_seed(2)
    second = output(theirs(embedding(tokens), embedding(tokens)))
    assert torch.equal(first, second)


def test_behaviors_behind_a_rows_end_do_not_matter() -> None:
    network = BehaviorAutoencoder((7, 8, 3, 6), 9, lambda: GRUBody(8), 8)
    rows = torch.tensor([[[0, 1, 2, 3], [1, 1, 1, 1], [9, 9, 9, 9]], [[2, 2, 2, 2], [9] * 4, [9] * 4]])
    with torch.inference_mode():
        wide = network(rows)
        narrow = network(rows[:1, :2])
    assert [tuple(x.shape) for x in wide] == [(3, 7), (3, 8), (3, 3), (3, 6)]
    for one, other in zip(wide, narrow, strict=True):
        assert one[:2].numpy() == pytest.approx(other.numpy(), abs=1e-6)
    with pytest.raises(ValueError, match="hides nothing"):
        network(rows, rows[:, :, 0] == 0)
