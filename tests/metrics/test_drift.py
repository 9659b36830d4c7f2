from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, DEVICE
from smartgen.data.demo import simulate
from smartgen.data.windows import DAY, HOUR
from smartgen.metrics.drift import Drift, Family, drift

TRAINING, LATEST = 28, 7
NAMES = ["devices", "hours", "transitions"]


class Lived(NamedTuple):
    """Seconds since the midnight at which the log begins, and ids."""

    times: NDArray[np.int64]
    devices: NDArray[np.int64]
    actions: NDArray[np.int64]


def lived(context: str, seed: int, days: int = TRAINING + LATEST) -> Lived:
    home = simulate(context, seed, days)
    assert home.times is not None
    ids = (home.values[:, column].astype(np.int64) for column in (DEVICE, ACTION))
    return Lived(home.times - home.times[0] // DAY * DAY, *ids)


def changed(source: str, target: str, seed: int, after: int) -> Lived:
    """The last `after` days are of the target context."""
    bound = (TRAINING + LATEST - after) * DAY
    before, since = lived(source, seed), lived(target, seed)
    chosen = (before.times < bound, since.times >= bound)
    first = [column[chosen[0]] for column in before]
    return Lived(*(np.append(*parts) for parts in zip(first, [c[chosen[1]] for c in since], strict=True)))


def compared(log: Lived, **asked: Any) -> Drift:
    return drift(log.times, np.zeros_like(log.times), log.devices, log.actions, **asked)


def plain(days: int, skipped: Sequence[int] = ()) -> Lived:
    """So many whole days, each hour one behavior, but none on the skipped days; action = device = hour % 3.

    Days are counted from the newest. The first and the last behavior bound the log.
    """
    hours = np.arange(days * 24)
    kept = ~np.isin(days - 1 - hours // 24, skipped)
    kept[0] = True
    times = np.append(hours[kept] * HOUR, days * DAY)
    return Lived(times, times // HOUR % 3, times // HOUR % 3)


@pytest.mark.parametrize("change", [("winter", "spring"), ("daytime", "night"), ("single", "multiple")])
@pytest.mark.parametrize("seed", [0, 1])
def test_drift_is_found_after_a_change_and_not_before(change: tuple[str, str], seed: int) -> None:
    after, before = (compared(changed(*change, seed, days), permutations=500) for days in (LATEST, 0))
    assert after.found
    assert {"devices", "transitions"} <= {one.name for one in after.moved}
    assert not before.found
    assert before.moved == []
    assert all(
        ours.distance > one.distance for ours, one in zip(after.families, before.families, strict=True)
    )


def test_what_is_found_tells_of_both_windows() -> None:
    log = changed("winter", "spring", 0, LATEST)
    found = compared(log, training=14, permutations=200)
    assert (found.training, found.latest) == (14, LATEST)
    assert (found.exchanges, found.exact, found.seed, found.level) == (201, False, 0, 0.05)
    assert found.end == log.times[-1] // HOUR * HOUR
    middle = found.end - LATEST * DAY
    assert found.after == np.sum((log.times >= middle) & (log.times < found.end))
    assert found.before == np.sum((log.times >= middle - 14 * DAY) & (log.times < middle))
    assert [one.name for one in found.families] == NAMES
    assert found.p == min(one.corrected for one in found.families)


def test_distances_are_scipys_and_shares_add_up() -> None:
    for one in compared(changed("winter", "spring", 0, LATEST), permutations=200).families:
        assert one.distance == pytest.approx(jensenshannon(one.before, one.after, base=2), abs=1e-9)
        assert one.distance**2 == pytest.approx(one.parts.sum())
        assert one.before.sum() == pytest.approx(1)
        assert one.after.sum() == pytest.approx(1)
        assert len(one.categories) == len(one.parts)
        assert 1 / 201 <= one.p <= one.corrected <= 1


def test_devices_are_counted_as_they_stand_in_the_log() -> None:
    log = changed("daytime", "night", 0, LATEST)
    found = compared(log, permutations=200)
    devices = found.families[0]
    chosen = (log.times >= found.end - LATEST * DAY) & (log.times < found.end)
    expected = [np.mean(log.devices[chosen] == one) for one in devices.categories.tolist()]
    assert devices.after == pytest.approx(expected)


def told(found: Drift) -> list[tuple[float, ...]]:
    return [(one.distance, one.chance, one.p, one.corrected) for one in found.families]


def test_the_same_seed_gives_the_same_answer_and_another_one_other_draws() -> None:
    log = changed("winter", "spring", 3, 1)
    assert told(compared(log, permutations=300)) == told(compared(log, permutations=300))
    assert told(compared(log, permutations=300)) != told(compared(log, permutations=300, seed=1))


def test_ids_and_midnights_do_not_matter() -> None:
    log = changed("winter", "spring", 0, 2)
    renamed = Lived(log.times + 1000 * DAY, 90 - log.devices, 900 - log.actions)
    for ours, theirs in zip(
        told(compared(log, permutations=200)), told(compared(renamed, permutations=200)), strict=True
    ):
        assert ours[0] == pytest.approx(theirs[0])
        assert ours == pytest.approx(theirs, abs=0.05)  # draws go by the order of ids


def test_all_ways_are_tried_where_they_are_few() -> None:
    """125 ways of exchanging three days of almost five weeks."""
    log = changed("daytime", "night", 0, 3)
    found = compared(log, days=3, training=31)
    assert (found.exchanges, found.exact) == (125, True)
    assert found.p == pytest.approx(1 / 125)
    assert compared(log, days=3, training=31, seed=1).p == found.p
    assert compared(log, days=3, training=31, permutations=125).exact
    assert not compared(log, days=3, training=31, permutations=124).exact


def test_weekends_that_always_differ_are_no_drift() -> None:
    """Five weeks; on Saturdays and Sundays another device. The latest two days are such a weekend."""
    log = plain(35)
    devices = np.where(log.times // DAY % 7 >= 5, 1, 0)
    found = compared(Lived(log.times, devices, devices), days=2, level=0.3)
    assert found.families[0].distance > 0.7
    assert (found.p, found.found) == (1.0, False)
    assert found.families[0].chance == pytest.approx(found.families[0].distance)


def test_an_amount_that_changes_is_not_seen() -> None:
    log, kept = plain(35), plain(35, skipped=[0, 2, 4])
    kept_found = compared(kept, permutations=200)
    assert kept_found.after == 4 * 24 < compared(log, permutations=200).after == 7 * 24
    assert not kept_found.found


def without(log: Lived, gone: NDArray[np.bool_]) -> Lived:
    return Lived(*(column[~gone] for column in log))


def on_days(log: Lived, days: Sequence[int]) -> NDArray[np.bool_]:
    return np.isin(TRAINING + LATEST - 1 - log.times // DAY, days)


def far(found: Drift) -> dict[str, float]:
    return {one.name: one.distance - one.chance for one in found.families}


@pytest.mark.parametrize("away", [[2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]])
def test_days_away_are_no_drift(away: list[int]) -> None:
    """Of 10 households, about none; were empty days exchanged, nearly all of them."""
    alarms = 0
    for seed in range(10):
        log = changed("winter", "spring", seed, 0)
        found = compared(without(log, on_days(log, away)), permutations=200)
        assert LATEST - len(away) <= found.lived[1] <= LATEST + 1 - len(away)
        alarms += found.found
    assert alarms <= 2


def test_half_as_much_of_everything_is_no_drift_of_devices_or_hours() -> None:
    log = changed("winter", "spring", 1, 0)
    thin = on_days(log, range(LATEST)) & (np.random.default_rng(0).random(len(log.times)) < 0.5)
    found = compared(without(log, thin), permutations=500)
    assert 0.4 * compared(log, permutations=20, level=0.2).after < found.after
    assert {one.name for one in found.moved} <= {"transitions"}
    assert max(far(found)["devices"], far(found)["hours"]) < 0.1


def test_a_stamp_of_a_clock_that_was_reset_is_no_drift() -> None:
    """It is one day more among the others', and takes no memory for the years between."""
    log = changed("winter", "spring", 1, 0)
    ids = [np.append(column[:1], column) for column in log[1:]]
    found = compared(Lived(np.append(log.times[:1] - 20_000 * DAY, log.times), *ids), permutations=500)
    assert not found.found
    assert found.training > 20_000
    assert found.lived == (TRAINING, LATEST)
    one_late = [np.append(column, column[:1]) for column in log[1:]]
    with pytest.raises(SmartgenError, match=r"the latest 7 days.*1972-07-23.*far off"):
        compared(Lived(np.append(log.times, log.times[-1] + 900 * DAY), *one_late))


def test_a_home_with_one_behavior_a_day_has_no_transitions_and_no_drift() -> None:
    times = np.arange(36, dtype=np.int64) * DAY
    found = compared(Lived(times, times * 0, times * 0), permutations=200)
    transitions = found.families[2]
    assert transitions.categories.shape == (0, 2)
    assert (transitions.distance, transitions.p, transitions.most_moved(3)) == (0.0, 1.0, [])
    assert found.p == 1.0


def test_moved_most_is_by_part_and_then_by_share() -> None:
    shares = np.array([0.1, 0.4, 0.2, 0.3]), np.array([0.1, 0.3, 0.5, 0.1])
    family = Family("devices", 0.2, 0.1, 0.5, 0.5, np.arange(4), *shares, np.array([0.0, 0.1, 0.3, 0.1]))
    assert family.most_moved(2) == [2, 1]
    assert family.most_moved(9) == [2, 1, 3, 0]


LOG = "home.csv"


@pytest.mark.parametrize(
    ("days", "asked", "line"),
    [
        (30, {"days": 0}, "days is 0, expected at least 1 latest day; 7 is usual"),
        (30, {"training": 13}, "training is 13 days, expected at least 14"),
        (30, {"permutations": 0}, "permutations is 0, expected at least 1; 2000 is usual"),
        (30, {"level": 0.0}, "level is 0, expected a number between 0 and 1; 0.05 is usual"),
        (30, {"level": 1.0}, "level is 1, expected a number between 0 and 1; 0.05 is usual"),
        (30, {"level": np.nan}, "level is nan, expected a number between 0 and 1; 0.05 is usual"),
        (
            20,
            {},
            f"{LOG}: 20 whole days, expected at least 21 (14 of training, 7 latest); "
            "wait for a longer log or ask for fewer days",
        ),
        (
            30,
            {"training": 28},
            f"{LOG}: 30 whole days, expected at least 35 (28 of training, 7 latest); "
            "wait for a longer log or ask for fewer days",
        ),
        (
            21,
            {"days": 1},
            f"{LOG}: 1 latest of 21 days with a behavior change places in 3 ways, so no p is below 0.33, "
            "expected 0.017 (level 0.05 of 3 tests); ask for more latest days, or wait for a longer log",
        ),
        (
            30,
            {"permutations": 50},
            f"{LOG}: with 50 permutations no p is below 0.02, expected 0.017 (level 0.05 of 3 tests); "
            "ask for more",
        ),
    ],
)
def test_what_cannot_be_tested_is_told_in_a_line(days: int, asked: dict[str, Any], line: str) -> None:
    with pytest.raises(SmartgenError) as raised:
        compared(plain(days), where=LOG, **asked)
    assert str(raised.value) == line


def test_a_log_of_nothing_is_told() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    with pytest.raises(SmartgenError) as raised:
        drift(nothing, nothing, nothing, nothing, where=LOG)
    assert str(raised.value) == f"{LOG}: no behavior, expected 21 days of them; check the log"


@pytest.mark.parametrize(
    ("skipped", "empty"), [(range(7), "the latest 7 days"), (range(7, 21), "the 14 days of training")]
)
def test_an_empty_window_is_told(skipped: range, empty: str) -> None:
    with pytest.raises(SmartgenError) as raised:
        compared(plain(35, list(skipped)), training=14, where=LOG)
    assert str(raised.value) == (
        f"{LOG}: no behavior in {empty}, expected some; days are counted back from 1970-02-05 00:00, see "
        "`smartgen-data log` for stamps that are far off, or wait until somebody is at home again"
    )


def test_days_of_training_without_a_behavior_do_not_count() -> None:
    with pytest.raises(SmartgenError) as raised:
        compared(plain(40, range(8, 28)), where=LOG)
    assert str(raised.value) == (
        f"{LOG}: 13 of 33 days of training have a behavior, expected at least 14; wait for a longer log"
    )


def test_the_shortest_log_is_long_enough() -> None:
    found = compared(plain(21))
    assert (found.training, found.latest, found.found) == (14, 7, False)
    assert found.exchanges == 2001
