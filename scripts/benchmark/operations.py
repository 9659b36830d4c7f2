"""How many floating-point operations some work asks for, whatever it takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from torch.utils.flop_counter import FlopCounterMode


class _NoModules(nullcontext[None]):
    """Instead of the counter's record of modules, which refuses modules given a row of weights."""

    parents = frozenset({"Global"})


def operations(work: Callable[[], object]) -> float:
    """Those of matrix products, backward passes included."""
    counter = FlopCounterMode(display=False)
    # The counter asks its record for nothing but `parents`, and to be entered and left.
    counter.mod_tracker = _NoModules()  # type: ignore[assignment]
    with counter:
        work()
    return float(counter.get_total_flops())
