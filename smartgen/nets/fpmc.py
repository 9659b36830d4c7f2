"""FPMC as the release has it: a factorized transition from the last action, and a fusion of features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

DAY, TIME, DEVICE = 1, 1, 1  # constants in the release (D38)
DAYS, TIMES = 8, 9  # rows of the tables that these are looked up in


class FPMC(nn.Module):
    """Transition from the last action, plus what day, time and device add, plus the window's weighted mean.

    score = <LI[last], IL[c + 1]> + A LD[device] + B [mean_i w_i f_i; mean of the first; mean of the second]
    with f_i = dropout(F [day; time; device; action_i]) and w = softmax(1, ..., length) (release).

    Args:
        actions: size of the action vocabulary.
        devices: size of the device vocabulary.
        width: of every embedding (release 64).
        padding: the id whose embeddings stay zero; the release takes 0, an action, for it (D35).
        length: actions of a window.
        dropout: of the features (release 0.1).

    Shapes:
        windows (rows, length) of ids 0 to ``actions`` -> (rows, actions) logits.
    """

    weights: Tensor

    def __init__(
        self,
        actions: int,
        devices: int,
        width: int = 64,
        padding: int = 0,
        length: int = 9,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.action = nn.Embedding(actions + 1, width, padding_idx=padding)
        self.device = nn.Embedding(devices + 1, width, padding_idx=0)
        self.day, self.time = nn.Embedding(DAYS, width), nn.Embedding(TIMES, width)
        self.to_item, self.from_item = (  # IL, LI; the former has action c in row c + 1, row 0 is never read
            nn.Embedding(actions + 1, width, padding_idx=0),
            nn.Embedding(actions + 1, width, padding_idx=padding),
        )
        self.to_device, self.from_device = (  # DL, LD; nothing reads the former (release)
            nn.Embedding(devices + 1, width, padding_idx=0),
            nn.Embedding(devices + 1, width, padding_idx=0),
        )
        self.fusion = nn.Linear(4 * width, width)
        self.attention = nn.Linear(2 * width, 1)  # made and stored, never read (release)
        self.output = nn.Linear(width + 2, actions)
        self.device_to_action = nn.Linear(width, actions)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("weights", torch.arange(1.0, length + 1).softmax(0), persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of the action that follows each window."""
        constant = torch.cat([self.day.weight[DAY], self.time.weight[TIME], self.device.weight[DEVICE]])
        context = constant.expand(*windows.shape, -1)
        features = self.dropout(self.fusion(torch.cat([context, self.action(windows)], dim=-1)))
        merged = (features * self.weights[:, None]).mean(1)
        transition = self.from_item(windows[:, -1]) @ self.to_item.weight[1:].T
        usual = self.device_to_action(self.from_device.weight[DEVICE]).expand_as(transition)
        means = [transition.mean(1, keepdim=True), usual.mean(1, keepdim=True)]
        result: Tensor = transition + usual + self.output(torch.cat([merged, *means], dim=1))
        return result
