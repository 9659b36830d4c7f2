"""Who lives in the demo home: the habits that all its contexts share, drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartgen.core.seeds import generator

Days = frozenset[int]

WORKDAYS: Days = frozenset(range(5))
WEEKEND: Days = frozenset((5, 6))
EVERY_DAY: Days = WORKDAYS | WEEKEND

MEALS = ("CoffeeMaker:start", "Microwave:switch on", "NetworkAudio:mediaPlayback play")
SCREEN = ("Television:setChannel", "Television:setVolume", "Television:setInputSource")
KEY = (("SmartLock:lock lock",), ("SmartLock:lock unlock",))
CAR = (("GarageDoor:doorControl open", "GarageDoor:doorControl close"), ("GarageDoor:doorControl open",))


@dataclass(frozen=True)
class Household:
    """One household; times are hours of the day, days are weekdays (Monday 0).

    Args:
        wake, leave, lunch, back, dinner, bed: the rhythm of a workday.
        lie_in: how many hours later a free day begins.
        breakfast: two of `MEALS` in the household's order; `breakfast_second` is the third.
        leaving, coming: what is done at the door, by key or by car.
        screen: two television settings in the household's order; `screen_second` is the third.
        cook: ``Oven`` or ``Microwave``.
        heating: how the heater is set. dim: how the light is dimmed.
        cooler: the first choice against heat, ``AirConditioner`` or ``Fan``; `cooler_second` is the other.
        away, home_office: workdays out of the home and in it.
        laundry, cleaning, garden, delivery: their weekdays.
    """

    wake: float
    leave: float
    lunch: float
    back: float
    dinner: float
    bed: float
    lie_in: float
    breakfast: tuple[str, ...]
    breakfast_second: str
    leaving: tuple[str, ...]
    coming: tuple[str, ...]
    screen: tuple[str, ...]
    screen_second: str
    cook: str
    heating: str
    dim: str
    cooler: str
    cooler_second: str
    away: Days
    home_office: Days
    laundry: Days
    cleaning: Days
    garden: Days
    delivery: Days


def household(seed: int) -> Household:
    """The household of this seed."""
    rng = generator(seed, "demo", "household")
    wake = rng.uniform(6.4, 7.1)
    back = rng.uniform(18.2, 18.6)
    *breakfast, breakfast_second = _shuffled(rng, MEALS)
    *screen, screen_second = _shuffled(rng, SCREEN)
    leaving, coming = CAR if rng.random() < 0.4 else KEY
    cooler, cooler_second = _shuffled(rng, ("AirConditioner", "Fan"))
    home_office = _some_days(rng, WORKDAYS, 1)
    return Household(
        wake=wake,
        leave=wake + rng.uniform(0.8, 1.2),
        lunch=rng.uniform(12.4, 12.8),
        back=back,
        dinner=back + rng.uniform(0.5, 0.8),
        bed=rng.uniform(22.0, 23.0),
        lie_in=rng.uniform(0.3, 1.6),
        breakfast=tuple(breakfast),
        breakfast_second=breakfast_second,
        leaving=leaving,
        coming=coming,
        screen=tuple(screen),
        screen_second=screen_second,
        cook=_shuffled(rng, ("Oven", "Microwave"))[0],
        heating=_shuffled(rng, ("Heater:setHeatingSetpoint", "Heater:setHeaterMode"))[0],
        dim=_shuffled(rng, ("Light:setLevel", "Light:setLightingMode"))[0],
        cooler=cooler,
        cooler_second=cooler_second,
        away=WORKDAYS - home_office,
        home_office=home_office,
        laundry=_some_days(rng, EVERY_DAY, 2),
        cleaning=_some_days(rng, EVERY_DAY, 2),
        garden=_some_days(rng, EVERY_DAY, 3),
        delivery=_some_days(rng, WORKDAYS, 2),
    )


def _shuffled(rng: np.random.Generator, choices: tuple[str, ...]) -> list[str]:
    return [choices[i] for i in rng.permutation(len(choices))]


def _some_days(rng: np.random.Generator, days: Days, count: int) -> Days:
    return frozenset(rng.choice(sorted(days), count, replace=False).tolist())
