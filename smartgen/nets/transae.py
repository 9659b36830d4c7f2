"""TransAE: the Transformer autoencoder behind SSC, TOF and the detector (paper 4.3, 4.5, 5.1)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from smartgen.nets.layouts import Binned, Everywhere, Rows
from smartgen.nets.packed import Autoencoder, Layout

Arithmetic = Literal["padded", "packed", "merged"]


class TransAE(nn.Module):
    """Token embedding, autoencoder, and a linear layer back to the vocabulary (release).

    The input itself is the decoder's target, without shift or causal mask, so the network has an identity
    shortcut (D06); there is no positional encoding (D05) unless it is asked for. Every matrix starts
    Xavier-uniform.

    Args:
        vocabulary_size: token ids, the pad among them.
        pad: the id that fills up short rows on the right; it is masked as a key everywhere.
        d_model, heads, layers: release 512, 8, 2 for detection and TOF; 256, 4, 2 for SSC.
        arithmetic: ``padded`` computes pads as PyTorch's layers do; ``packed`` skips them and keeps the
            padded network's random draws, so that the numbers are the same up to rounding; ``merged`` is
            trained on bags of tokens laid end to end, which have other draws, the fastest (ours).
        positions: add sinusoidal positions to the embedding (paper equations 2-4).

    Shapes:
        tokens (rows, length) integers -> logits (rows, length, vocabulary_size); at pads, padded logits
        mean nothing and others are 0.
    """

    def __init__(
        self,
        vocabulary_size: int,
        pad: int,
        d_model: int,
        heads: int,
        layers: int = 2,
        arithmetic: Arithmetic = "packed",
        positions: bool = False,
    ) -> None:
        super().__init__()
        self.pad, self.arithmetic, self.positions = pad, arithmetic, positions
        self.before_draw: Callable[[], None] | None = None
        self.embedding = nn.Embedding(vocabulary_size, d_model)
        self.autoencoder = Autoencoder(d_model, heads, layers)
        self.output = nn.Linear(d_model, vocabulary_size)
        _xavier_uniform(self)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of every token, given the whole row."""
        pads = tokens == self.pad
        if self.arithmetic != "padded":
            layout = Layout(~pads)
            return layout.spread(self.output(self.autoencoder(self.embedded(tokens, layout), layout)))
        logits: Tensor = self.output(self.autoencoder.padded(self._everywhere(tokens), pads))
        return logits

    def token_logits(self, tokens: Tensor, counts: Tensor | None = None) -> Tensor:
        """(tokens that are no pads, vocabulary_size) logits row by row, with draws for these alone.

        Args:
            tokens: (rows, length) ids.
            counts: (rows, length) how often each occurs, where equal ones were merged (``data.bags``).
        """
        layout = self._layout(tokens, counts)
        logits: Tensor = self.output(self.autoencoder(self.embedded(tokens, layout), layout))
        return logits

    def _layout(self, tokens: Tensor, counts: Tensor | None) -> Layout:
        """Where the tokens are: in bins, or in rows of their own where each draw is to be prepared."""
        real = tokens != self.pad
        if self.before_draw is None:
            return Binned(real, counts)
        return Rows(real, counts, self.before_draw)

    def embedded(self, tokens: Tensor, layout: Layout) -> Tensor:
        """(tokens that are no pads, d_model) input of the autoencoder."""
        embedded: Tensor = self.embedding(tokens[layout.row, layout.position])
        return embedded + self._places(tokens)[layout.position] if self.positions else embedded

    def encoded_everywhere(self, tokens: Tensor) -> Tensor:
        """(rows, length, d_model) encoder output, at pads too, which is what the release compares (D08)."""
        pads = tokens == self.pad
        if self.arithmetic == "padded":
            encoded: Tensor = self.autoencoder.encoder(self._everywhere(tokens), src_key_padding_mask=pads)
            return encoded
        layout = Everywhere(~pads)
        return layout.spread(self.autoencoder.encode(self._everywhere(tokens).flatten(0, 1), layout))

    def encoded_tokens(self, tokens: Tensor) -> Tensor:
        """(rows, length, d_model) encoder output with zeros at the pads."""
        layout = Binned(tokens != self.pad)
        encoded = self.autoencoder.encode(self.embedded(tokens, layout), layout)
        rows = encoded.new_zeros(*tokens.shape, encoded.shape[1])
        rows[layout.row, layout.position] = encoded
        return rows

    def _everywhere(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.embedding(tokens)
        return embedded + self._places(tokens) if self.positions else embedded

    def _places(self, tokens: Tensor) -> Tensor:
        weight = self.embedding.weight
        return sinusoids(tokens.shape[1], weight.shape[1], weight)


class BaselineTransAE(TransAE):
    """TransAE as the release compares SmartGen with it: an ``nn.Transformer`` (release).

    Departures from ``TransAE``: a normalization behind encoder and decoder, PyTorch's own start of embedding
    and output, no row for the pad where every window is full.

    Args:
        ids: rows of the embedding.
    """

    def __init__(
        self,
        ids: int,
        pad: int,
        d_model: int,
        heads: int,
        layers: int = 2,
        arithmetic: Arithmetic = "merged",
        positions: bool = False,
    ) -> None:
        nn.Module.__init__(self)
        self.pad, self.arithmetic, self.positions = pad, arithmetic, positions
        self.before_draw = None
        self.embedding = nn.Embedding(ids, d_model)
        self.autoencoder = Autoencoder(d_model, heads, layers, norms=True)
        _xavier_uniform(self.autoencoder)
        self.output = nn.Linear(d_model, ids)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of every token, given the whole row; full windows need no mask."""
        if self.arithmetic != "padded" or bool((tokens == self.pad).any()):
            return super().forward(tokens)
        logits: Tensor = self.output(self.autoencoder.padded(self._everywhere(tokens), None))
        return logits


class BehaviorAutoencoder(nn.Module):
    """An autoencoder over whole behaviors: embeddings of the four fields are summed, each is predicted apart.

    Args:
        sizes: ids of day, hour, device, action.
        pad: the id that fills up short rows, beyond every field's ids.
        make_body: gives what maps (rows, length, width) and each row's length to the same shape.
        width: one for all neural models (unified: 128).
    """

    def __init__(
        self,
        sizes: tuple[int, int, int, int],
        pad: int,
        make_body: Callable[[], nn.Module],
        width: int = 128,
    ) -> None:
        super().__init__()
        self.pad = pad
        self.embeddings = nn.ModuleList(nn.Embedding(size, width) for size in sizes)
        self.body = make_body()
        self.outputs = nn.ModuleList(nn.Linear(width, size) for size in sizes)

    def forward(self, behaviors: Tensor, hidden: Tensor | None = None) -> list[Tensor]:
        """Logits of all behaviors: for day, hour, device, action (behaviors, ids), row by row.

        Args:
            behaviors: (rows, length, 4) ids, padded on the right, where no body looks back from.
            hidden: None; nothing can be hidden here.
        """
        if hidden is not None:
            raise ValueError("this network reconstructs what it sees; it hides nothing")
        real = behaviors[:, :, 0] != self.pad
        ids = behaviors.masked_fill(~real[:, :, None], 0)
        embedded = torch.stack([embed(ids[:, :, i]) for i, embed in enumerate(self.embeddings)]).sum(0)
        decoded = self.body(embedded, real.sum(1))[real]
        return [output(decoded) for output in self.outputs]


class BehaviorTransAE(nn.Module):
    """TransAE over whole behaviors: the four fields have embeddings of their own and are predicted apart.

    Departures from the release (protocol unified): summed field embeddings instead of one field (D20),
    sinusoidal positions as in the paper's equations 2-4 (D05), and a learned mask in the place of each
    behavior that is to be predicted, which closes the identity shortcut (D06).

    Args:
        sizes: ids of day, hour, device, action.
        pad: the id that fills up short rows, beyond every field's ids.
        d_model, heads, layers: one width for all neural models (unified: 128).
    """

    def __init__(
        self, sizes: tuple[int, int, int, int], pad: int, d_model: int = 128, heads: int = 4, layers: int = 2
    ) -> None:
        super().__init__()
        self.pad = pad
        self.embeddings = nn.ModuleList(nn.Embedding(size, d_model) for size in sizes)
        self.mask = nn.Parameter(torch.zeros(d_model))
        self.autoencoder = Autoencoder(d_model, heads, layers, feed_forward=2 * d_model)
        self.outputs = nn.ModuleList(nn.Linear(d_model, size) for size in sizes)
        _xavier_uniform(self)

    def forward(self, behaviors: Tensor, hidden: Tensor | None) -> list[Tensor]:
        """Logits of the hidden behaviors, or of all where nothing is hidden.

        Args:
            behaviors: (rows, length, 4) ids, padded on the right.
            hidden: (rows, length) true at behaviors whose content the network must not see; None hides
                nothing and predicts everything (the release's identity shortcut).

        Returns:
            For day, hour, device, action: (predicted behaviors, ids), row by row.
        """
        layout = Binned(behaviors[:, :, 0] != self.pad)
        real = behaviors[layout.row, layout.position]
        embedded = torch.stack([embed(real[:, i]) for i, embed in enumerate(self.embeddings)]).sum(0)
        unseen = None if hidden is None else hidden[layout.row, layout.position]
        if unseen is not None:
            embedded = torch.where(unseen[:, None], self.mask, embedded)
        places = sinusoids(behaviors.shape[1], embedded.shape[-1], embedded)
        decoded = self.autoencoder(embedded + places[layout.position], layout)
        wanted = decoded if unseen is None else decoded[unseen]
        return [output(wanted) for output in self.outputs]


def sinusoids(length: int, width: int, like: Tensor) -> Tensor:
    """(length, width) sinusoidal positions (paper equations 3-4), device and type of ``like``."""
    position = torch.arange(length, device=like.device)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, device=like.device) * (-math.log(10_000.0) / width))
    table = torch.stack([torch.sin(position * rate), torch.cos(position * rate)], dim=-1).flatten(1)
    return table[:, :width].to(like.dtype)


def _xavier_uniform(network: nn.Module) -> None:
    """Every matrix Xavier-uniform, the embedding's too (release)."""
    for parameter in network.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
