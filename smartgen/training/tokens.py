"""How the release trains SASRec: next tokens, one sampled negative each, binary cross-entropy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from smartgen.core.types import Sequences
from smartgen.nets.sasrec import TokenSASRec
from smartgen.settings import TrainerSettings
from smartgen.training.trainer import make_trainer, quiet_lightning

if TYPE_CHECKING:  # what scores does without
    from pytorch_lightning.loggers import Logger

WORKERS = 3  # sampler processes whose batches take turns (release)
SCORE_BATCH = 256
WITHHELD = 2  # last tokens of each training sequence that the release keeps for validation and test
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


class TokenBatches(IterableDataset[list[Batch]]):
    """Epochs of batches as the release's sampler gives them: users in shuffled rounds, the first never (D35).

    Three workers walk through rounds of their own and take turns. In the release they race, so that its
    batches come in another order each time; their turns, a new order for every round of a worker, and the
    negatives' draws are fixed here (ours).

    Args:
        sequences: training sequences; each gives its tokens but for the last two.
        largest: negatives are uniform on 1 to this id, the sequence's own tokens excepted.
        batch_size: sequences a step.
        epochs: rounds of ``ceil(sequences / batch_size)`` steps.
        seed: of the workers and of the negatives.
        length: tokens of a row at most; of longer sequences the last ones count.

    Attributes:
        steps: batches of an epoch.
    """

    def __init__(
        self, sequences: Sequences, largest: int, batch_size: int, epochs: int, seed: int, length: int = 200
    ) -> None:
        tokens, bounds = sequences.values.reshape(-1), sequences.offsets * 4
        kept = [
            tokens[max(a, b - WITHHELD - length - 1) : b - WITHHELD]
            for a, b in itertools.pairwise(bounds[1:])
        ]
        self.sizes = np.array([len(row) - 1 for row in kept], dtype=np.int64)
        wide = int(self.sizes.max())
        self.rows = np.zeros((len(kept), wide + 1), dtype=np.int64)
        self.own = np.zeros((len(kept), largest + 1), dtype=bool)
        for i, row in enumerate(kept):
            self.rows[i, wide + 1 - len(row) :] = row
            self.own[i, row] = True
        self.own[:, 0] = True
        self.largest, self.batch_size, self.epochs, self.seed = largest, batch_size, epochs, seed
        self.steps = math.ceil(len(sequences) / batch_size)

    def __iter__(self) -> Iterator[list[Batch]]:
        random = np.random.RandomState(self.seed)
        workers = itertools.cycle([self._walk(int(random.randint(2_000_000_000))) for _ in range(WORKERS)])
        draw = np.random.default_rng(self.seed)
        for _ in range(self.epochs):
            yield [self._batch(next(worker), draw) for worker in itertools.islice(workers, self.steps)]

    def _batch(self, users: NDArray[np.int64], draw: np.random.Generator) -> Batch:
        """Tokens, their number, wanted and drawn ones; as wide as the longest of these users needs."""
        sizes = self.sizes[users]
        rows = self.rows[users, -1 - int(sizes.max()) :]
        # What the first token follows is a pad, and no target (release).
        real = np.arange(rows.shape[1] - 1) >= rows.shape[1] - 1 - sizes[:, None]
        wanted = rows[:, 1:] * real
        negatives = self._negatives(users, wanted.shape, draw)
        tokens, counts, next_tokens, drawn = map(torch.from_numpy, (rows[:, :-1], sizes, wanted, negatives))
        return tokens, counts, next_tokens, drawn

    def _walk(self, seed: int) -> Iterator[NDArray[np.int64]]:
        """A worker's batches: rounds of all users end to end, cut into equal pieces."""
        random, users = np.random.RandomState(seed), np.arange(len(self.rows))
        ahead = np.empty(0, dtype=np.int64)
        while True:
            while len(ahead) < self.batch_size:
                random.shuffle(users)
                ahead = np.append(ahead, users)
            yield ahead[: self.batch_size]
            ahead = ahead[self.batch_size :]

    def _negatives(
        self, users: NDArray[np.int64], shape: tuple[int, ...], draw: np.random.Generator
    ) -> NDArray[np.int64]:
        """(users, positions) ids, drawn anew while they are among the user's own."""
        found = draw.integers(1, self.largest + 1, shape)
        while (bad := self.own[users[:, None], found]).any():
            found[bad] = draw.integers(1, self.largest + 1, int(bad.sum()))
        return found


def fit_tokens(
    network: TokenSASRec,
    train: Sequences,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    settings: TrainerSettings,
    logger: Logger | None = None,
) -> None:
    """Train in place; the last weights stay (release)."""
    from smartgen.training.lightning.tokens import NextToken

    largest = network.items.num_embeddings - 1
    batches = TokenBatches(train, largest, batch_size, epochs, seed, network.length)
    with quiet_lightning():
        trainer = make_trainer(settings, logger, max_epochs=1)
        trainer.fit(NextToken(network, learning_rate), DataLoader(batches, batch_size=None))
    network.eval()


@torch.inference_mode()
def token_scores(
    network: TokenSASRec, histories: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n, ids) scores of every id after each row; equal rows, and so equal ids, score bit-equal.

    Args:
        histories: (n, longest) tokens, padded on the left with 0.
        sizes: (n,) tokens of each row.
    """
    rows, where = np.unique(np.column_stack([sizes, histories]), axis=0, return_inverse=True)
    device = next(network.parameters()).device
    parts = []
    for some in torch.from_numpy(rows).to(device).split(SCORE_BATCH):
        longest = int(some[:, 0].max())
        states = network(some[:, -longest:], some[:, 0])[:, -1]
        parts.append(network.scores(states).double().cpu())
    found: NDArray[np.float64] = torch.cat(parts).numpy()
    return found[where.reshape(-1)]
