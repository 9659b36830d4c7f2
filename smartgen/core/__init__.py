"""Types, keys, seeds, records and the store: what everything stands on; no third party but numpy."""
