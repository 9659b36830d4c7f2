"""The systems of Table 2, one file each, and controls: ``fit``, then ``score``, higher is more anomalous.

Thresholds are not their job (``protocols.thresholds``).
"""

from typing import Final

REGISTRY: Final = {
    "lof": "smartgen.detectors.lof:LofDetector",
    "isolation_forest": "smartgen.detectors.isolation_forest:IsolationForestDetector",
    "aegis": "smartgen.detectors.aegis:AegisDetector",
    "ocsvm": "smartgen.detectors.ocsvm:OcsvmDetector",
    "autoencoder": "smartgen.detectors.autoencoder:AutoencoderDetector",
    "argus": "smartgen.detectors.argus:ArgusDetector",
    "transae": "smartgen.detectors.transae:TransAEDetector",
    "seen": "smartgen.detectors.seen:SeenDetector",
    "length": "smartgen.detectors.length:LengthDetector",
}
