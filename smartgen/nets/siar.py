"""SIAR: two stacked recurrent networks, of which the lower makes the upper one's transition (release)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class SIAR(nn.Module):
    """p_i = ReLU6(E_i t + Q_i p); J_i = ReLU6(L_i p_i) as a matrix; h_i = ReLU6(M_i e_i + h J_i).

    Each position has weights of its own, which begin as copies of the first one's. The time input t is 0
    throughout (release, D38), so that E_i gives its bias alone.

    Args:
        actions: size of the action vocabulary.
        width: of embedding and both states (release 40).
        padding: the id whose embedding stays zero; None: none, and no id beside the actions (release).
        length: actions of a window.

    Shapes:
        windows (rows, length) ids -> (rows, actions) logits.
    """

    def __init__(self, actions: int, width: int = 40, padding: int | None = None, length: int = 9) -> None:
        super().__init__()
        self.width = width
        self.time = _copies(nn.Linear(1, width), length)
        self.lower = _copies(nn.Linear(width, width), length)
        self.transition = _copies(nn.Linear(width, width * width), length)
        self.upper = _copies(nn.Linear(width, width), length)
        self.output = nn.Linear(width, actions)
        rows = actions if padding is None else actions + 1
        self.embedding = nn.Embedding(rows, width, padding_idx=padding)

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of the action that follows each window."""
        embedded = self.embedding(windows)
        p = h = torch.zeros_like(embedded[:, 0])
        no_time = embedded.new_zeros(len(windows), 1)
        for i in range(windows.shape[1]):
            p = nn.functional.relu6(self.time[i](no_time) + self.lower[i](p))
            turn = nn.functional.relu6(self.transition[i](p)).unflatten(1, (self.width, self.width))
            h = nn.functional.relu6(self.upper[i](embedded[:, i]) + (h[:, None] @ turn)[:, 0])
        result: Tensor = self.output(h)
        return result


def _copies(layer: nn.Linear, count: int) -> nn.ModuleList:
    return nn.ModuleList(copy.deepcopy(layer) for _ in range(count))
