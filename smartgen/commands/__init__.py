"""The commands ``smartgen-data`` and ``smartgen-report``."""
