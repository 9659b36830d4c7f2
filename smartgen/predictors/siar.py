"""SIAR as a predictor (paper Table 3).

Paper: L. Rakkappan, V. Rajan, Context-aware sequential recommendations with stacked recurrent neural
networks, WWW 2019.
Reference: the release's SIAR baseline (its folder is called SITAR), whose time input is 0 throughout (D38);
its three checkpoints for FR give its results.
Departures: none under protocol released. Under unified, short windows are filled up with an id of its own;
the width stays the release's 40, since the transition layer grows with its cube.
"""

from __future__ import annotations

from torch import nn

from smartgen.nets.siar import SIAR
from smartgen.training.predictor import WINDOW, WindowPredictor


class SiarPredictor(WindowPredictor):
    """SIAR over the last nine actions; see ``nets/siar.py``."""

    zero_action = False

    def build(self, actions: int, width: int, padding: int | None) -> nn.Module:
        """The network of the settings' width."""
        return SIAR(actions, width, padding, WINDOW)
