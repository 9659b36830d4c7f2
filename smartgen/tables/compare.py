"""The one verdict rule: how far a measured number is from the paper's.

Let d = mean - reference and s = the standard deviation over seeds (n - 1 in the denominator; 0 below three
seeds). Shares are taken as they are, percent divided by 100.

- `unstable`: s > 0.05, whatever the mean
- `exact`: abs(d) <= 0.0005, the paper's rounding and one unit of its last digit or so
- `match`: abs(d) <= max(0.02, 2 s)
- `near`: abs(d) <= 0.05
- `off`: beyond, better or worse alike

For counts d and s are divided by the reference, `exact` means equal, and `match` is 2 % whatever s is.
Every limit is inclusive up to `SLACK`: 0.8619 - 0.8614 exceeds 0.0005 in binary arithmetic, and must not.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

EXACT = 0.0005
MATCH = 0.02
NEAR = 0.05
UNSTABLE = 0.05
SLACK = 1e-9
SEEDS_FOR_SD = 3

Unit = Literal["share", "percent", "count"]
Source = Literal["published", "released", "none"]

#: Every verdict and the symbol that goes with it, in the order in which reports count them.
SYMBOLS = {
    "exact": "=",
    "match": "✓",
    "near": "≈",
    "off": "✗",
    "unstable": "!",
    "not published": "?",
    "failed": "#",
    "skipped": "-",
    "not run": "·",
}


@dataclass(frozen=True)
class Summary:
    """Mean, standard deviation (0 below three seeds) and range of one cell's values; None without any."""

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Judgment:
    """A verdict, what it compared with, mean - reference in the cell's own unit, and a reason in words."""

    verdict: str
    reference: float | None
    source: Source
    delta: float | None
    reason: str


def summarize(values: Sequence[float]) -> Summary:
    """Mean, sd and range over seeds.

    Example:
        >>> summarize([0.5, 0.75])
        Summary(n=2, mean=0.625, sd=0.0, low=0.5, high=0.75)
    """
    if not values:
        return Summary(0)
    sd = statistics.stdev(values) if len(values) >= SEEDS_FOR_SD else 0.0
    return Summary(len(values), statistics.fmean(values), sd, min(values), max(values))


def judge(
    values: Sequence[float],
    published: float | None,
    released: float | None,
    unit: Unit,
    *,
    failed: int = 0,
    skipped: str = "",
) -> Judgment:
    """The verdict on one cell; what happened goes before what was declared.

    Args:
        values: one number a seed, in `unit`.
        published: the paper's number, if it prints one.
        released: the number in the authors' released results, the reference where the paper prints none.
        unit: share (0 to 1), percent (0 to 100) or count.
        failed: runs of this cell that failed and did not succeed later.
        skipped: why the cell is left out on purpose, if it is.

    Example:
        >>> judge([0.8613861386138614], 0.8614, None, "share").verdict
        'exact'
    """
    reference, source = _reference(published, released)
    missing = f"{failed} of {failed + len(values)} runs failed (smartgen-report failures)" if failed else ""
    if not values:
        return Judgment(
            _without_values(reference, failed, skipped), reference, source, None, missing or skipped
        )
    if reference is None:
        return Judgment("not published", None, source, None, missing)
    summary = summarize(values)
    assert summary.mean is not None
    assert summary.sd is not None
    d, s = _relative(summary.mean - reference, reference, unit), _relative(summary.sd, reference, unit)
    verdict = _grade(abs(d), s, unit)
    spread = _spread(values, reference, unit) if verdict == "unstable" else ""
    origin = "vs release" if source == "released" else ""  # the paper prints none
    reason = "; ".join(part for part in (spread, origin, missing) if part)
    return Judgment(verdict, reference, source, summary.mean - reference, reason)


def in_range(values: Sequence[float], reference: float | None, unit: Unit) -> bool | None:
    """Whether the reference lies in the seeds' range, give or take what `exact` allows.

    None where there is no value or no reference.
    """
    if not values or reference is None:
        return None
    limit = 0.0 if unit == "count" else EXACT
    below = _relative(min(values) - reference, reference, unit)
    above = _relative(reference - max(values), reference, unit)
    return _at_most(below, limit) and _at_most(above, limit)


def _reference(published: float | None, released: float | None) -> tuple[float | None, Source]:
    if published is not None:
        return published, "published"
    return released, "none" if released is None else "released"


def _without_values(reference: float | None, failed: int, skipped: str) -> str:
    if failed:
        return "failed"
    if skipped:
        return "skipped"
    return "not run" if reference is not None else "not published"


def _grade(distance: float, sd: float, unit: Unit) -> str:
    if not _at_most(sd, UNSTABLE):
        return "unstable"
    if _at_most(distance, 0.0 if unit == "count" else EXACT):
        return "exact"
    if _at_most(distance, MATCH if unit == "count" else max(MATCH, 2 * sd)):
        return "match"
    return "near" if _at_most(distance, NEAR) else "off"


def _relative(difference: float, reference: float, unit: Unit) -> float:
    """A difference on the scale of the limits; any difference from a count of 0 is infinitely large."""
    if unit == "share":
        return difference
    if unit == "percent":
        return difference / 100
    if reference == 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / abs(reference)


def _at_most(value: float, limit: float) -> bool:
    return value <= limit + SLACK


def _spread(values: Sequence[float], reference: float, unit: Unit) -> str:
    """Range and hits of an unstable cell."""
    hits = sum(_at_most(abs(_relative(value - reference, reference, unit)), MATCH) for value in values)
    span = f"{show_number(min(values), unit)} to {show_number(max(values), unit)}"
    limit = {"share": "0.02", "percent": "2 points", "count": "2 %"}[unit]
    return f"{span}, {hits} of {len(values)} seeds within {limit}"


def show_number(value: float | None, unit: Unit, *, sign: bool = False) -> str:
    """A number with the digits its unit is published with; a dash for None."""
    if value is None:
        return "-"
    plus = "+" if sign else ""
    if unit == "count":
        return format(value, f"{plus}z.{0 if float(value).is_integer() else 1}f")
    return format(value, f"{plus}z.{4 if unit == 'share' else 2}f")
