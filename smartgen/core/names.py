"""Names that several layers share, each written once."""

from typing import Final

# What a model is trained on: the old log, the written set, both, experts on either pooled, real sequences of
# the new context.
REGIMES: Final = ("source", "synthetic", "mixed", "adapted", "oracle")
# Changes of context, in the paper's order, with its letters for them (paper Table 2).
TRANSITIONS: Final = {"seasonal": "ST", "schedule": "TT", "occupancy": "NT"}


def transition_order(transition: str) -> int:
    """Where a change stands in a table; those that the paper does not have come last."""
    return list(TRANSITIONS).index(transition) if transition in TRANSITIONS else len(TRANSITIONS)
