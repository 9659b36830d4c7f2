"""Homes and what is in them: the authors' release, the demo home, attacks, padding."""
