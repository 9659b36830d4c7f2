"""Parts of check_load.py: an endpoint with limits, clients under load, long sweeps, and what they take."""
