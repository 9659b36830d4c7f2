"""protocol=released, SASRec: a user's hundred sampled candidates, drawn as the authors draw them (D34).

Sequences are users and their tokens items: all four fields in order, in one id space, so that id 0 of each
field is the pad (D35). User 0 is never evaluated, and what is drawn depends on the largest id of the test
file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences

SEED = 2024
NEGATIVES = 100
WORKERS = 3  # sampler processes of the authors' training, each of which takes a seed before evaluation draws
BLOCK = 1 << 16  # random numbers made at once

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """What is ranked for each user.

    Args:
        histories: (users, longest) all but the last token, padded on the left with 0.
        sizes: (users,) tokens of each history.
        ids: (users, 101) the wanted token, then the negatives, which may repeat or equal it.
        largest: the largest id that a negative can have.
    """

    histories: Integers
    sizes: Integers
    ids: Integers
    largest: int


def sampled_candidates(test: Sequences, seed: int = SEED, negatives: int = NEGATIVES) -> Candidates:
    """Candidates of every user but the first, from numpy's legacy stream of this seed.

    A negative is uniform on 1 to the file's largest id, drawn anew while it is among the user's tokens but
    for the last two; the wanted token and the one before it may be drawn.

    Args:
        test: the test sequences in file order.
        seed: of the stream, from which three seeds of sampler workers are taken first.
    """
    tokens, bounds = test.values.reshape(-1).astype(np.int64), test.offsets * 4
    largest = int(tokens.max(initial=0))
    histories, sizes = token_histories(test[1:])
    ids = np.empty((len(sizes), 1 + negatives), dtype=np.int64)
    stream = _Stream(seed, largest)
    for row, user in enumerate(range(1, len(test))):
        own = tokens[bounds[user] : bounds[user + 1]]
        ids[row, 0], ids[row, 1:] = own[-1], stream.draw(negatives, own[:-2])
    return Candidates(histories, sizes, ids, largest)


def token_histories(sequences: Sequences) -> tuple[Integers, Integers]:
    """(n, longest) all but the last token of each sequence, padded on the left with 0, and (n,) their number.

    Example:
        >>> token_histories(Sequences.from_lists([[0, 2, 5, 9]]))[0].tolist()
        [[0, 2, 5]]
    """
    sizes = sequences.lengths * 4 - 1
    histories = np.zeros((len(sizes), int(sizes.max(initial=0))), dtype=np.int64)
    for row, own in zip(histories, sequences.to_lists(), strict=True):
        row[len(row) - len(own) + 1 :] = own[:-1]
    return histories, sizes


class _Stream:
    """Accepted draws in order; numpy's legacy generator gives the same one by one and in blocks."""

    def __init__(self, seed: int, largest: int) -> None:
        self.random = np.random.RandomState(seed)
        for _ in range(WORKERS):
            self.random.randint(2_000_000_000)
        self.largest, self.drawn, self.next = largest, np.empty(0, dtype=np.int64), 0
        self.refused = np.zeros(largest + 1, dtype=bool)

    def draw(self, count: int, refused: Integers) -> Integers:
        """The next numbers that are not among these; those in between are used up."""
        self.refused[refused] = True
        if self.refused[1:].all():
            raise SmartgenError(f"a test sequence holds every id up to {self.largest}; none is left to draw")
        look = count + count // 2
        while True:
            ahead = self.drawn[self.next : self.next + look]
            taken = np.flatnonzero(~self.refused[ahead])
            if len(taken) >= count:
                break
            look *= 2
            if len(ahead) < look:
                more = self.random.randint(1, self.largest + 1, BLOCK)
                self.drawn, self.next = np.append(self.drawn[self.next :], more), 0
        self.next += int(taken[count - 1]) + 1
        self.refused[refused] = False
        return ahead[taken[:count]]
