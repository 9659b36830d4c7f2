"""Which device ``accelerator=auto`` means here, without importing torch where the answer is plain."""

from __future__ import annotations

import ctypes.util
import platform


def resolve_accelerator(accelerator: str) -> str:
    """The accelerator that Lightning will take: ``auto`` becomes ``cuda``, ``mps`` or ``cpu``.

    A cell's key holds the answer, since another device rounds otherwise. torch, which takes seconds to
    import, is asked only where a CUDA driver is installed.
    """
    if accelerator != "auto":
        return accelerator
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return "mps"
    if ctypes.util.find_library("cuda") is None:
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
