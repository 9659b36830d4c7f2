"""ARGUS: an autoencoder of GRUs, whose loss tells sequences that training hardly had (Table 2).

Paper: P. Rieger et al., ARGUS: context-based detection of stealthy IoT infiltration attacks, USENIX Security
2023.
Reference: the release's GRU autoencoder baseline; its checkpoints for FR give its results.
Departures: none under protocol released. Under unified it reads whole behaviors and predicts their four
fields (ours).
"""

from __future__ import annotations

from torch import nn

from smartgen.nets.token_autoencoders import GRUBody
from smartgen.settings import ArgusSettings
from smartgen.training.detector import BodyDetector


class ArgusDetector(BodyDetector):
    """Four GRUs, each token or behavior with those before it; see ``nets/token_autoencoders.py``."""

    settings: ArgusSettings

    def body(self, width: int) -> nn.Module:
        """Four GRUs."""
        return GRUBody(width, self.settings.dropout)
