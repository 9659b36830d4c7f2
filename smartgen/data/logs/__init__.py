"""A user's own home: logs of many kinds, read, checked and cut into sequences (ours)."""
