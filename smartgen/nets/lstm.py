"""The LSTM over a window of actions (release)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LSTM(nn.Module):
    """Embedding, one LSTM layer, and a linear layer on its last output.

    Args:
        actions: size of the action vocabulary.
        width: of embedding and state (release 64).
        padding: the id whose embedding stays zero; the release takes 0, an action, for it (D35).

    Shapes:
        windows (rows, length) of ids 0 to ``actions`` -> (rows, actions) logits.
    """

    def __init__(self, actions: int, width: int = 64, padding: int = 0) -> None:
        super().__init__()
        self.embedding = nn.Embedding(actions + 1, width, padding_idx=padding)
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.output = nn.Linear(width, actions)

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of the action that follows each window."""
        # A processor has no LSTM in half precision.
        with torch.autocast(windows.device.type, enabled=False):
            states, _ = self.lstm(self.embedding(windows))
        result: Tensor = self.output(states[:, -1])
        return result
