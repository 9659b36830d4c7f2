"""CARNN as a predictor (paper Table 3).

Paper: Q. Liu, S. Wu, D. Wang, Z. Li, L. Wang, Context-aware sequential recommendation, ICDM 2016.
Reference: the release's CARNN baseline: the context of an input or a transition is its position alone, no
time (D38); its six checkpoints for FR and SP give its results.
Departures: none under protocol released. Under unified as many matrices as positions are made, and short
windows are filled up with an id of its own; the width is the protocol's.
"""

from __future__ import annotations

from torch import nn

from smartgen.nets.carnn import CARNN
from smartgen.training.predictor import WINDOW, WindowPredictor


class CarnnPredictor(WindowPredictor):
    """CARNN over the last nine actions; see ``nets/carnn.py``."""

    def build(self, actions: int, width: int, padding: int | None) -> nn.Module:
        """The network of the protocol's width."""
        matrices = {} if self.budget is None else {"inputs": WINDOW, "states": WINDOW}
        return CARNN(actions, width, padding or 0, **matrices)
