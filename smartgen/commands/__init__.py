"""The commands ``smartgen-data``, ``smartgen-report`` and ``smartgen-score``."""
