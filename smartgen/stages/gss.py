"""GSS, graph-guided sequence synthesis (paper 4.4, equations 12-13): hints, which action follows which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, MAX_BEHAVIORS, Sequences, as_sequences
from smartgen.data.vocabulary import Vocabulary

FOLLOWED = "Actions that most often come next"
ALONE = "Usually no action comes next"


@dataclass(frozen=True)
class BehaviorGraph:
    """Counts of ordered neighbours, self-transitions included (equation 12).

    Args:
        vocabulary: what the action ids mean.
        nodes: (n,) ids of the actions that occur, ascending.
        edges: action id to ``(successor id, count)``, in the order in which they were first met.
    """

    vocabulary: Vocabulary
    nodes: NDArray[np.int64]
    edges: dict[int, list[tuple[int, int]]]

    def successors(self, action: int, top_k: int) -> list[tuple[int, int]]:
        """The ``top_k`` most frequent successors with their counts; ties as first met (release)."""
        return sorted(self.edges.get(action, []), key=lambda edge: -edge[1])[:top_k]

    def matrix(self) -> NDArray[np.int64]:
        """(n_actions, n_actions) transition counts, 0 without an edge (equation 13)."""
        size = len(self.vocabulary.actions)
        counts = np.zeros((size, size), dtype=np.int64)
        for action, edges in self.edges.items():
            for successor, count in edges:
                counts[action, successor] = count
        return counts

    def hints(self, top_k: int = 5) -> dict[str, dict[str, Any]]:
        """The graph in words for a prompt, in the release's JSON layout.

        Args:
            top_k: successors kept an action (release 5, the paper gives none, D11).
        """
        if top_k < 1:
            raise SmartgenError(f"stage.gss.top_k is {top_k}, expected at least 1")
        return {self.vocabulary.actions[a]: self._hint(a, top_k) for a in self.nodes.tolist()}

    def _hint(self, action: int, top_k: int) -> dict[str, Any]:
        following = self.successors(action, top_k)
        if not following:
            return {"message": ALONE}
        names = self.vocabulary.actions
        return {
            "message": FOLLOWED,
            "transitions": [{"next_action": names[b], "count": count} for b, count in following],
        }


def behavior_graph(sequences: Sequences | Iterable[Sequence[int]], vocabulary: Vocabulary) -> BehaviorGraph:
    """Count which action follows which inside each sequence (release: the TSS pieces, D11).

    Args:
        sequences: pieces; the release's flat lists are accepted too.
        vocabulary: the home's.

    Raises:
        SmartgenError: an action id that the vocabulary does not have.
    """
    pieces = as_sequences(sequences)
    position = np.arange(len(pieces.values)) - np.repeat(pieces.offsets[:-1], pieces.lengths)
    read = position < MAX_BEHAVIORS
    actions = pieces.values[:, ACTION].astype(np.int64)
    follows = read & (position > 0)
    size = len(vocabulary.actions)
    if actions.size and actions.max() >= size:
        raise SmartgenError(
            f"action id {actions.max()} is not one of the home's {size} actions, 0 to {size - 1}"
        )
    pairs = actions[:-1][follows[1:]] * size + actions[1:][follows[1:]]
    distinct, first, counts = np.unique(pairs, return_index=True, return_counts=True)
    edges: dict[int, list[tuple[int, int]]] = {}
    for i in np.argsort(first, kind="stable").tolist():
        action, successor = divmod(int(distinct[i]), size)
        edges.setdefault(action, []).append((successor, int(counts[i])))
    return BehaviorGraph(vocabulary, np.unique(actions[read]), edges)
