"""ARGUS: an autoencoder of GRUs, whose loss tells sequences that training hardly had (Table 2).

Paper: P. Rieger et al., ARGUS: context-based detection of stealthy IoT infiltration attacks, USENIX Security
2023.
Reference: the release's GRU autoencoder baseline; its checkpoints for FR give its results.
Departures: none under protocol released. Under unified it reads whole behaviors and predicts their four
fields (ours).
"""

from __future__ import annotations

from torch import nn

from smartgen.nets.token_autoencoders import GRUBody, TokenAutoencoder
from smartgen.nets.transae import BehaviorAutoencoder
from smartgen.settings import ArgusSettings
from smartgen.training.detector import NeuralDetector, Sizes


class ArgusDetector(NeuralDetector):
    """Four GRUs, each token or behavior with those before it; see ``nets/token_autoencoders.py``."""

    settings: ArgusSettings

    def token_network(self, ids: int) -> nn.Module:
        """The release's network."""
        width = self.settings.d_model
        return TokenAutoencoder(ids, self.vocabulary.pad, lambda: self._body(width), width)

    def behavior_network(self, sizes: Sizes, width: int) -> nn.Module:
        """The same layers over whole behaviors."""
        return BehaviorAutoencoder(sizes, self.vocabulary.pad, lambda: self._body(width), width)

    def _body(self, width: int) -> nn.Module:
        return GRUBody(width, self.settings.dropout)
