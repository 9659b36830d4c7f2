import pytest
import torch
from torch import Tensor

from smartgen.nets.packed import Layout
from smartgen.nets.transae import BehaviorTransAE, TransAE, sinusoids

PAD = 11


def rows(seed: int = 0) -> Tensor:
    """Eight rows of one to six tokens, padded to six."""
    draw = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, PAD, (8, 6), generator=draw)
    for row in range(8):
        tokens[row, 1 + int(torch.randint(0, 6, (1,), generator=draw)) :] = PAD
    return tokens


def network(packed: bool) -> TransAE:
    torch.manual_seed(3)
    return TransAE(PAD + 1, PAD, d_model=32, heads=4, arithmetic="packed" if packed else "padded")


@pytest.mark.parametrize("training", [False, True])
def test_packed_equals_padded_dropout_included(training: bool) -> None:
    tokens, outputs, gradients = rows(), [], []
    for packed in (True, False):
        net = network(packed).train(training)
        torch.manual_seed(5)
        logits = net(tokens)[tokens != PAD]
        logits.square().sum().backward()
        outputs.append(logits.detach())
        gradients.append(torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None]))
    assert torch.allclose(*outputs, atol=1e-4)
    assert torch.allclose(*gradients, rtol=1e-3, atol=1e-3)


def test_both_leave_the_generator_where_the_other_does() -> None:
    left = []
    for packed in (True, False):
        net = network(packed).train()
        torch.manual_seed(5)
        net(rows())
        left.append(float(torch.rand(1)))
    assert left[0] == left[1]


def test_packed_knows_nothing_of_pads_or_other_rows() -> None:
    net, tokens = network(True).eval(), rows()
    wider = torch.cat([tokens, torch.full((8, 3), PAD)], dim=1)
    assert torch.allclose(net(tokens), net(wider)[:, :6], atol=1e-5)
    assert torch.allclose(net(tokens)[2:3], net(tokens[2:3]), atol=1e-5)


def test_the_order_of_tokens_does_not_matter() -> None:
    net = network(True).eval()
    tokens = torch.tensor([[1, 5, 2, 2]])
    order = torch.tensor([3, 0, 2, 1])
    assert torch.allclose(net(tokens)[:, order], net(tokens[:, order]), atol=1e-5)


def test_matrices_start_xavier_uniform() -> None:
    weights = network(True).embedding.weight
    limit = (6 / sum(weights.shape)) ** 0.5
    assert 0.9 * limit < weights.abs().max() <= limit


def test_layout_goes_there_and_back() -> None:
    real = rows() != PAD
    layout, packed = Layout(real), torch.randn(int(real.sum()), 3)
    padded = layout.spread(packed)
    assert torch.equal(padded[real], packed)
    assert padded[~real].abs().sum() == 0
    assert torch.equal(layout.gather(padded), packed)


def behaviors() -> Tensor:
    ids = torch.randint(0, 5, (4, 6, 4), generator=torch.Generator().manual_seed(1))
    ids[0, 4:], ids[1, 1:] = PAD, PAD
    return ids


def test_a_hidden_behavior_is_not_seen() -> None:
    torch.manual_seed(0)
    net = BehaviorTransAE((7, 8, 5, PAD), PAD, d_model=16, heads=2).eval()
    ids, hidden = behaviors(), torch.zeros(4, 6, dtype=torch.bool)
    hidden[[0, 2], [3, 0]] = True
    changed = ids.clone()
    changed[hidden] = 0
    logits, same = net(ids, hidden), net(changed, hidden)
    assert [tuple(field.shape) for field in logits] == [(2, 7), (2, 8), (2, 5), (2, PAD)]
    assert all(torch.allclose(a, b) for a, b in zip(logits, same, strict=True))
    open_eyed = net(ids, None)
    assert open_eyed[0].shape == (int((ids[:, :, 0] != PAD).sum()), 7)


def test_sinusoids_are_the_papers() -> None:
    table = sinusoids(5, 8, torch.zeros(1))
    for t in range(5):
        for i in range(4):
            angle = t / 10_000 ** (2 * i / 8)
            assert table[t, 2 * i] == pytest.approx(float(torch.sin(torch.tensor(angle))), abs=1e-5)
            assert table[t, 2 * i + 1] == pytest.approx(float(torch.cos(torch.tensor(angle))), abs=1e-5)
