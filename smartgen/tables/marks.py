"""Where the printed numbers contradict themselves or the authors' released results: computed, never typed."""

from __future__ import annotations

from smartgen.tables.compare import EXACT, SLACK, show_number
from smartgen.tables.declare import Check, Place, Table

HALF_DIGIT = 0.00005


def marks(table: Table) -> dict[Place, str]:
    """A sentence for each cell whose printed number cannot be taken at face value."""
    found: dict[Place, list[str]] = {}
    for place, text in [*_against_release(table), *_against_itself(table)]:
        found.setdefault(place, []).append(text)
    return {place: "; ".join(texts) for place, texts in found.items()}


def harmonic_holds(f1: float, precision: float, recall: float) -> bool:
    """Whether F1 = 2PR / (P + R) can hold for shares that were rounded to four decimals.

    P, R and F1 each stand for an interval of half a digit around them; F1 grows with P and R, so the ends
    decide.

    Example:
        >>> harmonic_holds(0.8614, 0.7632, 0.9886), harmonic_holds(0.2764, 0.4554, 0.3774)
        (True, False)
    """
    low = _harmonic(max(0.0, precision - HALF_DIGIT), max(0.0, recall - HALF_DIGIT)) - HALF_DIGIT
    high = _harmonic(precision + HALF_DIGIT, recall + HALF_DIGIT) + HALF_DIGIT
    return low - SLACK <= f1 <= high + SLACK


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def _against_release(table: Table) -> list[tuple[Place, str]]:
    found = []
    for place, value in table.published.items():
        unit, released = table.metrics[place.metric].unit, table.released.get(place)
        limit = {"share": EXACT, "percent": 100 * EXACT, "count": 0.0}[unit] + SLACK
        if released is not None and abs(value - released) > limit:
            said = f"paper {show_number(value, unit)}, its release {show_number(released, unit)}"
            found.append((place, said))
    return found


def _against_itself(table: Table) -> list[tuple[Place, str]]:
    return [
        (place._replace(metric=metric), f"the paper's {check.f1} is not 2PR/(P+R) of its P and R")
        for check in table.checks
        for place in table.published
        if _breaks(table, place, check)
        for metric in (check.f1, check.precision, check.recall)
    ]


def _breaks(table: Table, place: Place, check: Check) -> bool:
    """Whether `place` is a printed F1 that its printed precision and recall rule out."""
    if place.metric != check.f1:
        return False
    precision, recall = (
        table.published.get(place._replace(metric=name)) for name in (check.precision, check.recall)
    )
    if precision is None or recall is None:
        return False
    return not harmonic_holds(table.published[place], precision, recall)
