"""LSTM as a predictor (paper Table 3).

Paper: N. Tax, Human activity prediction in smart home environments with LSTM neural networks, IE 2018.
Reference: the release's LSTM baseline of behavior prediction; its six checkpoints for FR and SP give its
results.
Departures: none under protocol released. Under unified, short windows are filled up on the left with an id
of its own whose embedding is zero, where the release zeroes action 0 (D35); the width is the protocol's.
"""

from __future__ import annotations

from torch import nn

from smartgen.nets.lstm import LSTM
from smartgen.training.predictor import WindowPredictor


class LstmPredictor(WindowPredictor):
    """LSTM over the last nine actions; see ``nets/lstm.py``."""

    def build(self, actions: int, width: int, padding: int | None) -> nn.Module:
        """The network of the protocol's width."""
        return LSTM(actions, width, padding or 0)
