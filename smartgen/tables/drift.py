"""What the drift test found, in words: one line, or all numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from smartgen.core.texts import printable
from smartgen.data.vocabulary import Vocabulary
from smartgen.data.windows import DAY
from smartgen.metrics.distribution import clock
from smartgen.metrics.drift import Drift, Family

TOLD = 3  # categories in the line
UNMOVED = 1e-12  # what rounding makes of a part of nothing


def line(found: Drift, vocabulary: Vocabulary, name: str) -> str:
    """The answer in one line: due or not, distances and corrected p, what moved most, the windows.

    Args:
        vocabulary: of the home.
        name: what the log is called.
    """
    due = "adaptation is due" if found.found else "no drift found"
    families = ", ".join(map(_told, found.families))
    moved = "".join(f"; most: {', '.join(_moves(one, vocabulary))}" for one in found.moved[:1])
    start, middle, end = (_stamp(seconds) for seconds in bounds(found))
    training = f"training {start} to {middle} ({_days(found.training, found.lived[0])})"
    latest = f"latest to {end} ({_days(found.latest, found.lived[1])})"
    return f"{printable(name)}: {due} (p {equals(found.p)}): {families}{moved}; {training}, {latest}"


def numbers(found: Drift, vocabulary: Vocabulary, name: str) -> dict[str, Any]:
    """All numbers, as JSON holds them; categories begin with what moved most."""
    start, middle, end = (_stamp(seconds) for seconds in bounds(found))
    return {
        "log": name,
        "due": found.found,
        "p": found.p,
        "level": found.level,
        "training": _window(start, middle, found.training, found.lived[0], found.before),
        "latest": _window(middle, end, found.latest, found.lived[1], found.after),
        "exchanges": found.exchanges,
        "exact": found.exact,
        "seed": found.seed,
        "families": {one.name: _family(one, vocabulary) for one in found.families},
    }


def category(family: Family, place: int, vocabulary: Vocabulary) -> tuple[str, ...]:
    """A device, hours, or an action and the next one, in words."""
    if family.name == "hours":
        return (f"{clock(int(family.categories[place]))} h",)
    table = vocabulary.devices if family.name == "devices" else vocabulary.actions
    return tuple(table[number] for number in family.categories[place].reshape(-1).tolist())


def bounds(found: Drift) -> tuple[int, int, int]:
    """Where the training window begins, where the latest days begin and end: seconds on the home's clock."""
    middle = found.end - found.latest * DAY
    return middle - found.training * DAY, middle, found.end


def told_p(p: float) -> str:
    """A p in three decimals.

    Example:
        >>> told_p(0.0312), told_p(0.0005), told_p(1.0), equals(0.0312), equals(0.0005)
        ('.031', '< .001', '1.000', '= .031', '< .001')
    """
    return "< .001" if p < 0.001 else decimal(p, 3)


def equals(p: float) -> str:
    """A p behind its sign."""
    told = told_p(p)
    return told if told.startswith("<") else f"= {told}"


def decimal(value: float, places: int) -> str:
    """Without the zero before the point."""
    return f"{value:.{places}f}".removeprefix("0")


def percent(share: float) -> str:
    """A share, with a decimal where it is small.

    Example:
        >>> percent(0.181), percent(0.0213), percent(0.0)
        ('18 %', '2.1 %', '0 %')
    """
    value = 100 * share
    return f"{value:.0f} %" if value >= 10 else f"{value:.1f}".removesuffix(".0") + " %"


def count(number: int, what: str) -> str:
    """A number of things.

    Example:
        >>> count(1, "day"), count(7, "day")
        ('1 day', '7 days')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def _window(start: str, end: str, days: int, lived: int, behaviors: int) -> dict[str, Any]:
    return {"from": start, "to": end, "days": days, "days_with_behaviors": lived, "behaviors": behaviors}


def _days(days: int, lived: int) -> str:
    return count(days, "day") + ("" if lived == days else f", {lived:,} of them with a behavior")


def _told(family: Family) -> str:
    distances = f"{decimal(family.distance, 2)} (by chance {decimal(family.chance, 2)})"
    return f"{family.name} {distances} p {told_p(family.corrected)}"


def _name(family: Family, place: int, vocabulary: Vocabulary) -> str:
    return " then ".join(category(family, place, vocabulary))


def _moves(family: Family, vocabulary: Vocabulary) -> list[str]:
    return [
        f"{printable(_name(family, i, vocabulary))} {percent(family.before[i])} -> {percent(family.after[i])}"
        for i in family.most_moved(TOLD)
        if family.parts[i] > UNMOVED
    ]


def _family(family: Family, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "distance": family.distance,
        "chance": family.chance,
        "p": family.p,
        "corrected": family.corrected,
        "categories": [
            {
                "name": _name(family, i, vocabulary),
                "before": float(family.before[i]),
                "after": float(family.after[i]),
                "part": float(family.parts[i]),
            }
            for i in family.most_moved(len(family.parts))
        ],
    }


def _stamp(seconds: int) -> str:
    return str(np.datetime64(seconds, "s"))[:16].replace("T", " ")
