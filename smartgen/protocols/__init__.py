"""How a number is measured: ``released`` as the authors' code does, ``unified`` like for like."""
