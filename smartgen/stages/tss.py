"""TSS, temporal-semantic splitting (paper 4.2, Algorithm 1): cut sequences at long gaps and long spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, DAY, HOUR, Sequences, as_sequences
from smartgen.data.vocabulary import Vocabulary

HOUR_SECONDS = 3600
WEEK_SECONDS = 168 * HOUR_SECONDS
Algorithm = Literal["released", "paper"]
ALGORITHMS = ("released", "paper")


def split_sequences(
    sequences: Sequences | Iterable[Sequence[int]],
    vocabulary: Vocabulary,
    max_gap_hours: float = 9,
    max_duration_hours: float = 24,
    algorithm: Algorithm = "released",
) -> Sequences:
    """Split every sequence into pieces without long gaps and of bounded duration; order is kept.

    Gaps come from time stamps where the sequences have them, else from day and hour bucket.

    Args:
        sequences: raw sequences; the release's flat lists are accepted too.
        vocabulary: only ``algorithm="paper"`` reads it, for its off actions.
        max_gap_hours: cut where the gap to the previous behavior is longer (paper dt_max; release 9).
        max_duration_hours: cut where the time since the first behavior is longer (paper T_max; release 24).
        algorithm: ``released`` runs the authors' two passes: cut at gaps, then, inside each piece, before
            every behavior later than the duration limit after the piece's first one. The clock never
            restarts, so behind the limit each behavior stands alone (D02), and the semantic check never
            fires (D01). ``paper`` is Algorithm 1 as intended: one pass, a clock that restarts at each cut,
            and no cut before an off action; where the printed algorithm would loop for ever (D03), the
            behavior is appended.

    Raises:
        SmartgenError: a limit that is not positive, or an unknown algorithm.
    """
    _check(max_gap_hours, max_duration_hours, algorithm)
    raw = as_sequences(sequences)
    gaps = gap_seconds(raw)
    limits = (HOUR_SECONDS * max_gap_hours, HOUR_SECONDS * max_duration_hours)
    if algorithm == "released":
        return _cut(raw, _released_cuts(raw, gaps, *limits))
    return _cut(raw, _paper_cuts(raw, gaps, *limits, vocabulary.off_actions))


def gap_seconds(sequences: Sequences) -> NDArray[np.int64]:
    """(n_behaviors,) seconds since the previous behavior of the same sequence, 0 for a first one.

    From buckets: 24 day + 3 hour, plus a week where that falls, so a gap is a multiple of three hours and
    is known only up to whole weeks (release). From time stamps: exact (ours).
    """
    if sequences.times is not None:
        clock = sequences.times
    else:
        hours = 24 * sequences.values[:, DAY].astype(np.int64) + 3 * sequences.values[:, HOUR]
        clock = HOUR_SECONDS * hours
    gaps = np.diff(clock, prepend=clock[:1])
    gaps[_firsts(sequences)] = 0
    if sequences.times is None:
        gaps[gaps < 0] += WEEK_SECONDS
    return gaps


def _check(max_gap_hours: float, max_duration_hours: float, algorithm: str) -> None:
    for name, value in (("max_gap_hours", max_gap_hours), ("max_duration_hours", max_duration_hours)):
        if not value > 0:
            raise SmartgenError(f"stage.tss.{name} is {value}, expected hours above 0")
    if algorithm not in ALGORITHMS:
        raise SmartgenError(f"stage.tss.algorithm is {algorithm!r}, expected one of {', '.join(ALGORITHMS)}")


def _firsts(sequences: Sequences) -> NDArray[np.int64]:
    """Where each sequence that is not empty begins."""
    return sequences.offsets[:-1][sequences.lengths > 0]


def _released_cuts(
    raw: Sequences, gaps: NDArray[np.int64], max_gap: float, max_duration: float
) -> NDArray[np.bool_]:
    starts = gaps > max_gap
    starts[_firsts(raw)] = True
    clock = np.cumsum(gaps)
    piece = np.cumsum(starts) - 1
    since_start = clock - clock[starts][piece] if len(clock) else clock
    return starts | (since_start > max_duration)


def _paper_cuts(
    raw: Sequences, gaps: NDArray[np.int64], max_gap: float, max_duration: float, off: frozenset[int]
) -> NDArray[np.bool_]:
    starts = np.zeros(len(gaps), dtype=bool)
    starts[_firsts(raw)] = True
    belongs = np.isin(raw.values[:, ACTION], list(off))
    elapsed = 0
    for i, (first, gap, linked) in enumerate(
        zip(starts.tolist(), gaps.tolist(), belongs.tolist(), strict=True)
    ):
        elapsed = 0 if first else elapsed + gap
        if not first and not linked and (gap > max_gap or elapsed > max_duration):
            starts[i] = True
            elapsed = 0
    return starts


def _cut(raw: Sequences, starts: NDArray[np.bool_]) -> Sequences:
    """New sequences at every True; empty ones of the input are left out, as the release has none."""
    offsets = np.append(np.flatnonzero(starts), len(raw.values))
    return Sequences(raw.values, offsets, raw.times)
