"""PyTorch's Transformer layers on packed tokens: the arithmetic on pads is skipped, the random draws stay.

Weights, order of operations and order of draws are those of ``nn.TransformerEncoderLayer`` and
``nn.TransformerDecoderLayer``, so a packed pass equals the padded one up to rounding, dropout included.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Layout:
    """Where the real tokens of a padded batch are, and how to go from packed to padded and back.

    Args:
        real: (rows, length) true at tokens that are no pads; every row needs one.
        padded_draws: draw dropout for the pads too, as the padded network does; false draws for tokens alone.
    """

    def __init__(self, real: Tensor, padded_draws: bool = True) -> None:
        self.shape, self.padded_draws = real.shape, padded_draws
        self.keys = real[:, None, None, :]
        self.row, self.position = real.nonzero(as_tuple=True)
        self.index = self.row * self.shape[1] + self.position

    def spread(self, packed: Tensor) -> Tensor:
        """(tokens, width) -> (rows, length, width) with zeros at the pads."""
        padded = packed.new_zeros(self.shape.numel(), packed.shape[-1])
        return padded.index_copy(0, self.index, packed).unflatten(0, self.shape)

    def gather(self, padded: Tensor) -> Tensor:
        """(rows, length, width) -> (tokens, width)."""
        return padded.flatten(0, 1).index_select(0, self.index)

    def drawing(self) -> None:
        """Called before each draw; a subclass may seed it here."""

    def dropout(self, packed: Tensor, dropout: nn.Dropout, time_major: bool = False) -> Tensor:
        """Dropout on packed tokens, with the draws that the padded batch would get if these are wanted.

        Args:
            time_major: draw in the order (length, rows, width), as behind PyTorch's attention, whose
                result lies in memory that way.
        """
        if not dropout.training or dropout.p == 0:
            return packed
        self.drawing()
        if not self.padded_draws:
            return dropout(packed)
        noise = packed.new_empty(self.shape.numel(), packed.shape[-1]).bernoulli_(1 - dropout.p)
        index = self.position * self.shape[0] + self.row if time_major else self.index
        return packed * noise.index_select(0, index).div_(1 - dropout.p)


def attention(mha: nn.MultiheadAttention, queries: Tensor, memory: Tensor, layout: Layout) -> Tensor:
    """Multi-head attention of packed queries over packed memory, inside each row."""
    if queries is memory:
        projected = F.linear(queries, mha.in_proj_weight, mha.in_proj_bias)
    else:
        width = mha.embed_dim
        wanted = F.linear(queries, mha.in_proj_weight[:width], mha.in_proj_bias[:width])
        offered = F.linear(memory, mha.in_proj_weight[width:], mha.in_proj_bias[width:])
        projected = torch.cat([wanted, offered], dim=-1)
    q, k, v = layout.spread(projected).unflatten(-1, (3, mha.num_heads, -1)).permute(2, 0, 3, 1, 4)
    dropout = mha.dropout if mha.training else 0.0
    layout.drawing()
    keys = layout.keys if layout.keys.dtype == torch.bool else layout.keys.to(q.dtype)
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=keys, dropout_p=dropout)
    return mha.out_proj(layout.gather(mixed.transpose(1, 2).flatten(-2)))


def encoder_layer(layer: nn.TransformerEncoderLayer, x: Tensor, layout: Layout) -> Tensor:
    """One post-norm encoder layer on packed tokens, with PyTorch's own weights and order of draws."""
    x = layer.norm1(x + layout.dropout(attention(layer.self_attn, x, x, layout), layer.dropout1, True))
    return layer.norm2(x + layout.dropout(_feed_forward(layer, x, layout), layer.dropout2))


def decoder_layer(layer: nn.TransformerDecoderLayer, x: Tensor, memory: Tensor, layout: Layout) -> Tensor:
    """One post-norm decoder layer on packed tokens, with PyTorch's own weights and order of draws."""
    x = layer.norm1(x + layout.dropout(attention(layer.self_attn, x, x, layout), layer.dropout1, True))
    crossed = attention(layer.multihead_attn, x, memory, layout)
    x = layer.norm2(x + layout.dropout(crossed, layer.dropout2, True))
    return layer.norm3(x + layout.dropout(_feed_forward(layer, x, layout), layer.dropout3))


def _feed_forward(
    layer: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer, x: Tensor, layout: Layout
) -> Tensor:
    hidden = layout.dropout(F.relu(layer.linear1(x), inplace=True), layer.dropout)
    result: Tensor = layer.linear2(hidden)
    return result


class Autoencoder(nn.Module):
    """Encoder and decoder over the same embedded input: the decoder sees what it must give back (D06).

    Layers are PyTorch's with their defaults: post-norm, ReLU, width 2048, dropout 0.1 (release).

    Args:
        d_model, heads, layers: layers count for the encoder and for the decoder.
        feed_forward: inner width of the feed-forward part.
        norms: normalize once more behind the last layer of each, as ``nn.Transformer`` does.
    """

    def __init__(
        self, d_model: int, heads: int, layers: int, feed_forward: int = 2048, norms: bool = False
    ) -> None:
        super().__init__()
        encoding = nn.TransformerEncoderLayer(d_model, heads, feed_forward, batch_first=True)
        decoding = nn.TransformerDecoderLayer(d_model, heads, feed_forward, batch_first=True)
        ends = [nn.LayerNorm(d_model) if norms else None for _ in range(2)]
        self.encoder = nn.TransformerEncoder(encoding, layers, ends[0], enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(decoding, layers, ends[1])

    def forward(self, embedded: Tensor, layout: Layout) -> Tensor:
        """(tokens, d_model) packed -> the same shape."""
        memory = self.encode(embedded, layout)
        decoded = embedded
        for layer in self.decoder.layers:
            decoded = decoder_layer(layer, decoded, memory, layout)
        return decoded if self.decoder.norm is None else self.decoder.norm(decoded)

    def encode(self, embedded: Tensor, layout: Layout) -> Tensor:
        """The encoder alone, (tokens, d_model) packed -> the same shape (SSC's embedding)."""
        for layer in self.encoder.layers:
            embedded = encoder_layer(layer, embedded, layout)
        return embedded if self.encoder.norm is None else self.encoder.norm(embedded)

    def padded(self, embedded: Tensor, pads: Tensor | None) -> Tensor:
        """The same through PyTorch's own passes: (rows, length, d_model), pads computed and masked.

        Args:
            pads: (rows, length) true at pads; None masks nothing.
        """
        memory = self.encoder(embedded, src_key_padding_mask=pads)
        decoded: Tensor = self.decoder(
            embedded, memory, tgt_key_padding_mask=pads, memory_key_padding_mask=pads
        )
        return decoded
