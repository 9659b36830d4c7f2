"""TransAE: the reconstruction loss of a Transformer autoencoder (paper 5.1, Table 2).

Paper: A. Vaswani et al., Attention is all you need, NIPS 2017 (the detector is the authors' use of it).
Reference: the release's anomaly-detection pipeline (``network=smartgen``) and its baseline of the same name
(``network=baseline``), whose checkpoints are missing.
Departures: none with ``packed=False``. ``packed=True`` skips the arithmetic on pads and so rounds otherwise;
in the baseline it computes equal tokens and windows once, with other dropout draws. Under protocol unified it
reads all four fields, knows positions and hides what it predicts (ours).
"""

from __future__ import annotations

from typing import Any

from torch import nn

from smartgen.nets.transae import Arithmetic, BaselineTransAE, BehaviorTransAE, TransAE
from smartgen.settings import TransAESettings
from smartgen.training.detector import NeuralDetector, Sizes


class TransAEDetector(NeuralDetector):
    """A Transformer autoencoder; see ``nets/transae.py``.

    ``settings.masked`` hides each behavior while it is predicted under protocol unified; false keeps the
    identity shortcut (D06).
    """

    settings: TransAESettings

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        s = self.settings
        self.masked, self.fused, self.orderless = s.masked, s.packed, s.packed and not s.positions

    def token_network(self, ids: int) -> nn.Module:
        """SmartGen's autoencoder, or the baseline's."""
        s, pad = self.settings, self.vocabulary.pad
        arithmetic: Arithmetic
        if s.network == "baseline":
            arithmetic = "merged" if s.packed else "padded"
            return BaselineTransAE(ids, pad, s.d_model, s.heads, s.layers, arithmetic, s.positions)
        arithmetic = "packed" if s.packed else "padded"
        return TransAE(pad + 1, pad, s.d_model, s.heads, s.layers, arithmetic, s.positions)

    def behavior_network(self, sizes: Sizes, width: int) -> nn.Module:
        """A Transformer over whole behaviors."""
        return BehaviorTransAE(sizes, self.vocabulary.pad, width, layers=self.settings.layers)
