"""SASRec's networks: the release's over single tokens, and ours over whole behaviors."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from smartgen.core.types import ACTION, DAY
from smartgen.nets.noise import drop
from smartgen.nets.packed import Layout

EPSILON = 1e-8  # of every layer norm (release)
NO_PADS = 1e-30  # number of pads whose attention is nothing and still has a logarithm


class Block(nn.Module):
    """Attention whose queries alone are normalized, then two linear layers with a residual (release).

    Args:
        width: of its input and output.
        heads: of the attention.
        dropout: share of attention weights and of both linear layers' outputs that is dropped.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width, eps=EPSILON)
        self.attention = nn.MultiheadAttention(width, heads, dropout)
        self.feed_norm = nn.LayerNorm(width, eps=EPSILON)
        self.inner, self.outer = nn.Linear(width, width), nn.Linear(width, width)
        self.heads, self.rate = heads, dropout

    def forward(self, x: Tensor, keys: Tensor, spared: int = 0, layout: Layout | None = None) -> Tensor:
        """The block's output, of the input's shape.

        Args:
            x: (rows, length, width), or (tokens, width) with a layout.
            keys: (rows, length, length), or 1 for rows: what is added to the attention's logits.
            spared: positions on the left in which nothing is dropped.
            layout: where packed tokens stand; pads are then not computed.
        """
        normal = self.attention_norm(x)
        y = self.feed_norm(normal + self._attend(normal, x, keys, spared, layout))
        hidden = torch.relu(self._drop(self.inner(y), spared))
        result: Tensor = y + self._drop(self.outer(hidden), spared)
        return result

    def _attend(self, queries: Tensor, x: Tensor, keys: Tensor, spared: int, layout: Layout | None) -> Tensor:
        """What ``nn.MultiheadAttention`` computes, with faster draws."""
        mha, width = self.attention, x.shape[-1]
        q = F.linear(queries, mha.in_proj_weight[:width], mha.in_proj_bias[:width])
        kv = F.linear(x, mha.in_proj_weight[width:], mha.in_proj_bias[width:])
        if layout is not None:
            q, kv = layout.spread(q), layout.spread(kv)
        rows, (k, v) = len(q), kv.chunk(2, dim=-1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2).flatten(0, 1) for part in (q, k, v))
        wanted = keys.expand(rows, -1, -1).repeat_interleave(self.heads, 0) if self.heads > 1 else keys
        logits = torch.baddbmm(wanted.to(q.dtype), q, k.transpose(1, 2), alpha=q.shape[-1] ** -0.5)
        shares = self._drop(logits.softmax(-1).transpose(1, 2), spared).transpose(1, 2)
        mixed = (shares.to(v.dtype) @ v).unflatten(0, (rows, self.heads)).transpose(1, 2)
        mixed = mixed.flatten(2)
        return mha.out_proj(mixed if layout is None else layout.gather(mixed))

    def _drop(self, x: Tensor, spared: int) -> Tensor:
        return drop(x, self.rate, spared) if self.training and self.rate else x


class TokenSASRec(nn.Module):
    """The release's SASRec: every field of a behavior is an item of one id space, id 0 pads (D35).

    Pads are attended to (there is no key mask), so the length of 200 is part of the model. All pads of a row
    are alike, so by default one stands for them, with log(pads) added to its attention logit: the same output
    up to rounding where nothing is dropped. ``folded=False`` computes every pad.

    Args:
        items: the largest id, the pad 0 not counted.
        width, blocks, heads, length, dropout: release 50, 2, 1, 200, 0.2.
        folded: one pad for all.

    Shapes:
        tokens (rows, up to length) integers, padded on the left with 0 -> (rows, as long, width) states.
    """

    causal: Tensor

    def __init__(
        self,
        items: int,
        width: int = 50,
        blocks: int = 2,
        heads: int = 1,
        length: int = 200,
        dropout: float = 0.2,
        folded: bool = True,
    ) -> None:
        super().__init__()
        self.length, self.rate, self.folded = length, dropout, folded
        self.items = nn.Embedding(items + 1, width, padding_idx=0)
        self.positions = nn.Embedding(length + 1, width, padding_idx=0)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.register_buffer("causal", _causal(length + 1), persistent=False)
        _xavier_normal(self)
        with torch.no_grad():
            self.items.weight[0].zero_()
            self.positions.weight[0].zero_()

    def forward(self, tokens: Tensor, sizes: Tensor) -> Tensor:
        """States of every token.

        Args:
            tokens: (rows, width) ids, padded on the left.
            sizes: (rows,) how many of a row's tokens are no pads; ids of 0 among them do not count as pads.
        """
        tokens, sizes = tokens[:, -self.length :], sizes.clamp(max=self.length)
        wide = tokens.shape[1]
        ahead = 1 if self.folded else self.length - wide
        tokens = F.pad(tokens, (ahead, 0))
        keys = self.causal[: wide + ahead, : wide + ahead][None]
        if self.folded:
            keys = keys + self._folded(sizes, wide + 1)[:, None, :]
        x = self._embed(tokens)
        for block in self.blocks:
            x = block(x, keys, int(self.folded))
        result: Tensor = self.norm(x[:, -wide:])
        return result

    def _folded(self, sizes: Tensor, count: int) -> Tensor:
        """(rows, count) logits of the keys: the first stands for all pads, no other pad is seen."""
        place = torch.arange(count, device=sizes.device)
        keys = torch.where(place >= count - sizes[:, None], 0.0, -torch.inf)
        keys[:, 0] = (self.length - sizes).float().clamp(min=NO_PADS).log()
        return keys

    def _embed(self, tokens: Tensor) -> Tensor:
        """Scaled item plus position; an id of 0, pad or not, is the zero vector (release)."""
        places = torch.arange(self.length - tokens.shape[1] + 1, self.length + 1, device=tokens.device)
        x = self.items(tokens) * math.sqrt(self.items.embedding_dim)
        x = x + self.positions(places.clamp(min=0) * (tokens != 0))
        return drop(x, self.rate) if self.training and self.rate else x

    def scores(self, states: Tensor, ids: Tensor | None = None) -> Tensor:
        """(rows, width) states -> (rows, items + 1) scores of every id, or (...) of the id given for each."""
        if ids is None:
            return states @ self.items.weight.T
        return (states * self.items(ids)).sum(-1)


class BehaviorSASRec(nn.Module):
    """SASRec over behaviors: one position each, its four fields' embeddings summed, pads masked (ours).

    Scores are the state's products with the action embeddings, over the whole action vocabulary.

    Args:
        sizes: number of days, hours, devices, actions.
        pad: the id of every field behind a row's end.
        width: of embeddings and states.
        length: positions; rows may have as many behaviors.

    Shapes:
        behaviors (rows, length, 4) padded on the right, wanted (rows, length) -> (wanted, actions) logits.
    """

    causal: Tensor

    def __init__(
        self,
        sizes: tuple[int, int, int, int],
        pad: int,
        width: int,
        blocks: int = 2,
        heads: int = 1,
        length: int = 50,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.pad, self.length, self.rate = pad, length, dropout
        self.fields = nn.ModuleList(nn.Embedding(size, width) for size in sizes)
        self.positions = nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.register_buffer("causal", _causal(length), persistent=False)
        _xavier_normal(self)

    def forward(self, behaviors: Tensor, wanted: Tensor) -> Tensor:
        """Logits of the action after each wanted behavior; nothing later than that behavior is read."""
        count = behaviors.shape[1]
        if count > self.length:
            raise ValueError(f"rows of {count} behaviors, expected {self.length} at most")
        real = behaviors[:, :, DAY] != self.pad
        layout = Layout(real, padded_draws=False)
        ids = behaviors[real]
        x = torch.stack([table(ids[:, i]) for i, table in enumerate(self.fields)]).sum(0)
        x = x * math.sqrt(x.shape[-1]) + self.positions(layout.position)
        x = drop(x, self.rate) if self.training and self.rate else x
        # Pads stand behind a row's end, and nothing sees what is later, so no pad is ever seen.
        keys = self.causal[:count, :count][None]
        for block in self.blocks:
            x = block(x, keys, layout=layout)
        actions: nn.Embedding = self.fields[ACTION]  # type: ignore[assignment]  # a ModuleList knows no types
        return self.norm(x[wanted[real]]) @ actions.weight.T


def _causal(length: int) -> Tensor:
    """(length, length) attention logits that hide what comes later."""
    return torch.full((length, length), -torch.inf).triu(1)


def _xavier_normal(network: nn.Module) -> None:
    """Every matrix begins so (release)."""
    for weight in network.parameters():
        if weight.dim() > 1:
            nn.init.xavier_normal_(weight)
