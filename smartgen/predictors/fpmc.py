"""FPMC as a predictor (paper Table 3).

Paper: S. Rendle, C. Freudenthaler, L. Schmidt-Thieme, Factorizing personalized Markov chains for
next-basket recommendation, WWW 2010.
Reference: the release's FPMC baseline (its folder is called FMC): the factorized transition from the last
action, to which a fusion of day, time, device and action is added, all but the action constant (D38); its
six checkpoints for FR and SP give its results.
Departures: none under protocol released but the random stream of dropout: the authors ran CUDA's. Under
unified, short windows are filled up with an id of its own, which also replaces action 0 as the zero
embedding (D35), equal windows of a batch share what dropout draws, and the width is the protocol's.
"""

from __future__ import annotations

from torch import nn

from smartgen.nets.fpmc import FPMC
from smartgen.training.predictor import WINDOW, WindowPredictor


class FpmcPredictor(WindowPredictor):
    """FPMC over the last nine actions; see ``nets/fpmc.py``."""

    def build(self, actions: int, width: int, padding: int | None) -> nn.Module:
        """The network of the protocol's width."""
        return FPMC(actions, len(self.vocabulary.devices), width, padding or 0, WINDOW)
