"""A context of a household, lived day by day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.seeds import generator
from smartgen.core.types import Sequences
from smartgen.data.demo.household import Household, household
from smartgen.data.demo.noise import EVENING, LATE_BY, Event, Noise, disturb, on_a_whim, perform
from smartgen.data.demo.occupancy import multiple, single
from smartgen.data.demo.routines import Routine
from smartgen.data.demo.seasons import spring, winter
from smartgen.data.demo.shifts import daytime, night
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.windows import DAY, HOUR, day_and_hour, windows


@dataclass(frozen=True)
class Context:
    """One way in which the household lives.

    Args:
        routines: what is done.
        monday: first day of the simulated calendar, a Monday, as (year, month, day).
        up: hours of the home's day between which anything happens; 30 is six o'clock in the morning after.
    """

    routines: Callable[[Household], tuple[Routine, ...]]
    monday: tuple[int, int, int]
    up: tuple[float, float] = (6.0, 25.0)


CONTEXTS = {
    "winter": Context(winter, (2024, 1, 8)),
    "spring": Context(spring, (2024, 4, 15)),
    "daytime": Context(daytime, (2024, 5, 20), up=(6.0, 18.0)),
    "night": Context(night, (2024, 9, 2), up=(18.0, 30.0)),
    "single": Context(single, (2024, 9, 30)),
    "multiple": Context(multiple, (2025, 3, 3)),
}


def demo_home(source: str, target: str, seed: int, days: int = 28) -> tuple[Sequences, Sequences]:
    """The same household before and after a change: raw sequences of the source and the target context."""
    return simulate(source, seed, days), simulate(target, seed, days)


def simulate(context: str, seed: int, days: int = 28, noise: Noise | None = None) -> Sequences:
    """Raw, time-stamped sequences of one household in one context, at most 10 behaviors each (ours).

    Each day draws from a random stream of its own, so the log of fewer days begins the log of more days.

    Args:
        context: ``winter``, ``spring``, ``daytime``, ``night``, ``single`` or ``multiple``.
        seed: the household; its habits are the same in all contexts.
        days: length of the simulated calendar, which starts on a Monday, in UTC.
        noise: rates of irregularity; the default ones if None.

    Raises:
        SmartgenError: an unknown context, or no day at all.
    """
    if context not in CONTEXTS:
        known = ", ".join(CONTEXTS)
        raise SmartgenError(f"the demo home has no context {context!r}, expected one of {known}")
    if days < 1:
        raise SmartgenError(f"the demo home was asked for {days} days, expected at least 1")
    lived = CONTEXTS[context]
    routines = lived.routines(household(seed))
    log: list[Event] = []
    for day in range(days):
        today = _live(routines, day % 7, lived.up, noise or Noise(), generator(seed, "demo", context, day))
        log += [Event(day * DAY + event.time, event.action) for event in today]
    first_second = int(datetime(*lived.monday, tzinfo=UTC).timestamp())
    times = first_second + np.array([event.time for event in log], dtype=np.float64).astype(np.int64)
    return windows(_values(log, times), times)


def _live(
    routines: tuple[Routine, ...],
    weekday: int,
    up: tuple[float, float],
    noise: Noise,
    rng: np.random.Generator,
) -> list[Event]:
    """One day in time order; what would fall outside the hours in which the home is up is not done."""
    delay = HOUR * rng.uniform(*LATE_BY) if rng.random() < noise.late else 0.0
    events = on_a_whim(repertoire(routines), up, noise, rng)
    for routine in routines:
        if weekday in routine.days and rng.random() < routine.probability * (1 - noise.missed):
            shift = delay if EVENING[0] <= routine.hour < EVENING[1] else 0.0
            events += [Event(time + shift, action) for time, action in perform(routine, noise, rng)]
    first, last = HOUR * up[0], HOUR * up[1]
    return sorted(event for event in disturb(events, noise, rng) if first <= event.time < last)


def repertoire(routines: tuple[Routine, ...]) -> list[str]:
    """Every action that the routines can hold, second choices included."""
    every = [step for routine in routines for step in routine.steps]
    return sorted({action for step in every for action in (step.action, step.second)} - {""})


def _values(log: list[Event], times: NDArray[np.int64]) -> NDArray[np.int64]:
    vocabulary = demo_vocabulary()
    actions = np.array([vocabulary.action_id(event.action) for event in log], dtype=np.int64)
    prefix = np.array([vocabulary.prefix_device(i) for i in range(len(vocabulary.actions))], dtype=np.int64)
    return np.column_stack([day_and_hour(times), prefix[actions], actions])
