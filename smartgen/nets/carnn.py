"""CARNN, a recurrent network with weights of its own for each context (release: each position)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CARNN(nn.Module):
    """h = sigmoid(M_i e_i + W_i h), begun at 0, with matrices by position; then a linear layer.

    Args:
        actions: size of the action vocabulary.
        width: of embedding and state (release 64).
        padding: the id whose embedding stays zero.
        inputs, states: how many matrices M and W there are (release 50 and 56; a window of nine uses nine,
            the others only take random numbers when they are made).

    Shapes:
        windows (rows, length) of ids 0 to ``actions`` -> (rows, actions) logits.
    """

    def __init__(
        self, actions: int, width: int = 64, padding: int = 0, inputs: int = 50, states: int = 56
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(actions + 1, width, padding_idx=padding)
        self.inputs = nn.ModuleList(nn.Linear(width, width) for _ in range(inputs))
        self.states = nn.ModuleList(nn.Linear(width, width) for _ in range(states))
        self.output = nn.Linear(width, actions)

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of the action that follows each window."""
        embedded = self.embedding(windows)
        h = torch.zeros_like(embedded[:, 0])
        for i in range(windows.shape[1]):
            h = torch.sigmoid(self.inputs[i](embedded[:, i]) + self.states[i](h))
        result: Tensor = self.output(h)
        return result
