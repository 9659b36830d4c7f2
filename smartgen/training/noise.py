"""Common random numbers: two trainings that differ in one sequence get the same dropout elsewhere."""

from __future__ import annotations

import torch

from smartgen.core.seeds import seed_for


class CommonNoise:
    """Seeds torch before each dropout call from the seed, the epoch, the batch and the call's number.

    Draws go token by token, so a sequence added at a batch's end leaves the draws of the others as they
    were, on a processor; elsewhere the draws are common as far as the device's generator allows.

    Args:
        seed: of this training; trainings that are to be compared share it.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.begin(0, 0)

    def begin(self, epoch: int, batch: int) -> None:
        """A batch begins."""
        self.batch, self.call = (epoch, batch), 0

    def __call__(self) -> None:
        """A draw is about to happen."""
        seed = seed_for(self.seed, "noise", *self.batch, self.call)
        # torch.manual_seed would note a stack trace for each device that is not in use.
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(seed)
        self.call += 1
