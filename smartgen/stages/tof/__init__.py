"""TOF: two-stage outlier filter of synthetic sequences (paper 4.5)."""
