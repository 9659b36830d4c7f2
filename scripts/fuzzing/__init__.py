"""What `scripts/fuzz.py` runs: readers, mutators, the property that each case is held to, and engines."""
