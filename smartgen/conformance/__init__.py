"""What this package computes against the intermediate files of the authors' release, file by file."""

from smartgen.conformance.runner import CHECKS, run

__all__ = ["CHECKS", "run"]
