"""Training within a fixed budget (protocol unified): the same number of steps whatever the set's size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, Sampler, TensorDataset

from smartgen.settings import TrainerSettings, UnifiedProtocolSettings
from smartgen.training.trainer import make_trainer, quiet_lightning

if TYPE_CHECKING:  # what scores does without
    import pytorch_lightning as pl
    from pytorch_lightning.loggers import Logger

Batch = tuple[Tensor, ...]


class _Shares(Sampler[list[int]]):
    """Batches of which each set gives an equal part, drawn with replacement."""

    def __init__(self, sizes: Sequence[int], batch_size: int, steps: int) -> None:
        self.sizes, self.steps = sizes, steps
        parts = len(sizes)
        self.parts = [batch_size * (i + 1) // parts - batch_size * i // parts for i in range(parts)]

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[list[int]]:
        starts = np.cumsum([0, *self.sizes[:-1]])
        for _ in range(self.steps):
            drawn = [torch.randint(size, (part,)) for size, part in zip(self.sizes, self.parts, strict=True)]
            yield [int(i) + int(start) for some, start in zip(drawn, starts, strict=True) for i in some]


def drawn_batches(sets: Sequence[NDArray[np.int64]], budget: UnifiedProtocolSettings) -> DataLoader[Batch]:
    """The budget's steps, each a batch drawn with replacement; of several sets each gives an equal part.

    Args:
        sets: (n, length, 4) ids; one length for all.
    """
    data = TensorDataset(torch.from_numpy(np.concatenate(sets)))
    batches: Sampler[list[int]]
    if len(sets) == 1:
        drawn = RandomSampler(data, replacement=True, num_samples=budget.max_steps * budget.batch_size)
        batches = BatchSampler(drawn, budget.batch_size, drop_last=False)
    else:
        batches = _Shares([len(one) for one in sets], budget.batch_size, budget.max_steps)
    # Without a batch size, the data set is asked for a whole batch at once.
    return DataLoader(data, batch_size=None, sampler=batches)


def fit_on_budget(
    module: pl.LightningModule,
    sets: Sequence[NDArray[np.int64]],
    budget: UnifiedProtocolSettings,
    settings: TrainerSettings,
    logger: Logger | None = None,
) -> int:
    """Train a module's network in place; the weights with the lowest ``held_out/loss`` stay.

    Args:
        module: logs ``held_out/loss`` in a validation step, whose batch it does not read.
        sets: (n, length, 4) training ids.

    Returns:
        The step whose weights were kept.
    """
    from smartgen.training.lightning.keep import KeepBest

    best = KeepBest()
    # The held-out part is scored as a whole inside the check: this loader only says when.
    when = DataLoader(TensorDataset(torch.zeros(1)))
    with quiet_lightning():
        trainer = make_trainer(
            settings,
            logger,
            [best],
            max_steps=budget.max_steps,
            val_check_interval=min(budget.check_every, budget.max_steps),
            check_val_every_n_epoch=None,
        )
        trainer.fit(module, drawn_batches(sets, budget), when)
    module.load_state_dict(best.weights)
    module.eval()
    return best.step
