"""Caser as a predictor (paper Table 3).

Paper: J. Tang, K. Wang, Personalized top-N sequential recommendation via convolutional sequence embedding,
WSDM 2018.
Reference: the release's Caser baseline, which has no user embedding, no activation behind the vertical
filters, and one output for the pad; its six checkpoints for FR and SP give its results.
Departures: none under protocol released but the random stream of dropout: the authors ran CUDA's. Under
unified, short windows are filled up with an id of its own, equal windows of a batch share what dropout
draws, and the width is the protocol's.
"""

from __future__ import annotations

from torch import nn

from smartgen.nets.caser import Caser
from smartgen.training.predictor import WINDOW, WindowPredictor


class CaserPredictor(WindowPredictor):
    """Caser over the last nine actions; see ``nets/caser.py``."""

    zero_action = False

    def build(self, actions: int, width: int, padding: int | None) -> nn.Module:
        """The network of the protocol's width."""
        return Caser(actions, width, padding, WINDOW)
