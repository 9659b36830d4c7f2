"""Counts of work, which are the same on every machine: floating-point operations, calls, files and bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from smartgen.core.types import Sequences

Work = Callable[[], object]


@pytest.fixture
def flops() -> Callable[..., int]:
    """Floating-point operations of the matrix products, backward passes included, that some work makes.

    With ``layers`` those of linear layers alone, without attention's products of positions.
    """

    def count(work: Work, layers: bool = False) -> int:
        torch.manual_seed(1)
        with FlopCounterMode(display=False) as counter:
            work()
        counts = counter.get_flop_counts().get("Global", {})
        return int(sum(n for what, n in counts.items() if not layers or "bmm" not in str(what)))

    return count


@pytest.fixture
def calls() -> Callable[[type[Any], str], Any]:
    """Counts the calls of a method while a block runs."""

    @contextmanager
    def counting(owner: type[Any], name: str) -> Iterator[Counter[str]]:
        found: Counter[str] = Counter()
        original = getattr(owner, name)

        def counted(*args: Any, **named: Any) -> Any:
            found[name] += 1
            return original(*args, **named)

        setattr(owner, name, counted)
        try:
            yield found
        finally:
            setattr(owner, name, original)

    return counting


@pytest.fixture
def home() -> Callable[..., Sequences]:
    """Distinct sequences of one length over the toy vocabulary, as many as asked, each in `copies` copies."""

    def build(count: int, length: int = 4, copies: int = 1) -> Sequences:
        rng = np.random.default_rng(1)
        seen: dict[bytes, list[int]] = {}
        while len(seen) < count:
            behaviors = rng.integers((6, 6, 3, 6), size=(length, 4))
            seen[behaviors.tobytes()] = behaviors.reshape(-1).tolist()
        return Sequences.from_lists([row for row in seen.values() for _ in range(copies)])

    return build


WATCH = """
import json, runpy, sys
opened = {}
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)) and arguments[1] in ("r", "rb", None):
        name = arguments[0] if isinstance(arguments[0], str) else arguments[0].decode()
        opened[name] = opened.get(name, 0) + 1
sys.addaudithook(hook)
told, module, *sys.argv[1:] = sys.argv[1:]
try:
    runpy.run_module(module, run_name="__main__")
except SystemExit:
    pass
json.dump({"opened": dict(opened), "modules": sorted(sys.modules)}, open(told, "w"))
"""


@pytest.fixture
def watched(tmp_path: Path) -> Callable[..., tuple[dict[str, int], set[str]]]:
    """Runs a command; how often it opened each file to read, and the modules that it loaded."""

    def run(module: str, *words: str, **variables: str) -> tuple[dict[str, int], set[str]]:
        told = tmp_path / "watched.json"
        done = subprocess.run(
            [sys.executable, "-c", WATCH, str(told), module, *words],
            capture_output=True,
            text=True,
            env={**os.environ, **variables},
            check=False,
        )
        assert told.is_file(), done.stderr
        found = json.loads(told.read_text())
        return found["opened"], set(found["modules"])

    return run
