import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from smartgen.nets.layouts import Binned, Everywhere, fill_bins
from smartgen.nets.noise import drop
from smartgen.nets.packed import Layout, encoder_layer
from smartgen.nets.transae import Arithmetic, TransAE

PAD = 11


def rows(lengths: list[int]) -> Tensor:
    torch.manual_seed(1)
    tokens = torch.full((len(lengths), max(lengths)), PAD)
    for row, length in enumerate(lengths):
        tokens[row, :length] = torch.randint(0, PAD, (length,))
    return tokens


def network(arithmetic: Arithmetic, positions: bool = False) -> TransAE:
    torch.manual_seed(3)
    return TransAE(PAD + 1, PAD, 32, 4, arithmetic=arithmetic, positions=positions)


@given(st.lists(st.integers(1, 10), min_size=1, max_size=40))
def test_bins_hold_every_row_once_and_overlap_nowhere(lengths: list[int]) -> None:
    width = max(lengths)
    bins, starts = fill_bins(lengths, width)
    taken = {(b, s + i) for b, s, n in zip(bins, starts, lengths, strict=True) for i in range(n)}
    assert len(taken) == sum(lengths)
    assert max(place for _, place in taken) < width
    assert set(bins) == set(range(max(bins) + 1))
    assert max(bins) + 1 <= len(lengths)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=12), st.booleans())
def test_bins_change_nothing_but_the_rounding(lengths: list[int], positions: bool) -> None:
    tokens = rows(lengths)
    net = network("merged", positions).eval()
    wanted = network("padded", positions).eval()(tokens)[tokens != PAD]
    found = net.token_logits(tokens)
    assert torch.allclose(found, wanted, atol=1e-4)
    assert torch.allclose(net(tokens)[tokens != PAD], wanted, atol=1e-4)


def test_gradients_through_bins_are_those_of_the_padded_network() -> None:
    tokens = rows([1, 4, 2, 6, 3])
    gradients = []
    for arithmetic in ("merged", "padded"):
        net = network(arithmetic).eval()
        out = net.token_logits(tokens) if arithmetic == "merged" else net(tokens)[tokens != PAD]
        out.square().sum().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None]))
    assert torch.isfinite(gradients[0]).all()
    assert torch.allclose(*gradients, rtol=1e-3, atol=1e-3)


def test_a_bin_keeps_rows_apart() -> None:
    layout = Binned(rows([2, 3, 1, 5]) != PAD)
    assert layout.shape[0] < 4
    net = network("merged").eval()
    alone = [net.token_logits(rows([2, 3, 1, 5])[i : i + 1]) for i in range(4)]
    assert torch.allclose(net.token_logits(rows([2, 3, 1, 5])), torch.cat(alone), atol=1e-5)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_drop_drops_that_share_and_keeps_the_mean(p: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(400, 1001, requires_grad=True)
    y = drop(x, p)
    assert abs(float((y == 0).float().mean()) - p) < 0.003
    assert abs(float(y.detach().mean()) - 1) < 0.005
    assert torch.allclose(y[y != 0], torch.tensor(1 / (1 - p)), rtol=1e-4)
    y.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, y.detach())
    # no pattern in the order of draws
    assert abs(float((y[:, :-1] * y[:, 1:]).detach().mean()) - 1) < 0.01


def test_encoded_everywhere_equals_the_padded_encoder_and_has_pads() -> None:
    tokens = rows([1, 4, 2])
    padded, ours = network("padded").eval(), network("merged").eval()
    assert torch.allclose(
        ours.encoded_tokens(tokens)[tokens != PAD], padded.encoded_tokens(tokens)[tokens != PAD]
    )
    assert (ours.encoded_tokens(tokens)[tokens == PAD] == 0).all()
    # PyTorch's shortcut for evaluation leaves zeros at pads; without it they have values too.
    layer = padded.autoencoder.encoder.layers[0]
    real = tokens != PAD
    embedded = padded.embedding(tokens)
    direct = encoder_layer(layer, embedded.flatten(0, 1), Everywhere(real)).unflatten(0, tokens.shape)
    packed = Layout(real)
    assert torch.allclose(direct[real], encoder_layer(layer, embedded[real], packed), atol=1e-5)
    assert (direct[~real] != 0).any()
    alike = direct[1:2, 2:][~real[1:2, 2:]]
    assert torch.allclose(alike, alike[:1], atol=1e-5), "pads of a row differ by dropout alone"


def test_dropout_while_encoding_parts_equal_rows() -> None:
    tokens = rows([4]).repeat(2, 1)
    net = network("merged").train()
    a, b = net.encoded_everywhere(tokens).detach().flatten(1)
    assert 0.5 < float(torch.cosine_similarity(a, b, dim=0)) < 0.999


def test_dropout_is_the_same_with_and_without_a_gradient() -> None:
    x = torch.rand(2500, 8) + 1
    torch.manual_seed(3)
    kept = drop(x.clone(), 0.1)
    torch.manual_seed(3)
    with torch.inference_mode():
        own = x.clone()
        assert drop(own, 0.1) is own
    assert torch.equal(own, kept)
    assert (kept == 0).double().mean().item() == pytest.approx(0.1, abs=0.01)
    assert torch.allclose(kept[kept != 0], x[kept != 0] / 0.9, rtol=1e-4)
