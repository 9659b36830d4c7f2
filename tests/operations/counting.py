"""Counters of operations: how much work something is, the same on every machine and at every load."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from math import log2
from pkgutil import resolve_name
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.module import register_module_forward_pre_hook


class Pass(NamedTuple):
    """One forward call.

    Args:
        module: that was called.
        learning: whether gradients were wanted, as in a training step.
        given: the tensors it was given, in their order.
    """

    module: nn.Module
    learning: bool
    given: tuple[Tensor, ...]

    @property
    def rows(self) -> int:
        """Length of the first tensor."""
        return len(self.given[0])

    @property
    def places(self) -> int:
        """Ids of a tensor of integers; vectors of one of floats: what each is computed for once."""
        first = self.given[0]
        return first.numel() // first.shape[-1] if first.is_floating_point() else first.numel()


class Passes(list[Pass]):
    """Forward calls in their order."""

    def of(self, *wanted: nn.Module | type[nn.Module]) -> Passes:
        """Those of these very modules, or of modules of these very types."""
        return Passes(x for x in self if any(x.module is one or type(x.module) is one for one in wanted))

    @property
    def steps(self) -> Passes:
        """Those of training steps."""
        return Passes(x for x in self if x.learning)

    @property
    def scoring(self) -> Passes:
        """All others."""
        return Passes(x for x in self if not x.learning)

    @property
    def rows(self) -> int:
        """Of all calls."""
        return sum(x.rows for x in self)

    @property
    def places(self) -> int:
        """Of all calls."""
        return sum(x.places for x in self)

    @property
    def modules(self) -> int:
        """How many different modules were called."""
        return len({id(x.module) for x in self})

    def __repr__(self) -> str:
        """Short, for what a failed test tells."""
        kinds = Counter(type(x.module).__name__ for x in self)
        return f"<{len(self)} passes: {dict(kinds)}>"


@contextmanager
def passes() -> Iterator[Passes]:
    """Collect every forward call of every module while this is open."""
    found = Passes()

    def note(module: nn.Module, given: tuple[Any, ...]) -> None:
        tensors = tuple(one.detach() for one in given if isinstance(one, Tensor))
        if tensors:
            found.append(Pass(module, torch.is_grad_enabled(), tensors))

    hook = register_module_forward_pre_hook(note)
    try:
        yield found
    finally:
        hook.remove()


@contextmanager
def attended() -> Iterator[Counter[str]]:
    """Count ``pairs``, the query-key pairs a head that attention computes, pads among them."""
    found: Counter[str] = Counter()
    whole = F.scaled_dot_product_attention

    def counted(query: Tensor, key: Tensor, *more: Any, **named: Any) -> Tensor:
        found["pairs"] += len(query) * query.shape[-2] * key.shape[-2]
        return whole(query, key, *more, **named)

    F.scaled_dot_product_attention = counted
    try:
        yield found
    finally:
        F.scaled_dot_product_attention = whole


@contextmanager
def counted(patch: Any, **places: str) -> Iterator[Counter[str]]:
    """Count the calls of functions, which run as ever.

    Args:
        patch: pytest's ``monkeypatch``.
        places: name in the counter to the dotted place in which a function is looked up.
    """
    found: Counter[str] = Counter()
    split = {name: place.rpartition(".") for name, place in places.items()}
    # All modules first: one that is imported behind a patch would keep what is patched.
    owners = {name: resolve_name(owner) for name, (owner, _, _) in split.items()}
    with patch.context() as here:
        for name, (_, _, attribute) in split.items():
            here.setattr(owners[name], attribute, _counting(found, name, getattr(owners[name], attribute)))
        yield found


def _counting(found: Counter[str], name: str, whole: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(whole)
    def run(*given: Any, **named: Any) -> Any:
        found[name] += 1
        return whole(*given, **named)

    return run


def calls(work: Callable[[], object]) -> int:
    """Calls of Python functions, and of builtin ones by Python, that some work takes."""
    count = 0

    def note(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    collecting = gc.isenabled()
    gc.disable()  # what a collection calls is no part of the work
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
        if collecting:
            gc.enable()
    return count


def peak(work: Callable[[], object]) -> int:
    """Bytes of Python's objects and numpy's arrays that some work holds at once, at most."""
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def growth(cost: Callable[[int], int], size: int) -> float:
    """By what power a cost grows: 1 where twice the work costs twice, 2 where it costs four times.

    What every size costs is taken off, by means of three sizes of which each is twice the one before. Where
    four times as much costs less than double, that is nearly all there is, and the power is 0.
    """
    one, two, four = (cost(size * times) for times in (1, 2, 4))
    return 0.0 if four < 2 * one else log2(max(four - two, 1) / max(two - one, 1))
