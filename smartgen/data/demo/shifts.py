"""A home that is used by day, and the same home after a change to nights; one occupant."""

from __future__ import annotations

from smartgen.data.demo.household import Household
from smartgen.data.demo.routines import (
    DRY,
    Routine,
    Step,
    breakfast,
    cleaning,
    cooking,
    lasting,
    laundry,
    steps,
    watching,
)

NIGHT_SHIFT = 12.3  # hours by which the day's rhythm moves


def daytime(home: Household) -> tuple[Routine, ...]:
    """Up at dawn, work, deliveries, garden and machines by day, early dinner, asleep from 18 h."""
    parcel = steps("Camera:imageCapture take", "SmartLock:lock unlock", "SmartLock:lock lock")
    water = lasting("WaterValve:valve open", "WaterValve:valve close", 12)
    rise = steps("Blind:windowShade open", "Light:switch on")
    rest = steps("Television:switch off", "Light:switch off")
    return (
        Routine("wake up", home.wake, (*rise, *breakfast(home))),
        Routine("work", 9.5, steps("Computer:switch on", "NetworkAudio:setVolume")),
        Routine("delivery", 10.3, parcel, home.delivery, probability=0.8),
        cleaning(home, 10.9),
        Routine("lunch", home.lunch, cooking("Microwave", 6)),
        Routine("garden", home.lunch + 0.5, water, home.garden, probability=DRY),
        laundry(home, home.lunch + 1.1),
        Routine("end of work", 15.5, steps("Computer:switch off")),
        Routine("dinner", 15.8, cooking(home.cook, 25)),
        Routine("television", 16.7, watching(home)),
        Routine("bedtime", 17.6, rest, spread=4.0),
    )


def night(home: Household) -> tuple[Routine, ...]:
    """Up at dusk, dinner first, machines on the night tariff, work until dawn, quiet television, bed."""
    machines = steps("Dishwasher:start", "SmartPlug:switch on")
    dark = steps("Blind:windowShade close", "Light:switch off", "SmartLock:lock lock")
    return (
        Routine("wake up", home.wake + NIGHT_SHIFT, steps("Light:switch on", home.dim)),
        Routine("dinner", home.wake + NIGHT_SHIFT + 0.4, cooking(home.cook, 25)),
        Routine("work", home.leave + NIGHT_SHIFT + 2.0, steps("Computer:switch on", "NetworkAudio:mute")),
        Routine("snack", home.lunch + 12, (*cooking("Microwave", 6), Step("CoffeeMaker:start"))),
        Routine("night tariff", 26.0, machines, home.laundry | home.garden),
        Routine("end of work", 27.5, steps("Computer:switch off", "SmartPlug:switch off")),
        Routine("television", 28.0, (*watching(home), Step("Television:setSoundMode"))),
        Routine("bedtime", 29.6, (Step("Television:switch off"), *dark), spread=4.0),
    )
