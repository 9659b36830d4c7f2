"""A network's weights as arrays by name, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

PREFIX = "network."


def network_state(network: nn.Module) -> dict[str, NDArray[Any]]:
    """Weights and buffers by name, each name behind ``network.``."""
    return {PREFIX + name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}


def load_network(network: nn.Module, state: Mapping[str, NDArray[Any]]) -> None:
    """Take what ``network_state`` gave, and be ready to score.

    Raises:
        RuntimeError: a weight is missing, unknown or of another shape.
    """
    weights = {n.removeprefix(PREFIX): torch.tensor(a) for n, a in state.items() if n.startswith(PREFIX)}
    network.load_state_dict(weights)
    network.eval()
