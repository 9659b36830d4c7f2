"""Checks of what compression (SSC) is said to save: the arithmetic of Table 9."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from smartgen.audit.changes import here, needed
from smartgen.audit.finding import Finding
from smartgen.audit.ground import Ground
from smartgen.audit.recordings import home_and_change, old_log, old_pieces, recordings, title
from smartgen.data.recordings import ORIGINAL, survivors
from smartgen.tables.declare import Place

TABLE = "table9"
REDUCTION, SAVED, KEPT = "Reduction Rate (%)", "Saved Tokens (K)", "compressed"
LEFT_OUT = "text left out (K tokens)"
METHOD = "SSC"


@dataclass(frozen=True)
class _Cell:
    """A cell of Table 9 beside what the release keeps of its log.

    Args:
        published: the reduction in percent; `saved`: thousands of tokens.
        sequences, pieces: of the old log before and after TSS.
        kept: pieces after SSC; `on_disk`: counted here, not taken from the table's declaration.
        left_out: tokens in thousands that were left out by our records; None where there are none.
    """

    name: str
    published: float
    saved: float
    sequences: int
    pieces: int
    kept: int
    on_disk: bool
    left_out: float | None

    @property
    def implied(self) -> tuple[int, int]:
        """How many of how many the published reduction keeps.

        Of the unsplit sequences, if some whole number of them fits; else the recorded survivors, of the total
        that then fits best.
        """
        kept = round(self.sequences * (1 - self.published / 100))
        if _reduction(kept, self.sequences) == self.published:
            return kept, self.sequences
        return self.kept, round(self.kept / (1 - self.published / 100))


def d09(ground: Ground) -> Finding:
    """Published reductions beside those of pieces from sequences, as printed, and of pieces from pieces."""
    found, sought = list(_cells(ground)), recordings(ground)
    needed(found, "trn.pkl of an old context of the release")
    as_printed = [one for one in found if _reduction(one.kept, one.sequences) == one.published]
    alike = [one for one in found if _reduction(one.kept, one.pieces) == one.published]
    on_disk = [one for one in found if one.on_disk]
    published = fmean(
        value for place, value in ground.table(TABLE).published.items() if place.metric == REDUCTION
    )
    said = (
        f"of {len(found)} reductions {len(as_printed)} are pieces kept by unsplit sequences, {len(alike)} "
        f"pieces by pieces; {len(found) - len(as_printed) - len(alike)} follow from no counts of the release",
        f"mean {published:.2f} % as published; like by like, over {len(found)} cells, "
        f"{fmean(_reduction(one.kept, one.pieces) for one in found):.2f} %",
        f"{here(on_disk, len(sought), 'cells have their survivors')}; others by experiments/table9.yaml",
    )
    return Finding(not alike and bool(as_printed), (*said, *map(_reduction_line, found)))


def d10(ground: Ground) -> Finding:
    """Whether one constant number of tokens a removed sequence gives every published saving."""
    found = list(_cells(ground))
    needed(found, "trn.pkl of an old context of the release")
    removed = {one.name: one.implied[1] - one.implied[0] for one in found}
    bounds = [
        (one.saved / removed[one.name], (one.saved + 1) / removed[one.name])
        for one in found
        if removed[one.name]
    ]
    low, high = max(low for low, _ in bounds), min(high for _, high in bounds)
    zeros = all(not one.saved for one in found if not removed[one.name])
    fits = low < high and zeros and len(bounds) > 1
    rule = f"any constant from {low:.5f} to {high:.5f}" if low < high else "no constant"
    published = [value for place, value in ground.table(TABLE).published.items() if place.metric == SAVED]
    said = (
        f"{rule}, times the sequences removed and rounded down, gives all {len(found)} savings; "
        f"their mean is {fmean(published):.1f} K"
    )
    lines = [
        f"{one.name}: {one.saved:g} K for {removed[one.name]:,} removed ({one.implied[0]:,} kept of "
        f"{one.implied[1]:,}){_each(one.saved, removed[one.name])}{_left_out(one.left_out)}"
        for one in found
    ]
    return Finding(fits, (said, *lines))


def _cells(ground: Ground) -> Iterator[_Cell]:
    """The cells whose old log is here."""
    table, measured = ground.table(TABLE), ground.measured(TABLE) if ground.records else {}
    for cell in recordings(ground):
        home, change = home_and_change(cell)
        log, pieces = old_log(ground, cell), old_pieces(ground, cell.dataset, ORIGINAL[cell.context])
        on_disk = sum(survivors(ground.root, cell).values())
        kept = on_disk or table.released.get(Place(home, change, KEPT, METHOD))
        if log is None or pieces is None or not kept:
            continue
        ours = measured.get((home, change, LEFT_OUT, METHOD))
        yield _Cell(
            title(cell),
            table.published[Place(home, change, REDUCTION, METHOD)],
            table.published[Place(home, change, SAVED, METHOD)],
            len(log),
            len(pieces),
            int(kept),
            bool(on_disk),
            ours.mean if ours else None,
        )


def _reduction(kept: int, count: int) -> float:
    """Percent removed, with the two decimals of the table."""
    return round(100 * (1 - kept / count), 2)


def _reduction_line(one: _Cell) -> str:
    kept, count = one.implied
    if (kept, count) == (one.kept, one.sequences):
        follows = "as published"
    elif count == one.sequences:
        follows = f"{one.published:.2f} would be {kept:,} of {count:,}"
    else:
        follows = f"no number of {one.sequences:,} gives {one.published:.2f}, but {kept:,} of {count:,} does"
    of_sequences, of_pieces = (_reduction(one.kept, total) for total in (one.sequences, one.pieces))
    return (
        f"{one.name}: published {one.published:.2f}; {one.kept:,} kept are {of_sequences:.2f} % less than "
        f"{one.sequences:,} sequences, {of_pieces:.2f} % less than {one.pieces:,} pieces; {follows}"
    )


def _each(saved: float, removed: int) -> str:
    return f", {saved / removed:.4f} each" if removed else ""


def _left_out(tokens: float | None) -> str:
    """What our records estimate of the text that was really left out."""
    return (
        ""
        if tokens is None or math.isnan(tokens)
        else f"; the text left out has {tokens:.1f} K (our estimate)"
    )
