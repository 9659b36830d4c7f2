"""What of TOF's recorded outcomes is deterministic; its decisions hang on the authors' runs (D18)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from smartgen.conformance.lines import Context, Line, State, compared
from smartgen.core.types import Sequences
from smartgen.data.holdout import hold_out
from smartgen.data.recording_names import scan
from smartgen.data.recordings import COLLECTIONS
from smartgen.data.release import read_sequences

FOLDERS = ("SmartGen/filter_data/{dataset}/{context}", COLLECTIONS["tof"].folder)


def check_tof(context: Context) -> Iterator[Line]:
    """The second stage's split, the list of outliers, and the order in which survivors are written."""
    for original in _originals(context):
        within = original.with_name(f"{original.stem}_filter.pkl")
        if within.is_file():
            yield from _lines(context, original, within)


def _originals(context: Context) -> list[Path]:
    """The sets before TOF that belong to this context."""
    name = context.folder.name
    folders = [context.root / folder.format(dataset=context.dataset, context=name) for folder in FOLDERS]
    return [
        one.path
        for folder in folders
        for one in scan(folder)
        if (one.dataset, one.context, one.variant) == (context.dataset, name, "") and one.is_set
    ]


def _lines(context: Context, original: Path, within: Path) -> Iterator[Line]:
    subject = str(within.relative_to(context.root))
    kept = read_sequences(within)
    parts = [within.with_name(f"{within.stem}_{part}.pkl") for part in ("trn", "vld")]
    if all(path.is_file() for path in parts):
        theirs = Sequences.concatenate(read_sequences(path) for path in parts)
        yield compared("TOF split", subject, Sequences.concatenate(hold_out(kept)), theirs)
    before = read_sequences(original)
    outliers = _outliers(within, len(before) - len(kept))
    if outliers is not None:
        yield _order("TOF outliers", subject, before, kept, outliers)
        survivors = within.with_name(f"{within.stem}_true.pkl")
        if survivors.is_file():
            yield _survivors(subject, before, kept, outliers, read_sequences(survivors))


def _outliers(within: Path, count: int) -> Sequences | None:
    """The recorded outliers in order, one file each; None where they are not recorded.

    Files with higher numbers are left from earlier runs of the release.
    """
    files = [within.with_name(f"{within.stem}_out_{i}.pkl") for i in range(count)]
    if not files or not all(path.is_file() for path in files):
        return None
    return Sequences.concatenate(read_sequences(path) for path in files)


def _order(check: str, subject: str, before: Sequences, kept: Sequences, outliers: Sequences) -> Line:
    """What was given must be the kept ones and the outliers, merged without a change of order."""
    if _merges(before.contents(), kept.contents(), outliers.contents()):
        return Line(check, subject, State.EQUAL, f"{len(kept)} within the bound, {len(outliers)} outliers")
    counts = f"{len(before)} are not {len(kept)} within the bound and {len(outliers)} outliers in order"
    return Line(check, subject, State.DIFFERS, counts)


def _survivors(
    subject: str, before: Sequences, kept: Sequences, outliers: Sequences, theirs: Sequences
) -> Line:
    """S2 is S1 with the returned outliers behind it, or everything in its first order."""
    if theirs == before:
        return Line("TOF order", subject, State.EQUAL, f"all {len(before)} kept, in their first order")
    if theirs[: len(kept)] == kept and _follows(theirs[len(kept) :].contents(), outliers.contents()):
        returned = len(theirs) - len(kept)
        return Line("TOF order", subject, State.EQUAL, f"{returned} of {len(outliers)} outliers return")
    return Line(
        "TOF order", subject, State.DIFFERS, "not S1 with outliers behind it, nor all in their first order"
    )


def _merges(whole: list[bytes], a: list[bytes], b: list[bytes]) -> bool:
    """Whether ``whole`` interleaves ``a`` and ``b``; states are how far into ``a`` one may be."""
    reached = {0}
    for position, item in enumerate(whole):
        step = set()
        for i in reached:
            j = position - i
            if i < len(a) and a[i] == item:
                step.add(i + 1)
            if j < len(b) and b[j] == item:
                step.add(i)
        reached = step
    return len(whole) == len(a) + len(b) and len(a) in reached


def _follows(some: list[bytes], whole: list[bytes]) -> bool:
    """Whether ``some`` is ``whole`` with items left out."""
    rest = iter(whole)
    return all(item in rest for item in some)
