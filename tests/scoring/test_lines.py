"""Lines as behaviors: three forms, and one message for whatever else stands in one."""

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Behavior
from smartgen.data.logs.stamps import number_stamps
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

NO_TIMES = [
    *((9, 9), (-1714540000, -1714540000), (True, True), (math.nan, "nan"), ("1714", "'1714'")),
    (10**400, "10{56}[.]{3}"),
]


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


@pytest.mark.parametrize("time", [1714540980, 1714540980.0, 1714540980000, "1714540980", "1711111200000"])
def test_a_number_is_an_instant_since_1970(time: float | str) -> None:
    seconds = float(time) / (1000 if float(time) > 1e11 else 1)
    wanted = datetime.fromtimestamp(seconds, UTC)
    moment = moment_of({"time": time})
    assert (moment.stamp, moment.utc) == (wanted, True)
    assert (moment.day, moment.hour) == (wanted.weekday(), wanted.hour // 3)
    moved = moment_of({"time": time}, ZoneInfo("Asia/Tokyo"))
    there = wanted.astimezone(ZoneInfo("Asia/Tokyo"))
    assert (moved.stamp, moved.utc) == (wanted, False)
    assert (moved.day, moved.hour) == (there.weekday(), there.hour // 3)


@given(st.floats(6.4e8, 4.1e9), st.sampled_from([1, 1000, 10**6, 10**9]))
def test_numbers_are_read_as_in_a_log(seconds: float, unit: int) -> None:
    stamp = moment_of({"time": seconds * unit}).stamp
    assert stamp is not None
    in_log = number_stamps(np.array([seconds * unit])).times[0]
    assert (stamp - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1) == in_log
    assert stamp.timestamp() == pytest.approx(seconds, abs=0.002)


def test_gaps_of_numbers_and_texts_are_exact() -> None:
    before, after = moment_of({"time": 1714540980}), moment_of({"time": "2024-05-01T07:43:00.5+02:00"})
    assert gap(before, after) == timedelta(seconds=1200.5)


def test_a_byte_order_mark_is_no_part_of_a_line() -> None:
    assert told_by(b"\xef\xbb\xbf" + line(ON)) == told_by(line(ON))
    with pytest.raises(SmartgenError, match=r"^no JSON in UTF-8: ''$"):
        told_by(b"\xef\xbb\xbf\n")


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
        (line({**ON, "action": " "}), "has action ' ', expected text"),
        (line({**ON, "device": ["x"]}), "has device ..x.., expected text"),
        (line({**ON, "device": " "}), "has device ' ', expected text"),
        (line({**ON, "day": "Mon"}), "has day 'Mon', expected Monday to Sunday, or 0 to 6"),
        (line({**ON, "hour": 8}), "has hour 8, expected .0~3. to .21~24., or 0 to 7"),
        (line({**ON, "hour": True}), "has hour True"),
        (line({"action": "Lamp:on"}), "has no time; expected time, or day and hour"),
        (line({"action": "Lamp:on", "time": "2024-05-01"}), "has time '2024-05-01', expected one like"),
        *((line({**ON, "time": number}), f"has time {shown}.*, or seconds or") for number, shown in NO_TIMES),
    ],
)
def test_what_cannot_be_read_is_told_in_one_short_line(content: bytes, message: str) -> None:
    with pytest.raises(SmartgenError, match=message) as caught:
        told_by(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def attempted(content: bytes, zone: ZoneInfo | None = None) -> str | None:
    """Read a line; why it cannot be read, or None: each of its behaviors is known, or has what is unknown."""
    try:
        events = told_by(content, zone).events
        known, unknown = resolved(events, HOME)
    except SmartgenError as error:
        return str(error)
    assert len(known) + len({one.position for one in unknown}) == len(events) > 0
    assert all(HOME.words(one) for one in known)
    return None


@given(st.binary())
def test_no_bytes_make_a_traceback(content: bytes) -> None:
    message = attempted(content)
    assert message is not None
    assert re.match(
        r"no JSON in UTF-8: |no behaviors, no sequence, no action|.*: expected an object", message
    )
    assert message.isprintable()


@given(
    st.dictionaries(KEYS, WORDS | st.lists(BEHAVIORS, max_size=3)) | BEHAVIORS | JSON,
    st.sampled_from([None, ZoneInfo("Asia/Kolkata")]),
)
def test_no_json_makes_a_traceback(content: object, zone: ZoneInfo | None) -> None:
    message = attempted(line(content), zone)
    if message is None:
        assert isinstance(content, dict)
        assert {"action", "behaviors", "sequence"} & set(content)
    else:
        assert message.isprintable()
        assert len(message) < 250


@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_no_stamp_makes_a_traceback(stamp: Any) -> None:
    told = {"time": stamp.isoformat(), "action": "Lamp:on"}
    message = attempted(line({"behaviors": [told, told]}), ZoneInfo("Pacific/Auckland"))
    assert message is None or (stamp.year in (1, 9999) and "has time" in message)
    moment = moment_of(told)
    assert (moment.day, moment.hour) == (stamp.weekday(), stamp.hour // 3)
    assert gap(moment, moment) == timedelta(0)
