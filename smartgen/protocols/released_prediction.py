"""protocol=released, prediction: how the authors' code measures Table 3 (docs/protocol.md).

SmartGen and SASRec rank a sequence's last token among a hundred sampled ones, having seen the day, hour and
device that go with it (D32 to D35); the six others rank all actions after nine. No two of these numbers are
alike.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.types import ACTION, Sequences
from smartgen.data.histories import cases
from smartgen.data.homes import FixedWindows
from smartgen.metrics.ranking import Ties, ranks, summary
from smartgen.protocols.candidates import Candidates, sampled_candidates

Outcome = tuple[dict[str, float], dict[str, int]]


class TokenPredictor(Protocol):
    """Ranks single tokens, all four fields in one id space."""

    ties: Ties

    def fit(self, train: Sequences) -> object:
        """Train from scratch."""

    def token_scores(self, histories: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n, ids) scores of every id after each row of tokens."""


class WindowedPredictor(Protocol):
    """Ranks all actions after nine."""

    best_step: int
    ties: Ties

    def fit(self, train: list[Sequences], held_out: list[Sequences]) -> object:
        """Train from scratch."""

    def score(self, histories: Sequences) -> NDArray[np.float64]:
        """(n, actions) scores of what comes next."""


def predict_tokens(
    predictor: TokenPredictor, train: Sequences, test: Sequences, watch: Stopwatch | None = None
) -> Outcome:
    """Train on some sequences, rank the last token of each test sequence but the first (D35).

    Returns:
        Metrics among the sampled candidates, and with ``full_`` those among all ids but 0; and counts.
    """
    if len(test) < 2:
        raise SmartgenError(f"{len(test)} test sequences, expected at least 2; the first is never evaluated")
    watch = watch or Stopwatch()
    with watch.measure("train"):
        predictor.fit(train)
    with watch.measure("score"):
        candidates = sampled_candidates(test)
        scores = predictor.token_scores(candidates.histories, candidates.sizes)
        metrics = token_metrics(scores, candidates, predictor.ties)
    return metrics, {"train": len(train), "test": len(candidates.ids), "left_out_test": 1}


def token_metrics(scores: NDArray[np.float64], candidates: Candidates, ties: Ties) -> dict[str, float]:
    """Metrics among the sampled candidates, and with ``full_`` among all ids from 1 on.

    Args:
        scores: (users, ids), each id scored once: a candidate that is drawn twice must tie with itself.
    """
    first = np.zeros(len(candidates.ids), dtype=np.int64)
    sampled = ranks(np.take_along_axis(scores, candidates.ids, axis=1), first)
    full = ranks(scores[:, 1:], candidates.ids[:, 0] - 1)
    return summary(sampled, ties) | summary(full, ties, "full_")


def predict_windows(
    predictor: WindowedPredictor, windows: FixedWindows, watch: Stopwatch | None = None
) -> Outcome:
    """Train on windows of the old context, rank the tenth action of those of the new one among all.

    Ties go to the wanted action, as where the authors sort; in controls they count as their mean.
    """
    watch = watch or Stopwatch()
    with watch.measure("train"):
        predictor.fit([windows.train], [windows.validation])
    found = cases(windows.test)
    with watch.measure("score"):
        scores = predictor.score(found.histories.take(np.flatnonzero(found.last)))
        metrics = summary(ranks(scores, found.wanted[found.last]), predictor.ties)
    sizes = {"train": len(windows.train), "validation": len(windows.validation), "test": len(windows.test)}
    return metrics, sizes | {"best_epoch": predictor.best_step}


def symbols(windows: FixedWindows) -> int:
    """The symbols of the release's HMM: 1 + the largest action of its three files."""
    parts = (windows.train, windows.validation, windows.test)
    return 1 + max(int(part.values[:, ACTION].max()) for part in parts)
