"""Whether a home lives otherwise in its latest days than before: a permutation test over days (ours).

Three families of shares are compared: of devices, of hours, and of transitions from action to action.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.core.seeds import generator
from smartgen.core.types import IntArray
from smartgen.metrics.daily import FAMILIES, Table, daily
from smartgen.metrics.divergence import Integers, Shares, divergences, parts_of, shares_of
from smartgen.metrics.exchange import corrected, p_values, selections, ways

DAYS = 7
LEAST_TRAINING = 14  # days
PERMUTATIONS = 2000
LEVEL = 0.05


@dataclass(frozen=True)
class Family:
    """One of the three tests.

    Args:
        name: ``devices``, ``hours`` or ``transitions``.
        distance: Jensen-Shannon distance between the two windows, 0 to 1.
        chance: the middle distance when days change places; short windows differ by chance alone.
        p: share of exchanges with at least this distance; ``corrected`` for three tests (see `corrected`).
        categories: (c,) device ids or hour buckets, or (c, 2) ids of an action and the next one.
        before, after: (c,) shares in the training window and in the latest days.
        parts: (c,) what each category adds to the squared distance.
    """

    name: str
    distance: float
    chance: float
    p: float
    corrected: float
    categories: Integers
    before: Shares
    after: Shares
    parts: Shares

    def most_moved(self, count: int) -> list[int]:
        """Places of the categories that add most to the distance, at most `count`; of equals the frequent."""
        order = np.lexsort((-np.maximum(self.before, self.after), -self.parts))
        return [int(place) for place in order[:count]]


@dataclass(frozen=True)
class Drift:
    """What the test found.

    Args:
        families: devices, hours and transitions.
        level: drift is found where a corrected p is no higher.
        end: seconds since 1970 on the home's clock at which the latest days end.
        training, latest: days of the two windows, which follow one another.
        lived: how many days of each have a behavior.
        before, after: behaviors in them.
        exchanges: ways of exchanging days that were tried, the real one included; ``exact`` if those are all.
        seed: of the draws.
    """

    families: tuple[Family, ...]
    level: float
    end: int
    training: int
    latest: int
    lived: tuple[int, int]
    before: int
    after: int
    exchanges: int
    exact: bool
    seed: int

    @property
    def found(self) -> bool:
        """Whether adaptation is due."""
        return self.p <= self.level

    @property
    def p(self) -> float:
        """The smallest corrected p."""
        return min(family.corrected for family in self.families)

    @property
    def moved(self) -> list[Family]:
        """The families that drifted."""
        return [family for family in self.families if family.corrected <= self.level]


def drift(
    times: IntArray,
    offsets: IntArray,
    devices: IntArray,
    actions: IntArray,
    *,
    days: int = DAYS,
    training: int | None = None,
    permutations: int = PERMUTATIONS,
    level: float = LEVEL,
    seed: int = 0,
    where: str = "the log",
) -> Drift:
    """Compare the latest days of a log with those before.

    If nothing had changed, any Monday could change places with any other Monday, and so on: the distances
    after such exchanges are what chance gives. Whole days change places, for the behaviors of a day hang
    together, each with its own weekday only, for weekends may differ, and only days with a behavior, for
    days away say nothing. Little looks strange by chance, so that of other days no more is taken than the
    latest ones hold. All three tests use the same exchanges.

    Not seen: how much happens, as long as it is less of everything alike; what happens within a bucket of
    three hours; order beyond pairs. Days of the same weekday are taken to be exchangeable; where they are
    not (a slow trend, an illness, a holiday within the training window), the latest days are compared with
    all of it and more often found to differ than the level says.

    Args:
        times: (n,) seconds since 1970, UTC, none earlier than the one before.
        offsets: (n,) seconds by which the home's clock is ahead of UTC then.
        devices, actions: (n,) ids.
        days: length of the latest window.
        training: length of the window before it, in which 14 days at least have a behavior; all older whole
            days if None.
        permutations: exchanges drawn; all of them are tried where there are no more.
        level: chance of finding drift where there is none, over all three tests.
        seed: of the draws.
        where: what errors call the log.

    Raises:
        SmartgenError: too short a log, an empty window, or too few exchanges for any p to reach the level.
    """
    _check_asked(days, training, permutations, level)
    if not len(times):
        raise SmartgenError(
            f"{where}: no behavior, expected {days + LEAST_TRAINING} days of them; check the log"
        )
    counted = daily(times, offsets, devices, actions)
    older = _training_days(counted.days, days, training, where)
    lived = counted.lived[counted.lived < older + days]
    _check_windows(lived, counted.end, older, days, where)
    _check_exchanges(lived, days, permutations, level, where)
    rng = generator(seed, "drift")
    chosen = selections(lived, days, permutations, rng)
    tables = {name: table.newest(len(lived)) for name, table in counted.tables.items()}
    newer, counts = chosen.shape[1], tables["devices"].counts.sum(axis=1)
    behaviors = int(counts[newer:].sum()), int(counts[:newer].sum())
    families, exact = _families(tables, chosen, rng), len(chosen) <= permutations
    windows = counted.end, older, days, (len(lived) - newer, newer)
    return Drift(families, level, *windows, *behaviors, len(chosen), exact, seed)


def _families(tables: dict[str, Table], chosen: Integers, rng: np.random.Generator) -> tuple[Family, ...]:
    statistics = np.stack([divergences(table.counts, chosen, rng) for table in tables.values()])
    p = p_values(statistics)
    rows = zip(tables.items(), statistics, p[:, 0], corrected(p), strict=True)
    return tuple(
        _family(name, table, chosen[0], distances, (float(raw), strict))
        for (name, table), distances, raw, strict in rows
    )


def _family(name: str, table: Table, days: Integers, statistics: Shares, p: tuple[float, float]) -> Family:
    latest = table.counts[days].sum(axis=0)
    before, after = shares_of(table.counts.sum(axis=0) - latest), shares_of(latest)
    distance, chance = (float(np.sqrt(max(one, 0.0))) for one in (statistics[0], np.median(statistics)))
    return Family(name, distance, chance, *p, table.categories, before, after, parts_of(before, after))


def _check_asked(days: int, training: int | None, permutations: int, level: float) -> None:
    if days < 1:
        raise SmartgenError(f"days is {days}, expected at least 1 latest day; 7 is usual")
    if training is not None and training < LEAST_TRAINING:
        raise SmartgenError(f"training is {training} days, expected at least {LEAST_TRAINING}")
    if permutations < 1:
        raise SmartgenError(f"permutations is {permutations}, expected at least 1; {PERMUTATIONS} is usual")
    if not 0 < level < 1:
        raise SmartgenError(f"level is {level:g}, expected a number between 0 and 1; {LEVEL} is usual")


def _training_days(whole: int, days: int, training: int | None, where: str) -> int:
    """The days before the latest ones that are compared."""
    least = LEAST_TRAINING if training is None else training
    if whole - days < least:
        raise SmartgenError(
            f"{where}: {whole} whole days, expected at least {least + days} "
            f"({least} of training, {days} latest); wait for a longer log or ask for fewer days"
        )
    return whole - days if training is None else training


def _check_windows(lived: Integers, end: int, older: int, days: int, where: str) -> None:
    """Refuse a window without a behavior."""
    newer = int(np.sum(lived < days))
    if not 0 < newer < len(lived):
        empty = f"the {older} days of training" if newer else f"the latest {days} days"
        last = f"{np.datetime64(end, 's').item():%Y-%m-%d %H:%M}"
        raise SmartgenError(
            f"{where}: no behavior in {empty}, expected some; days are counted back from {last}, see "
            "`smartgen-data log` for stamps that are far off, or wait until somebody is at home again"
        )
    if len(lived) - newer < LEAST_TRAINING:
        raise SmartgenError(
            f"{where}: {len(lived) - newer} of {older} days of training have a behavior, expected at least "
            f"{LEAST_TRAINING}; wait for a longer log"
        )


def _check_exchanges(lived: Integers, days: int, permutations: int, level: float, where: str) -> None:
    """Refuse a test that could never find drift."""
    possible, wanted = ways(lived, days), level / len(FAMILIES)
    smallest = 1 / (possible if possible <= permutations else permutations + 1)
    if smallest <= wanted:
        return
    told = f"no p is below {smallest:.2g}, expected {wanted:.2g} (level {level:g} of {len(FAMILIES)} tests)"
    if possible > permutations:
        raise SmartgenError(f"{where}: with {permutations} permutations {told}; ask for more")
    raise SmartgenError(
        f"{where}: {int(np.sum(lived < days))} latest of {len(lived)} days with a behavior change places in "
        f"{possible} ways, so {told}; ask for more latest days, or wait for a longer log"
    )
