"""The systems of Table 2, one file each, and controls: ``fit``, then ``score``, higher is more anomalous.

A file's one public class ``...Detector`` is the detector of the file's name; ``_`` before a file's name makes
it a helper. Thresholds are not their job (``protocols.thresholds``).
"""

from smartgen.core.models import DETECTORS as REGISTRY

__all__ = ["REGISTRY"]
