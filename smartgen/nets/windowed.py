"""A network over fixed windows of actions, put to sequences of any length."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from smartgen.core.types import ACTION


class Windowed(nn.Module):
    """Gives a network, for each wanted behavior, the window of actions that ends with it (ours).

    Equal windows of a batch go through the network once, so that they share what dropout draws.

    Args:
        network: (rows, length) ids -> (rows, actions or more) logits.
        actions: size of the action vocabulary; its number is the id that fills windows up on the left.
        length: actions of a window.
    """

    def __init__(self, network: nn.Module, actions: int, length: int) -> None:
        super().__init__()
        self.network, self.actions, self.length = network, actions, length

    def forward(self, behaviors: Tensor, wanted: Tensor) -> Tensor:
        """Logits of the action after each wanted behavior; none of a pad.

        Args:
            behaviors: (rows, length, 4) ids, padded on the right.
            wanted: (rows, length) true at the behaviors whose next action is asked for; never at pads.
        """
        filled = F.pad(behaviors[:, :, ACTION], (self.length - 1, 0), value=self.actions)
        # Many windows of a batch are equal: most sequences are short, and all begin with pads.
        windows, which = filled.unfold(1, self.length, 1)[wanted].unique(dim=0, return_inverse=True)
        logits: Tensor = self.network(windows)
        return logits[which, : self.actions]
