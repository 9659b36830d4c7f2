"""Routines: named, ordered steps with a time of day and weekdays; and those that several contexts share."""

from __future__ import annotations

from dataclasses import dataclass

from smartgen.data.demo.household import EVERY_DAY, Days, Household

MINUTE = 60.0
TIMER = 0.5  # minutes of spread of what a timer starts
DRY = 0.8  # share of garden days without rain
DRYER = (
    "Dryer:dryerOperatingState setMachineState run",
    "Dryer:dryerOperatingState setMachineState stop",
)


@dataclass(frozen=True)
class Step:
    """One behavior of a routine.

    Args:
        action: ``"Device:command"``.
        after: median seconds since the step before (since the routine's start for the first one).
        probability: how often the step belongs to the routine at all.
        second: what the household does instead now and then; empty if there is no second choice.
    """

    action: str
    after: float = 40.0
    probability: float = 1.0
    second: str = ""


@dataclass(frozen=True)
class Routine:
    """What somebody, or a timer, does in one go.

    Args:
        name: for people.
        hour: mean start in hours of the home's day; 25.5 is half past one in the night after.
        steps: in their usual order.
        days: weekdays on which the home's day has this routine.
        spread: standard deviation of the start in minutes.
        probability: how often it takes place on such a day.
    """

    name: str
    hour: float
    steps: tuple[Step, ...]
    days: Days = EVERY_DAY
    spread: float = 6.0
    probability: float = 1.0


def steps(*parts: str | Step) -> tuple[Step, ...]:
    """Plain actions become steps with the usual delay."""
    return tuple(Step(part) if isinstance(part, str) else part for part in parts)


def lasting(begin: str, end: str, minutes: float) -> tuple[Step, ...]:
    """Something that is begun and, `minutes` later, ended."""
    return Step(begin), Step(end, after=minutes * MINUTE)


def breakfast(home: Household) -> tuple[Step, ...]:
    """The household's breakfast, with its second choice in the last place."""
    *first, last = home.breakfast
    return (*steps(*first), Step(last, 3 * MINUTE, second=home.breakfast_second))


def watching(home: Household) -> tuple[Step, ...]:
    """The television goes on and is set as the household likes it."""
    *first, last = home.screen
    return (*steps("Television:switch on", *first), Step(last, second=home.screen_second))


def cooking(device: str, minutes: float) -> tuple[Step, ...]:
    """A meal in the oven or the microwave."""
    return lasting(f"{device}:switch on", f"{device}:switch off", minutes)


def laundry(home: Household, hour: float, *then: Step) -> Routine:
    """A machine of washing on the household's laundry days, and what follows it."""
    run, stop = (f"Washer:washerOperatingState setMachineState {state}" for state in ("run", "stop"))
    return Routine("laundry", hour, (*lasting(run, stop, 50), *then), home.laundry)


def cleaning(home: Household, hour: float) -> Routine:
    """The robot cleans on the household's cleaning days."""
    clean, rest = (f"RobotCleaner:setRobotCleanerMovement {state}" for state in ("cleaning", "homing"))
    return Routine("cleaning", hour, lasting(clean, rest, 40), home.cleaning)
