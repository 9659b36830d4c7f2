"""Caser: convolutions over a window's embeddings as over an image (release)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEIGHTS = 8  # horizontal filters look at 1 to 8 actions at once (release)


class Caser(nn.Module):
    """Vertical filters weigh positions, horizontal ones find short patterns; dropout; a linear layer.

    Args:
        actions: size of the action vocabulary.
        width: of the embedding (release 64).
        padding: the id whose embedding stays zero; None: no such id (release).
        length: actions of a window.
        vertical, horizontal: number of filters (release 4; 16 of each height).
        dropout: release 0.5.

    Shapes:
        windows (rows, length) of ids 0 to ``actions`` -> (rows, actions + 1) logits, one of which is the
        pad's (release).
    """

    def __init__(
        self,
        actions: int,
        width: int = 64,
        padding: int | None = None,
        length: int = 9,
        vertical: int = 4,
        horizontal: int = 16,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(actions + 1, width, padding_idx=padding)
        self.vertical = nn.Conv2d(1, vertical, (length, 1))
        heights = range(1, HEIGHTS + 1)
        self.horizontal = nn.ModuleList(nn.Conv2d(1, horizontal, (height, width)) for height in heights)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(vertical * width + horizontal * HEIGHTS, actions + 1)

    def forward(self, windows: Tensor) -> Tensor:
        """Logits of the action that follows each window."""
        embedded = self.embedding(windows)
        found = [_vertical(self.vertical, embedded)]
        found += [_horizontal(layer, embedded).relu().amax(dim=1) for layer in self.horizontal]
        result: Tensor = self.output(self.dropout(torch.cat(found, dim=1)))
        return result


# Matrix products give what the convolutions do: of one channel and full height or width, they would take
# several times as long on a processor.


def _vertical(layer: nn.Conv2d, embedded: Tensor) -> Tensor:
    """(rows, length, width) -> (rows, filters * width): each filter weighs the positions."""
    assert layer.bias is not None
    weighed = layer.weight.flatten(1) @ embedded
    return (weighed + layer.bias[:, None]).flatten(1)


def _horizontal(layer: nn.Module, embedded: Tensor) -> Tensor:
    """(rows, length, width) -> (rows, places, filters): each filter looks at ``height`` actions at once."""
    assert isinstance(layer, nn.Conv2d)
    pieces = embedded.unfold(1, layer.kernel_size[0], 1).transpose(2, 3).flatten(2)
    return F.linear(pieces, layer.weight.flatten(1), layer.bias)
