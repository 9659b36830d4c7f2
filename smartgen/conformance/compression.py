"""SSC by raw-id similarity against the release's survivors; the encoder's hang on draws (D07)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from smartgen.conformance.lines import Context, Line, State, compared
from smartgen.core.types import DAY, Sequences
from smartgen.data.release import read_sequences
from smartgen.data.vocabulary import DAYS

SURVIVORS = re.compile(r"trn_day_(\d)_similarity_th=([\d.]+)\.pkl")


def check_similarity(context: Context) -> Iterator[Line]:
    """Every ``trn_day_<d>_similarity_th=<alpha>.pkl``, from the split log or the unsplit (side studies)."""
    logs = [context.folder / name for name in ("split_trn.pkl", "trn.pkl")]
    pieces = [read_sequences(path) for path in logs if path.is_file()]
    for path in sorted(context.folder.glob("trn_day_?_similarity_th=*.pkl")):
        named = SURVIVORS.fullmatch(path.name)
        if named:
            yield _line(context, path, int(named[1]), float(named[2]), pieces)


def _line(context: Context, path: Path, day: int, threshold: float, logs: list[Sequences]) -> Line:
    from smartgen.settings import SimilaritySscSettings
    from smartgen.stages.ssc.compress import compress, without_trailing_zeros

    theirs = without_trailing_zeros(read_sequences(path))
    settings = SimilaritySscSettings("similarity", threshold=threshold)
    lines = []
    for log in logs:
        of_day = log.take(np.flatnonzero(log.values[log.offsets[:-1], DAY] == day))
        ours = compress(of_day, context.vocabulary, settings, seed=0, weights=dict).sequences
        lines.append(compared("SSC by similarity", f"{context} {path.name}", ours, theirs))
    equal = [line for line in lines if line.state is State.EQUAL]
    return (equal or lines or [_nothing(context, path, day)])[0]


def _nothing(context: Context, path: Path, day: int) -> Line:
    told = f"no log of {DAYS[day]} to compress"
    return Line("SSC by similarity", f"{context} {path.name}", State.NOTE, told)
