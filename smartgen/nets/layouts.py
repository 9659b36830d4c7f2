"""Layouts of our own, with faster draws: rows laid end to end, rows apart, pads treated as tokens."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from smartgen.nets.noise import drop
from smartgen.nets.packed import Layout


class Binned(Layout):
    """Several short rows share one padded row, a bin; attention stays inside each (ours).

    Of attention over rows of 7 tokens padded to 40, a sixth is left. Dropout is drawn for tokens alone.

    Args:
        real: (rows, length) true at tokens that are no pads; they stand on the left, every row has one.
        counts: (rows, length) how often each token stands for itself; None: once.
    """

    def __init__(self, real: Tensor, counts: Tensor | None = None) -> None:
        super().__init__(real, padded_draws=False)
        lengths = real.sum(1).tolist()
        width = max(lengths)
        bins, starts = fill_bins(lengths, width)
        place = torch.tensor(bins, device=real.device) * width + torch.tensor(starts, device=real.device)
        self.shape = torch.Size([max(bins) + 1, width])
        self.index = place[self.row] + self.position
        owner = torch.full((self.shape.numel(),), -1, device=real.device)
        owner = owner.index_copy(0, self.index, self.row).unflatten(0, self.shape)
        # Pads see each other: a query without any key would turn into NaN.
        self.keys = (owner[:, :, None] == owner[:, None, :])[:, None]
        if counts is not None:
            number = torch.ones(self.shape.numel(), device=real.device)
            number = number.index_copy(0, self.index, counts[self.row, self.position]).unflatten(
                0, self.shape
            )
            self.keys = number.log()[:, None, None, :].masked_fill(~self.keys, -torch.inf)

    def dropout(self, packed: Tensor, dropout: nn.Dropout, time_major: bool = False) -> Tensor:
        """Dropout on packed tokens, from faster draws than PyTorch's."""
        return drop(packed, dropout.p) if dropout.training and dropout.p else packed


class Rows(Layout):
    """Rows of their own, in which each draw can be prepared; draws go token by token, for tokens alone.

    Args:
        real: (rows, length) true at tokens that are no pads; every row has one.
        counts: (rows, length) how often each token stands for itself; None: once.
        before_draw: called before each draw, to seed it.
    """

    def __init__(self, real: Tensor, counts: Tensor | None, before_draw: Callable[[], None]) -> None:
        super().__init__(real, padded_draws=False)
        self.before_draw = before_draw
        if counts is not None:
            self.keys = counts.log()[:, None, None, :]

    def drawing(self) -> None:
        """Prepare a draw."""
        self.before_draw()

    def dropout(self, packed: Tensor, dropout: nn.Dropout, time_major: bool = False) -> Tensor:
        """Dropout on packed tokens."""
        self.drawing()
        return drop(packed, dropout.p) if dropout.training and dropout.p else packed


class Everywhere(Layout):
    """Pads count as tokens that nothing attends to: their own output is wanted (D08).

    Args:
        real: (rows, length) true at tokens that are no pads; every row needs one.
    """

    def __init__(self, real: Tensor) -> None:
        super().__init__(torch.ones_like(real), padded_draws=False)
        self.keys = real[:, None, None, :]

    def spread(self, packed: Tensor) -> Tensor:
        """(rows * length, width) -> (rows, length, width)."""
        return packed.unflatten(0, self.shape)

    def gather(self, padded: Tensor) -> Tensor:
        """(rows, length, width) -> (rows * length, width)."""
        return padded.flatten(0, 1)

    def dropout(self, packed: Tensor, dropout: nn.Dropout, time_major: bool = False) -> Tensor:
        """Dropout on every position, from faster draws than PyTorch's."""
        return drop(packed, dropout.p) if dropout.training and dropout.p else packed


def fill_bins(lengths: list[int], width: int) -> tuple[list[int], list[int]]:
    """Bin and start of each row: each bin takes the longest row left, then the shortest ones that fit.

    Example:
        >>> fill_bins([2, 5, 3, 1], width=5)
        ([2, 0, 1, 1], [0, 0, 0, 3])
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    bins, starts = [0] * len(lengths), [0] * len(lengths)
    first, last, count = 0, len(order) - 1, 0
    while first <= last:
        used = lengths[order[last]]
        bins[order[last]] = count
        last -= 1
        while first <= last and used + lengths[order[first]] <= width:
            bins[order[first]], starts[order[first]] = count, used
            used += lengths[order[first]]
            first += 1
        count += 1
    return bins, starts
