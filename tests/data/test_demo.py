from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, DEVICE, HOUR, Sequences
from smartgen.data.demo import CONTEXTS, Noise, demo_home, demo_vocabulary, simulate
from smartgen.data.demo.household import EVERY_DAY, WORKDAYS, household
from smartgen.data.windows import DAY, day_and_hour

SEEDS = range(20)
TRANSITIONS = [("winter", "spring"), ("daytime", "night"), ("single", "multiple")]
WORDS = demo_vocabulary()
SILENT = Noise(*[0.0] * 10)

lived = cache(simulate)
every_context = pytest.mark.parametrize("context", CONTEXTS)
every_transition = pytest.mark.parametrize(("source", "target"), TRANSITIONS)


def stamps(home: Sequences) -> NDArray[np.int64]:
    assert home.times is not None
    return home.times


def pairs(home: Sequences) -> Counter[tuple[int, int]]:
    return Counter(zip(home.values[:, DEVICE].tolist(), home.values[:, ACTION].tolist(), strict=True))


def devices(home: Sequences) -> set[str]:
    return {WORDS.devices[i] for i in set(home.values[:, DEVICE].tolist())}


def pieces(home: Sequences) -> list[bytes]:
    """Raw sequences cut wherever more than nine hours pass."""
    long_pause = np.diff(stamps(home), prepend=stamps(home)[:1]) > 9 * 3600
    cuts = np.union1d(home.offsets, np.flatnonzero(long_pause))
    return Sequences(home.values, cuts).contents()


def verbatim_share(home: Sequences) -> float:
    """Share of the second half's pieces that the first half holds, all four fields equal."""
    half = len(home) // 2
    known, later = set(pieces(home[:half])), pieces(home[half:])
    return sum(piece in known for piece in later) / len(later)


def new_order(before: Sequences, after: Sequences) -> float:
    """Among transitions between actions that `before` has too, the share that `before` never makes."""
    known, taken = (
        Counter((a.action, b.action) for sequence in home for a, b in pairwise(sequence))
        for home in (before, after)
    )
    able = set(before.values[:, ACTION].tolist())
    possible = {step: count for step, count in taken.items() if set(step) <= able}
    return sum(count for step, count in possible.items() if step not in known) / sum(possible.values())


def test_the_vocabulary_is_alphabetical_and_every_action_has_its_device() -> None:
    assert list(WORDS.devices) == sorted(WORDS.devices)
    assert list(WORDS.actions) == sorted(set(WORDS.actions))
    assert (len(WORDS.devices), len(WORDS.actions)) == (25, 74)
    assert all(WORDS.prefix_device(action) is not None for action in range(len(WORDS.actions)))


@pytest.mark.parametrize("device", ["Heater", "Television", "AirConditioner", "Fan"])
def test_switches_have_both_sides_and_off_ends(device: str) -> None:
    assert WORDS.action_id(f"{device}:switch off") in WORDS.off_actions
    assert WORDS.action_id(f"{device}:switch on") not in WORDS.off_actions


@every_context
def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_home(context: str) -> None:
    digests = {simulate(context, seed).digest() for seed in SEEDS}
    assert simulate(context, 0).digest() == simulate(context, 0).digest()
    assert len(digests) == len(SEEDS)


def test_the_bytes_do_not_depend_on_the_hash_seed_of_the_process() -> None:
    code = "from smartgen.data.demo import simulate; print(simulate('multiple', 7).digest())"
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    ]
    assert told == [simulate("multiple", 7).digest()] * 2


@every_context
def test_the_log_of_fewer_days_begins_the_log_of_more(context: str) -> None:
    short, long = simulate(context, 3, days=9), lived(context, 3)
    assert np.array_equal(short.values, long.values[: len(short.values)])
    assert np.array_equal(stamps(short), stamps(long)[: len(short.values)])


@every_context
def test_time_stamps_agree_with_days_and_hours(context: str) -> None:
    home = lived(context, 0)
    times = stamps(home)
    assert np.array_equal(day_and_hour(times), home.values[:, :2])
    assert (np.diff(times) >= 0).all()
    assert len(set((times % 60).tolist())) > 30
    assert home.values[0, 0] == 0
    assert 27 <= (times[-1] - times[0]) / DAY <= 28


@every_context
def test_raw_sequences_are_short_many_and_of_valid_behaviors(context: str) -> None:
    for seed in SEEDS:
        home = lived(context, seed)
        assert home.lengths.min() >= 1
        assert home.lengths.max() == 10
        assert 15 <= len(home.values) / 28 <= 40
        assert 55 <= len(home) <= 200
        assert all(WORDS.is_valid(*pair) for pair in pairs(home))


def test_heating_is_for_winter_and_cooling_for_spring() -> None:
    for seed in SEEDS:
        winter, spring = devices(lived("winter", seed)), devices(lived("spring", seed))
        assert {"Heater", "Humidifier", "Dryer"} <= winter - spring
        assert {"AirConditioner", "Fan", "AirPurifier", "WaterValve"} <= spring - winter
        assert len(winter & spring) >= 8


def test_day_and_night_hold_only_their_hours() -> None:
    for seed in SEEDS:
        assert set(lived("daytime", seed).values[:, HOUR].tolist()) == {2, 3, 4, 5}
        assert set(lived("night", seed).values[:, HOUR].tolist()) == {0, 1, 6, 7}


def test_three_occupants_are_denser_than_one_and_use_more_devices() -> None:
    for seed in SEEDS:
        single, multiple = lived("single", seed), lived("multiple", seed)
        assert len(multiple.values) > 1.4 * len(single.values)
        assert len(devices(multiple)) > len(devices(single))


@every_transition
def test_each_side_of_a_transition_has_habits_of_its_own(source: str, target: str) -> None:
    for seed in SEEDS:
        before, after = (pairs(home) for home in demo_home(source, target, seed))
        for one, other in ((before, after), (after, before)):
            own = [pair for pair in one if pair not in other]
            assert len(own) >= 4
            assert 0.1 <= sum(one[pair] for pair in own) / one.total() <= 0.6


@every_transition
def test_order_changes_more_between_contexts_than_from_week_to_week(source: str, target: str) -> None:
    for seed in SEEDS:
        before, after = lived(source, seed), lived(target, seed)
        half = len(after) // 2
        assert new_order(before, after) > 2 * new_order(after[:half], after[half:])


@every_context
def test_habits_repeat_word_for_word_but_not_all_of_them(context: str) -> None:
    shares = [verbatim_share(lived(context, seed)) for seed in SEEDS]
    assert min(shares) > 0.02
    assert max(shares) < 0.75
    assert 0.12 < np.mean(shares) < 0.5


@every_context
def test_noise_is_what_keeps_habits_from_repeating(context: str) -> None:
    noisy, loud = lived(context, 1), simulate(context, 1, noise=Noise(skipped=0.2, spontaneous=3.0))
    assert verbatim_share(simulate(context, 1, noise=SILENT)) > verbatim_share(noisy)
    assert verbatim_share(loud) < verbatim_share(noisy)


def test_forgotten_and_doubled_commands_change_what_they_name() -> None:
    off = sorted(WORDS.off_actions)
    calm, lax = (simulate("winter", 2, noise=noise) for noise in (SILENT, Noise(forgotten=0.9)))
    assert np.isin(lax.values[:, ACTION], off).sum() < 0.3 * np.isin(calm.values[:, ACTION], off).sum()
    quick = np.diff(stamps(simulate("winter", 2, noise=Noise(doubled=1.0)))) <= 20
    assert quick.mean() > 0.3 > (np.diff(stamps(calm)) <= 20).mean()


def test_contexts_share_one_household() -> None:
    home = household(5)
    assert home == household(5) != household(6)
    assert home.away | home.home_office == WORKDAYS
    assert home.laundry | home.cleaning | home.garden <= EVERY_DAY
    washer = WORDS.ids[2]["Washer"]
    for context in ("winter", "spring", "daytime", "single", "multiple"):
        values = simulate(context, 5, noise=SILENT).values
        assert set(values[values[:, DEVICE] == washer, 0].tolist()) == home.laundry


def test_a_month_takes_well_under_a_second() -> None:
    start = time.perf_counter()
    simulate("multiple", 99)
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("context", "days", "said"), [("summer", 28, "no context 'summer'"), ("winter", 0, "asked for 0 days")]
)
def test_unknown_wishes_are_refused_in_one_line(context: str, days: int, said: str) -> None:
    with pytest.raises(SmartgenError, match=said):
        simulate(context, 0, days)
