"""What keeps a habit from repeating exactly: every rate of the demo home's noise, and how it acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from smartgen.data.demo.routines import Routine, Step
from smartgen.data.demo.vocabulary import SENSOR_REFRESHES, ends


class Event(NamedTuple):
    """One command: seconds since the midnight at which the home's day is named, and ``"Device:command"``."""

    time: float
    action: str


@dataclass(frozen=True)
class Noise:
    """Rates of the demo home's irregularities; `spontaneous` and `hurry` are no probabilities.

    Args:
        missed: a routine does not take place on a day that has it.
        skipped: a step is left out.
        forgotten: something that was begun is not ended (an off-action is left out).
        swapped: two neighboring steps on different devices change places.
        second: a routine is performed with its second choices, where its steps have them.
        doubled: a command is sent again within `ECHO` seconds.
        chatter: a sensor reports a refresh within `ECHO` seconds of a behavior.
        late: a day's `EVENING` is late by `LATE_BY` hours.
        spontaneous: mean number a day of single commands out of any routine, Poisson, while the home is up.
        hurry: standard deviation of the logarithm of a step's delay.
    """

    missed: float = 0.02
    skipped: float = 0.015
    forgotten: float = 0.02
    swapped: float = 0.015
    second: float = 0.06
    doubled: float = 0.01
    chatter: float = 0.01
    late: float = 0.05
    spontaneous: float = 0.3
    hurry: float = 0.15


EVENING = (17.0, 24.0)  # hours whose routines a late day delays
LATE_BY = (0.5, 1.5)  # hours
ECHO = 20.0  # seconds in which a repeated command or a sensor's refresh follows
FARTHEST = 2.0  # standard deviations by which a routine's start may miss its hour


def perform(routine: Routine, noise: Noise, rng: np.random.Generator) -> list[Event]:
    """One performance of a routine: its steps with their delays, less what is left out."""
    clock = 3600 * routine.hour + 60 * routine.spread * float(np.clip(rng.normal(), -FARTHEST, FARTHEST))
    second_choice = rng.random() < noise.second
    events: list[Event] = []
    for step in routine.steps:
        clock += step.after * float(np.exp(noise.hurry * rng.normal()))
        if _takes_place(step, noise, rng):
            events.append(Event(clock, step.second if step.second and second_choice else step.action))
    return _swap(events, noise, rng)


def disturb(events: Sequence[Event], noise: Noise, rng: np.random.Generator) -> list[Event]:
    """Repeated commands and sensor chatter after some of the events."""
    echoes: list[Event] = []
    for event in events:
        if rng.random() < noise.doubled:
            echoes.append(Event(event.time + rng.uniform(2, ECHO), event.action))
        if rng.random() < noise.chatter:
            sensor = SENSOR_REFRESHES[rng.integers(len(SENSOR_REFRESHES))]
            echoes.append(Event(event.time + rng.uniform(1, ECHO), sensor))
    return [*events, *echoes]


def on_a_whim(
    repertoire: Sequence[str], up: tuple[float, float], noise: Noise, rng: np.random.Generator
) -> list[Event]:
    """Single commands at any time between two hours; only what the context has anyway."""
    count = rng.poisson(noise.spontaneous)
    chosen = rng.integers(len(repertoire), size=count)
    return [Event(3600 * rng.uniform(*up), repertoire[i]) for i in chosen]


def _takes_place(step: Step, noise: Noise, rng: np.random.Generator) -> bool:
    left_out = noise.forgotten if ends(step.action) else noise.skipped
    return bool(rng.random() < step.probability * (1 - left_out))


def _swap(events: list[Event], noise: Noise, rng: np.random.Generator) -> list[Event]:
    """Neighbors on different devices change places; the times stay where they are."""
    actions = [event.action for event in events]
    for i in range(len(actions) - 1):
        same_device = actions[i].split(":")[0] == actions[i + 1].split(":")[0]
        if rng.random() < noise.swapped and not same_device:
            actions[i], actions[i + 1] = actions[i + 1], actions[i]
    return [Event(event.time, action) for event, action in zip(events, actions, strict=True)]
