"""Networks over windows: what each window holds, and that faster arithmetic gives the same."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from smartgen.nets.caser import Caser
from smartgen.nets.fpmc import FPMC
from smartgen.nets.siar import SIAR
from smartgen.nets.windowed import Windowed

PAD, ACTIONS = 7, 6


class Echo(nn.Module):
    """Keeps the windows that it was given; scores each action by how often it occurs."""

    def forward(self, windows: Tensor) -> Tensor:
        self.seen = windows
        return F.one_hot(windows, ACTIONS + 1).sum(1).float()


def test_a_window_ends_with_the_wanted_behavior_and_pads_have_an_id_of_their_own() -> None:
    behaviors = torch.full((2, 4, 4), PAD)
    behaviors[0, :, 3] = torch.tensor([1, 2, 3, 4])
    behaviors[1, :2, 3] = torch.tensor([1, 2])
    wanted = torch.tensor([[True, False, False, True], [True, True, False, False]])
    network = Windowed(echo := Echo(), ACTIONS, length=3)
    scores = network(behaviors, wanted)
    assert echo.seen.tolist() == [[2, 3, 4], [6, 1, 2], [6, 6, 1]]  # the equal ones once
    assert scores.tolist() == [[0, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 0], [0, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0]]


def test_casers_products_are_its_convolutions() -> None:
    torch.manual_seed(0)
    network, windows = Caser(20, width=8).eval(), torch.randint(0, 21, (5, 9))
    image = network.embedding(windows)[:, None]
    found = [network.vertical(image).flatten(1)]
    found += [F.relu(layer(image)).amax(dim=(2, 3)) for layer in network.horizontal]
    wanted = network.output(torch.cat(found, dim=1))
    assert (network(windows) - wanted).abs().max() < 1e-5


def test_siars_positions_begin_with_equal_weights() -> None:
    network = SIAR(20, width=4)
    for layers in (network.time, network.lower, network.transition, network.upper):
        first, *others = (layer.weight for layer in layers)
        assert all(torch.equal(first, other) for other in others)
        assert all(first is not other for other in others)


def test_fpmc_scores_as_its_formula_says() -> None:
    torch.manual_seed(0)
    network, window = FPMC(6, 3, width=4).eval(), torch.tensor([[1, 2, 3, 4, 5, 1, 2, 3, 4]])
    first = network.from_item(torch.tensor(4)) @ network.to_item.weight[1:].T
    second = network.device_to_action(network.from_device(torch.tensor(1)))
    context = [network.day(torch.tensor(1)), network.time(torch.tensor(1)), network.device(torch.tensor(1))]
    weights = torch.softmax(torch.arange(1.0, 10), 0)
    features = [network.fusion(torch.cat([*context, network.action(a)])) for a in window[0]]
    merged = sum(w * f for w, f in zip(weights, features, strict=True)) / 9
    third = network.output(torch.cat([merged, first.mean()[None], second.mean()[None]]))
    assert (network(window)[0] - (first + second + third)).abs().max() < 1e-5
