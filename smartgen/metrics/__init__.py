"""Metrics as pure functions, each checked against a naive second implementation."""
