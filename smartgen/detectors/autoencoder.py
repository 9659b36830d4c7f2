"""Autoencoder: each token through a narrow layer and back; its loss tells what training hardly had (Table 2).

Paper: D. E. Rumelhart et al., Learning internal representations by error propagation, 1986.
Reference: the release's Autoencoder baseline of anomaly detection; its checkpoints for FR give its results.
Departures: none under protocol released. Under unified it reads whole behaviors and predicts their four
fields (ours).
"""

from __future__ import annotations

from torch import nn

from smartgen.nets.token_autoencoders import LinearBody
from smartgen.settings import AutoencoderDetectorSettings
from smartgen.training.detector import BodyDetector


class AutoencoderDetector(BodyDetector):
    """Linear layers, each token or behavior alone; see ``nets/token_autoencoders.py``."""

    settings: AutoencoderDetectorSettings

    def body(self, width: int) -> nn.Module:
        """A narrow layer and back."""
        return LinearBody(width, self.settings.activation)
