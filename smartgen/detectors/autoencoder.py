"""Autoencoder: each token through a narrow layer and back; its loss tells what training hardly had (Table 2).

Paper: D. E. Rumelhart et al., Learning internal representations by error propagation, 1986.
Reference: the release's Autoencoder baseline of anomaly detection; its checkpoints for FR give its results.
Departures: none under protocol released. Under unified it reads whole behaviors and predicts their four
fields (ours).
"""

from __future__ import annotations

from torch import nn

from smartgen.nets.token_autoencoders import LinearBody, TokenAutoencoder
from smartgen.nets.transae import BehaviorAutoencoder
from smartgen.settings import AutoencoderDetectorSettings
from smartgen.training.detector import NeuralDetector, Sizes


class AutoencoderDetector(NeuralDetector):
    """Linear layers, each token or behavior alone; see ``nets/token_autoencoders.py``."""

    settings: AutoencoderDetectorSettings

    def token_network(self, ids: int) -> nn.Module:
        """The release's network."""
        width = self.settings.d_model
        return TokenAutoencoder(ids, self.vocabulary.pad, lambda: self._body(width), width)

    def behavior_network(self, sizes: Sizes, width: int) -> nn.Module:
        """The same layers over whole behaviors."""
        return BehaviorAutoencoder(sizes, self.vocabulary.pad, lambda: self._body(width), width)

    def _body(self, width: int) -> nn.Module:
        return LinearBody(width, self.settings.activation)
