"""What the machine can do at best, so that a stage's cost can be read against it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from smartgen.core.provenance import provenance

MATRIX = 2048
COPY_BYTES = 2**28


def machine() -> dict[str, Any]:
    """Processor, versions, fp32 matrix speed of one thread and the speed of a copy in memory."""
    told = provenance()
    kept = {name: told[name] for name in ("processor", "cores", "platform", "commit", "dirty", "versions")}
    return kept | {"gflops": round(matrix_gflops(), 1), "copy_gb_s": round(copy_speed(), 1)}


def matrix_gflops(size: int = MATRIX, repeats: int = 5) -> float:
    """10^9 fp32 operations a second of one thread in a square matrix product, the best of some."""
    import torch

    torch.set_num_threads(1)
    left, right = torch.rand(size, size), torch.rand(size, size)
    return 2 * size**3 / _best(lambda: left @ right, repeats) / 1e9


def copy_speed(size: int = COPY_BYTES, repeats: int = 5) -> float:
    """10^9 bytes a second that are read and written, both counted."""
    source = np.ones(size, dtype=np.uint8)
    target = np.empty_like(source)
    return 2 * size / _best(lambda: np.copyto(target, source), repeats) / 1e9


def _best(call: Any, repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
