"""Sweeps of cells: which are left to run, what becomes of each, and how it is shown while they run."""
