"""Print the two tables of "Measured" in docs/drift.md: how often drift is found in the demo home."""

import argparse
import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartgen.core.atomic import write_json_atomic
from smartgen.core.seeds import generator
from smartgen.core.types import ACTION, DEVICE
from smartgen.data.demo import simulate
from smartgen.data.demo.noise import Noise
from smartgen.data.windows import DAY
from smartgen.metrics.daily import FAMILIES
from smartgen.metrics.drift import LEVEL, Drift, drift

CHANGES = (("winter", "spring"), ("daytime", "night"), ("single", "multiple"))
TRAINING = (28, 84)  # days
LATEST = 7
AFTER = (1, 2, 3, 5, 7)  # latest days that are after the change
RESTLESS = Noise(missed=0.2, second=0.5, late=0.5)  # weeks of their own: what is missed, second choices, late
RESTLESS_SHARE = 0.4  # of the weeks
TREND = 0.3  # share of days of the target context that a slow trend has reached at the end
AWAY = (1, 2, 3, 4)  # of the latest days, the newest being 0
SHOWN = ("nothing", "half as much", "last 3", "last 7")  # what the second table has
Rates = dict[str, dict[str, float]]


class Lived(NamedTuple):
    """A log by columns; seconds since the midnight at which it begins."""

    times: NDArray[np.int64]
    devices: NDArray[np.int64]
    actions: NDArray[np.int64]


def lived(context: str, seed: int, days: int, noise: Noise | None = None) -> Lived:
    home = simulate(context, seed, days, noise)
    assert home.times is not None
    times = home.times - home.times[0] // DAY * DAY
    return Lived(times, home.values[:, DEVICE].astype(np.int64), home.values[:, ACTION].astype(np.int64))


def only(log: Lived, chosen: NDArray[np.generic]) -> Lived:
    return Lived(*(column[chosen] for column in log))


def mixed(first: Lived, second: Lived, of_second: NDArray[np.bool_]) -> Lived:
    """Some days of the second log in place of those of the first; both begin on a Monday."""
    last = len(of_second) - 1
    parts = [
        only(log, of_second[np.minimum(log.times // DAY, last)] == chosen)
        for log, chosen in ((first, False), (second, True))
    ]
    joined = Lived(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.argsort(joined.times, kind="stable")
    return only(joined, order)


def changed(source: str, target: str, seed: int, training: int, after: int) -> Lived:
    """The last `after` days are of the target context."""
    days = training + LATEST
    return mixed(
        lived(source, seed, days), lived(target, seed, days), np.arange(days) >= training + LATEST - after
    )


def away(source: str, target: str, seed: int, training: int) -> Lived:
    """Nothing changes, but on four of the latest seven days nobody is at home."""
    log = changed(source, target, seed, training, 0)
    return only(log, ~np.isin(training + LATEST - 1 - log.times // DAY, AWAY))


def halved(source: str, target: str, seed: int, training: int) -> Lived:
    """In the latest days every second behavior lacks, by chance."""
    log = changed(source, target, seed, training, 0)
    stays = generator(seed, "halved").random(len(log.times)) < 0.5
    return only(log, stays | (log.times < training * DAY))


def restless(source: str, target: str, seed: int, training: int) -> Lived:
    """Nothing changes, but some weeks are irregular from Monday to Sunday."""
    days = training + LATEST
    weeks = generator(seed, "restless").random(days // 7) < RESTLESS_SHARE
    return mixed(lived(source, seed, days), lived(source, seed, days, RESTLESS), np.repeat(weeks, 7))


def trend(source: str, target: str, seed: int, training: int) -> Lived:
    """More and more days are of the target context."""
    days = training + LATEST
    shares = TREND * np.arange(days) / days
    mix = generator(seed, "trend").random(days) < shares
    return mixed(lived(source, seed, days), lived(target, seed, days), mix)


def tested(log: Lived) -> Drift:
    return drift(log.times, np.zeros(len(log.times), np.int64), log.devices, log.actions)


def rates(found: Sequence[Drift]) -> Rates:
    """Shares of logs in which drift was found, in any family and in each, with and without correction."""
    by_correction = {
        "corrected": [[family.corrected <= LEVEL for family in one.families] for one in found],
        "uncorrected": [[family.p <= LEVEL for family in one.families] for one in found],
    }
    told: Rates = {"logs": {"any": len(found)}}
    for name, hits in by_correction.items():
        each = np.mean(hits, axis=0).tolist()
        told[name] = {"any": float(np.any(hits, axis=1).mean()), **dict(zip(FAMILIES, each, strict=True))}
    return told


class Case(NamedTuple):
    """What a log tells of, and how it is made, over how many households."""

    name: str
    make: Callable[[str, str, int, int], Lived]
    seeds: int


def cases(seeds: int, same: int) -> list[Case]:
    return [
        Case("nothing", partial(changed, after=0), same),
        *(Case(f"last {days}", partial(changed, after=days), seeds) for days in AFTER),
        Case("days away", away, seeds),
        Case("half as much", halved, seeds),
        Case("restless weeks", restless, same),
        Case("slow trend", trend, seeds),
    ]


def row(cells: Iterable[object]) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def head(cells: Sequence[str]) -> None:
    row(cells)
    row(["---"] * len(cells))


def pair(found: Rates, name: str) -> str:
    return f"{found['corrected'][name]:.2f} ({found['uncorrected'][name]:.2f})"


def measured(change: tuple[str, str], training: int, case: Case) -> Rates:
    return rates([tested(case.make(*change, seed, training)) for seed in range(case.seeds)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="households of a cell")
    parser.add_argument("--same", type=int, default=200, help="households of a cell in which nothing changes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers")
    options = parser.parse_args()
    every, told = cases(options.seeds, options.same), {}
    head(["change", "training", *(case.name for case in every)])
    for training, change in itertools.product(TRAINING, CHANGES):
        words = (" to ".join(change), training)
        for case in every:
            told[*words, case.name] = measured(change, training, case)
        row([*words, *(pair(told[*words, case.name], "any") for case in every)])
    print()
    head(["change", "training", "changed", *FAMILIES])
    for words, found in told.items():
        if words[2] in SHOWN:
            row([*words, *(pair(found, name) for name in FAMILIES)])
    if options.json:
        every_rate = [
            dict(zip(("change", "training", "changed"), w, strict=True)) | r for w, r in told.items()
        ]
        write_json_atomic(options.json, {"level": LEVEL, "latest": LATEST, "rates": every_rate})


if __name__ == "__main__":
    main()
