"""Anomaly detectors, one file a system: ``fit``, then ``score``, higher is more anomalous."""
