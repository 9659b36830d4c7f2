"""The same stages as one writes them first: loops over behaviors, for comparison."""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary

GAP, DURATION, WEEK = 9, 24, 168  # hours


def split(log: Sequences) -> list[list[Sequence[int]]]:
    """TSS as released: cut at gaps, then every behavior later than the limit after its piece's first."""
    pieces: list[list[Sequence[int]]] = []
    for sequence in log:
        clock, start, before = 0, 0, None
        for behavior in sequence:
            now = 24 * behavior[0] + 3 * behavior[1]
            gap = 0 if before is None else (now - before) % WEEK
            clock, first = clock + gap, before is None or gap > GAP
            start = clock if first else start
            if first or clock - start > DURATION:
                pieces.append([])
            pieces[-1].append(behavior)
            before = now
    return pieces


def count_transitions(log: Sequences) -> Counter[tuple[int, int]]:
    """GSS: which action follows which."""
    edges: Counter[tuple[int, int]] = Counter()
    for sequence in log:
        for one, other in itertools.pairwise(sequence[:10]):
            edges[one[3], other[3]] += 1
    return edges


def read_lists(texts: Iterable[str], vocabulary: Vocabulary) -> list[list[list[int]]]:
    """The answer as a Python literal, its words looked up one by one."""
    return [
        [
            [vocabulary.ids[place % 4][word] for place, word in enumerate(flat)]
            for flat in ast.literal_eval(text)
        ]
        for text in texts
    ]


def once(log: Sequences) -> list[tuple[Sequence[int], ...]]:
    """Each sequence once, in the order of first occurrence."""
    return list(dict.fromkeys(tuple(sequence) for sequence in log))
