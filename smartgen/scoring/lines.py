"""What a line of JSON tells: a whole sequence of behaviors, or one more behavior of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, BinaryIO

from smartgen.core.errors import SmartgenError
from smartgen.core.types import FIELDS, Behavior
from smartgen.data.vocabulary import Vocabulary
from smartgen.scoring.moments import Moment, moment_of
from smartgen.scoring.names import named
from smartgen.scoring.words import shown

ENCODING = "utf-8-sig"  # some programs begin a file with a byte order mark
LONGEST = 1 << 20  # bytes of a line; fifty behaviors take some 10,000
MOST = 50  # behaviors of a sequence; a network's memory grows with their square
FORMS = "expected an object with behaviors, with sequence, or with action"


@dataclass(frozen=True)
class Event:
    """A behavior in words.

    Args:
        device: as it is told; None: as the action's name begins.
        action: as it is told: ``"light.kitchen:turn_on"``, or the command alone.
    """

    moment: Moment
    device: str | None
    action: str


@dataclass(frozen=True)
class Told:
    """What a line tells.

    Args:
        events: behaviors in their order, one at least.
        whole: whether they are a sequence of their own; else one more behavior of the stream.
    """

    events: tuple[Event, ...]
    whole: bool


@dataclass(frozen=True)
class Unknown:
    """A device or action that the model's home did not have when it was trained.

    Args:
        position: of the behavior, from 0.
        field: ``device`` or ``action``.
    """

    position: int
    field: str
    value: str

    def to_json(self) -> dict[str, Any]:
        """As an answer has it."""
        return {"position": self.position, self.field: self.value}


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream; of one that is too long its beginning alone, and its rest is passed over.

    Example:
        >>> from io import BytesIO
        >>> [len(line) for line in lines_of(BytesIO(b"x" * (5 << 20) + b"\\n{}\\n"))]
        [1048577, 3]
    """
    while line := stream.readline(LONGEST + 1):
        yield line  # before its rest is there, which may never come
        while len(line) > LONGEST and not line.endswith(b"\n"):
            line = stream.readline(LONGEST + 1)


def told_by(line: bytes, zone: tzinfo | None = None) -> Told:
    """Read a line.

    Args:
        zone: of the home, for time stamps; None: their own clock.

    Example:
        >>> told = told_by(b'{"day": "Monday", "hour": "(6~9)", "action": "light.hall:turn_on"}')
        >>> told.whole, told.events[0].action
        (False, 'light.hall:turn_on')

    Raises:
        SmartgenError: no JSON, or of none of the three forms.
    """
    if len(line) > LONGEST:
        raise SmartgenError(f"a line of over {LONGEST:,} bytes; expected a JSON object a line")
    try:
        content = json.loads(line.decode(ENCODING))
    except (ValueError, RecursionError) as error:  # also bytes that are no text, and numbers of any length
        raise SmartgenError(
            f"no JSON in UTF-8: {shown(line[:80].strip().decode(ENCODING, 'replace'))}"
        ) from error
    if not isinstance(content, dict):
        raise SmartgenError(f"{shown(content)}: {FORMS}")
    if content.get("behaviors") is not None:
        return Told(_events("behaviors", content["behaviors"], zone), whole=True)
    if content.get("sequence") is not None:
        return Told(_events("sequence", content["sequence"], zone), whole=True)
    if content.get("action") is not None:
        return Told((_event(content, zone),), whole=False)
    raise SmartgenError(f"no behaviors, no sequence, no action; {FORMS}")


def resolved(events: tuple[Event, ...], vocabulary: Vocabulary) -> tuple[list[Behavior], list[Unknown]]:
    """Behaviors in a home's ids, and the words that it does not have; behaviors with such are left out.

    Example:
        >>> home = Vocabulary(("Light",), ("Light:off", "Light:on"))
        >>> resolved((Event(Moment(0, 2), "Light", "on"),), home)[0]
        [Behavior(day=0, hour=2, device=0, action=1)]
        >>> [one.to_json() for one in resolved((Event(Moment(0, 2), "Light", "dim"),), home)[1]]
        [{'position': 0, 'action': 'Light:dim'}]

    Raises:
        SmartgenError: an action of a device that neither is told nor stands in the action's name, or of
            another device than the one that is told.
    """
    known, unknown = [], []
    _, _, devices, actions = vocabulary.ids
    for position, one in enumerate(events):
        try:
            device, action = named(one.device, one.action, vocabulary)
        except SmartgenError as error:
            raise SmartgenError(f"behavior {position} {error}") from error
        asked = (("device", device, devices), ("action", action, actions))
        lacking = [Unknown(position, field, word) for field, word, table in asked if word not in table]
        unknown += lacking
        if not lacking:
            known.append(Behavior(one.moment.day, one.moment.hour, devices[device], actions[action]))
    return known, unknown


def _events(name: str, told: Any, zone: tzinfo | None) -> tuple[Event, ...]:
    if not isinstance(told, list) or not told:
        raise SmartgenError(f"{name} is {shown(told)}, expected a list of behaviors")
    if len(told) > MOST:
        raise SmartgenError(f"{name} has {len(told)} behaviors, expected {MOST} at most; cut it at midnight")
    found = []
    for position, one in enumerate(told):
        try:
            found.append(_event(one, zone))
        except SmartgenError as error:
            raise SmartgenError(f"behavior {position} {error}") from error
    return tuple(found)


def _event(told: Any, zone: tzinfo | None) -> Event:
    """A behavior: an object, or day, hour, device and action in a list."""
    if isinstance(told, list) and len(told) == len(FIELDS):
        told = dict(zip(FIELDS, told, strict=True))
    if not isinstance(told, Mapping):
        raise SmartgenError(f"is {shown(told)}, expected an object, or a list of {', '.join(FIELDS)}")
    device, action = told.get("device"), told.get("action")
    if not isinstance(action, str) or not action.strip():
        raise SmartgenError(f"has action {shown(action)}, expected text like 'light.kitchen:turn_on'")
    if device is not None and not (isinstance(device, str) and device.strip()):
        raise SmartgenError(f"has device {shown(device)}, expected text like 'light.kitchen'")
    return Event(moment_of(told, zone), device, action)
