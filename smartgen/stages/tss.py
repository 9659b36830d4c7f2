"""TSS, time and semantic-aware split (paper 4.2, Algorithm 1): cut sequences at long gaps and long spans."""

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
FEW = 256  # pieces for which a plain loop is as fast as one over arrays
BLOCK = 1 << 16  # behaviors that a plain loop holds as Python numbers


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
    free = ~np.isin(raw.values[:, ACTION], list(off))
    starts = free & (gaps > max_gap)
    starts[_firsts(raw)] = True
    if (gaps < 0).any():  # time stamps that run backwards
        _cut_one_by_one(gaps, free, starts, max_duration)
        return starts
    clock = np.cumsum(gaps)
    # The limit in whole seconds, as the clock's are; none is longer than the clock runs.
    limit = int(min(max_duration, clock[-1])) if len(clock) else 0
    places = np.flatnonzero(free)
    seconds, places = clock[places], np.append(places, len(gaps))
    begin = np.flatnonzero(starts)
    end = np.append(begin, len(gaps))[1:]
    # All pieces at once: each is cut at its first free behavior beyond the limit, and what is cut off is
    # asked again.
    while len(begin) > FEW:
        begin = places[np.searchsorted(seconds, clock[begin] + limit, side="right")]
        inside = begin < end
        begin, end = begin[inside], end[inside]
        starts[begin] = True
    for a, b in zip(begin.tolist(), end.tolist(), strict=True):
        _cut_one_by_one(gaps[a:b], free[a:b], starts[a:b], max_duration)
    return starts


def _cut_one_by_one(
    gaps: NDArray[np.int64], free: NDArray[np.bool_], starts: NDArray[np.bool_], max_duration: float
) -> None:
    """Add the cuts of the duration limit to the starts that are known, behavior by behavior."""
    elapsed = 0
    for a in range(0, len(gaps), BLOCK):
        part = slice(a, a + BLOCK)
        columns = (starts[part].tolist(), gaps[part].tolist(), free[part].tolist())
        for i, (known, gap, may) in enumerate(zip(*columns, strict=True), start=a):
            elapsed = 0 if known else elapsed + gap
            if may and elapsed > max_duration:
                starts[i] = True
                elapsed = 0


def _cut(raw: Sequences, starts: NDArray[np.bool_]) -> Sequences:
    """New sequences at every True; empty ones of the input are left out, as the release has none."""
    offsets = np.append(np.flatnonzero(starts), len(raw.values))
    return Sequences(raw.values, offsets, raw.times)
