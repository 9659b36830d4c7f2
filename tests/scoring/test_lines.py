"""Lines as behaviors: three forms, and one message for whatever else stands in one."""

import contextlib
import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Behavior
from smartgen.data.vocabulary import Vocabulary
from smartgen.scoring.lines import MOST, Event, resolved, told_by
from smartgen.scoring.moments import Moment, gap, moment_of, same_day

HOME = Vocabulary(("Fan", "Lamp"), ("Fan:on", "Lamp:off", "Lamp:on", "hum"))
ON = {"day": "Monday", "hour": "(6~9)", "device": "Lamp", "action": "Lamp:on"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
WORDS = JSON | st.sampled_from(["Monday", "(6~9)", "Lamp", "Lamp:on", "2024-05-01T07:03:00Z", 0, 6, 7])
KEYS = st.sampled_from(["time", "day", "hour", "device", "action", "behaviors", "sequence"])
BEHAVIORS = st.dictionaries(KEYS, WORDS, max_size=5) | st.lists(WORDS, min_size=4, max_size=4)


def line(content: object) -> bytes:
    return json.dumps(content).encode()


def behaviors(content: object, zone: Any = None) -> list[Behavior]:
    known, unknown = resolved(told_by(line(content), zone).events, HOME)
    assert not unknown
    return known


@pytest.mark.parametrize(
    "told",
    [
        ON,
        {"day": 0, "hour": 2, "action": "Lamp:on"},
        {"day": 0, "hour": 2, "device": "Lamp", "action": "on"},
        {"time": "2024-04-29T07:03:00+02:00", "device": "Lamp", "action": "on"},
        {"time": "2024-04-29 08:59", "action": "Lamp:on", "battery": 3, "day": "ignored"},
    ],
)
def test_a_behavior_is_told_in_many_ways(told: dict[str, Any]) -> None:
    assert behaviors(told) == [Behavior(0, 2, 1, 2)]
    assert behaviors({"behaviors": [told, told]}) == [Behavior(0, 2, 1, 2)] * 2
    assert told_by(line({"behaviors": [told]})).whole
    assert not told_by(line(told)).whole


def test_sequences_as_adaptation_writes_them_are_read() -> None:
    rows = [["Monday", "(6~9)", "Lamp", "Lamp:on"], ["Sunday", "(21~24)", "Fan", "Fan:on"]]
    assert behaviors({"sequence": rows}) == [Behavior(0, 2, 1, 2), Behavior(6, 7, 0, 0)]


def test_a_stamp_is_read_on_its_own_clock_or_in_the_homes_zone() -> None:
    told = {"time": "2024-05-05T22:30:00Z"}  # a Sunday, in Berlin a Monday
    assert moment_of(told).day == 6
    assert moment_of(told).utc
    moved = moment_of(told, ZoneInfo("Europe/Berlin"))
    assert (moved.day, moved.hour, moved.utc) == (0, 0, False)
    naive = moment_of({"time": "2024-05-05T22:30:00"}, ZoneInfo("Europe/Berlin"))
    assert (naive.day, naive.hour, naive.utc) == (6, 7, False)


def test_gaps_are_exact_where_clocks_jump() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before, after = (moment_of({"time": f"2024-03-31T{hour}:30:00Z"}, berlin) for hour in ("00", "02"))
    assert gap(before, after) == timedelta(hours=2)
    assert same_day(before, after)
    assert gap(before, moment_of({"time": "2024-03-31T02:30:00"})) == timedelta(hours=1)  # no zone in common
    assert gap(Moment(0, 2), Moment(0, 1)) == timedelta(days=7, hours=-3)


def test_what_a_home_never_had_is_told_by_position() -> None:
    told = {"behaviors": [ON, {**ON, "action": "Door:open", "device": None}, {**ON, "action": "dim"}]}
    known, unknown = resolved(told_by(line(told)).events, HOME)
    assert known == [Behavior(0, 2, 1, 2)]
    assert [one.to_json() for one in unknown] == [
        {"position": 1, "device": "Door"},
        {"position": 1, "action": "Door:open"},
        {"position": 2, "action": "Lamp:dim"},
    ]


@pytest.mark.parametrize("action", ["on", "hum"])
def test_an_action_of_no_device_is_an_error_not_an_alarm(action: str) -> None:
    with pytest.raises(SmartgenError, match=f"behavior 0 has action '{action}' and no device"):
        resolved((Event(Moment(0, 0), None, action),), HOME)
    assert resolved((Event(Moment(0, 0), "Lamp", "hum"),), HOME)[0] == [Behavior(0, 0, 1, 3)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "no JSON in UTF-8"),
        (b"\xff\xfe", "no JSON in UTF-8"),
        (b"", "no JSON in UTF-8"),
        (b"[" * 100_000, "no JSON in UTF-8"),
        (b"9" * 10_000, "no JSON in UTF-8"),
        (b"[1]", "expected an object with behaviors, with sequence, or with action"),
        (b"{}", "no behaviors, no sequence, no action"),
        (line({"behaviors": []}), "expected a list of behaviors"),
        (line({"behaviors": [ON] * (MOST + 1)}), f"has {MOST + 1} behaviors, expected {MOST} at most"),
        (line({"behaviors": [ON, 3]}), "behavior 1 is 3, expected an object"),
        (line({"behaviors": [{**ON, "action": 3}]}), "behavior 0 has action 3"),
        (line({**ON, "device": ["x"]}), "has device ..x.., expected text"),
        (line({**ON, "day": "Mon"}), "has day 'Mon', expected Monday to Sunday, or 0 to 6"),
        (line({**ON, "hour": 8}), "has hour 8, expected .0~3. to .21~24., or 0 to 7"),
        (line({**ON, "hour": True}), "has hour True"),
        (line({"action": "Lamp:on"}), "has no time; expected time, or day and hour"),
        (line({"action": "Lamp:on", "time": "2024-05-01"}), "has time '2024-05-01', expected one like"),
        (line({"action": "Lamp:on", "time": 1714540000}), "has time 1714540000, expected one like"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_short_line(content: bytes, message: str) -> None:
    with pytest.raises(SmartgenError, match=message) as caught:
        told_by(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def attempted(content: bytes, zone: ZoneInfo | None = None) -> None:
    """Read a line, or be told why not."""
    with contextlib.suppress(SmartgenError):
        known, unknown = resolved(told_by(content, zone).events, HOME)
        assert known or unknown


@given(st.binary())
def test_no_bytes_make_a_traceback(content: bytes) -> None:
    attempted(content)


@given(
    st.dictionaries(KEYS, WORDS | st.lists(BEHAVIORS, max_size=3)) | BEHAVIORS | JSON,
    st.sampled_from([None, ZoneInfo("Asia/Kolkata")]),
)
def test_no_json_makes_a_traceback(content: object, zone: ZoneInfo | None) -> None:
    attempted(line(content), zone)


@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_no_stamp_makes_a_traceback(stamp: Any) -> None:
    told = {"time": stamp.isoformat(), "action": "Lamp:on"}
    attempted(line({"behaviors": [told, told]}), ZoneInfo("Pacific/Auckland"))
    moment = moment_of(told)
    assert (moment.day, moment.hour) == (stamp.weekday(), stamp.hour // 3)
    assert gap(moment, moment) == timedelta(0)
