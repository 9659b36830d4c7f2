"""The autoencoders that the release compares with SmartGen: per token, or a stack of GRUs (paper Table 2)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


class LinearBody(nn.Module):
    """Four linear layers, w -> 2w -> w/2 -> 2w -> w, each token alone.

    Args:
        activation: put a ReLU behind each but the last; the release has none, so that its network is one
            linear map (D29).
    """

    def __init__(self, width: int, activation: bool = False) -> None:
        super().__init__()
        sizes = _sizes(width)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))
        self.activation = activation

    def forward(self, embedded: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(..., width) -> (..., width); lengths do not matter."""
        for layer in self.layers[:-1]:
            embedded = torch.relu(layer(embedded)) if self.activation else layer(embedded)
        result: Tensor = self.layers[-1](embedded)
        return result


class GRUBody(nn.Module):
    """Four GRUs of one layer each, w -> 2w -> w/2 -> 2w -> w.

    Args:
        dropout: between them; the release asks each GRU for 0.3 within, where one layer has none (D29).
    """

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        sizes = _sizes(width)
        self.layers = nn.ModuleList(nn.GRU(a, b, batch_first=True) for a, b in itertools.pairwise(sizes))
        self.dropout = nn.Dropout(dropout)

    def forward(self, embedded: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(rows, length, width) -> the same shape; a token knows those before it.

        Args:
            lengths: (rows,) tokens of each row; what is behind them is not computed, and 0. None: all.
        """
        # A processor has no GRU in half precision.
        with torch.autocast(embedded.device.type, enabled=False):
            if lengths is None:
                return self._through(embedded.float())
            packed = pack_padded_sequence(
                embedded.float(), lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            states, _ = pad_packed_sequence(
                self._through(packed), batch_first=True, total_length=embedded.shape[1]
            )
        return states

    def _through(self, states: Any) -> Any:
        """All layers, over a rectangle or a PackedSequence."""
        for i, layer in enumerate(self.layers):
            if i and self.dropout.p:
                packed = isinstance(states, PackedSequence)
                states = states._replace(data=self.dropout(states.data)) if packed else self.dropout(states)
            states, _ = layer(states)
        return states


class TokenAutoencoder(nn.Module):
    """Embedding, a body, and a linear layer back to the ids (release).

    Args:
        ids: rows of the embedding; the release has none for the pad.
        pad: the id that fills up short rows; it weighs nothing in the loss.
        make_body: gives what maps (rows, length, width) to the same shape.
        width: of the embedding (release 128).

    Attributes:
        arithmetic, positions, before_draw: as ``TransAE`` has them, for training; pads are computed.

    Shapes:
        tokens (rows, length) integers -> logits (rows, length, ids).
    """

    def __init__(self, ids: int, pad: int, make_body: Callable[[], nn.Module], width: int = 128) -> None:
        super().__init__()
        self.pad, self.arithmetic, self.positions = pad, "padded", True
        self.before_draw: Callable[[], None] | None = None
        self.embedding = nn.Embedding(ids, width)
        self.body = make_body()
        self.output = nn.Linear(width, ids)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of every token."""
        logits: Tensor = self.output(self.body(self.embedding(tokens)))
        return logits


def _sizes(width: int) -> list[int]:
    """Layer widths, in the release's proportions of 128, 256, 64, 256, 128."""
    return [width, 2 * width, max(1, width // 2), 2 * width, width]
