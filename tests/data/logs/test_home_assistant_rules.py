import itertools
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from smartgen.data.logs.home_assistant_entities import EXCLUDED, NO_CLASS, NO_ENTITY, NO_JSON, READING
from smartgen.data.logs.home_assistant_states import (
    ARRIVED,
    AWAY,
    BACK_AS_BEFORE,
    BACK_OTHERWISE,
    BY_ITSELF,
    FIRST,
    NOTHING,
    REMOVED,
    REPORT,
    SETTLED,
    UNNAMED,
)
from tests.data.logs.recorder import MIDNIGHT, actions, build, read, states

LIGHT = "light.kitchen"


def told(tmp_path: Path, *rows: tuple[Any, ...], **given: Any) -> tuple[list[str], dict[str, int]]:
    """Commands of the only entity, and reasons with their counts."""
    path = build(tmp_path / "home.db", rows)
    events, tally = read(path, **given)
    commands = [action.partition(":")[2] for action in actions(events)]
    return commands, {reason: one.count for reason, one in tally.dropped.items()}


def test_states_turn_into_commands_in_time_order(tmp_path: Path) -> None:
    rows = [(0, LIGHT, "off"), (0, "lock.door", "locked"), (90, LIGHT, "on"), (60, "lock.door", "unlocked")]
    events, tally = read(build(tmp_path / "home.db", rows))
    assert actions(events) == ["lock.door:unlock", "light.kitchen:turn_on"]
    assert events.times.tolist() == [int(MIDNIGHT + 60) * 1000, int(MIDNIGHT + 90) * 1000]
    assert events.offsets.tolist() == [3600, 3600]
    assert (tally.rows, tally.left) == (4, 2)
    assert set(events.idle) == {"light.kitchen:turn_off", "lock.door:lock"}


def test_offsets_change_with_the_clock(tmp_path: Path) -> None:
    day = 86_400.0
    rows = [(0, LIGHT, "off"), (day, LIGHT, "on"), (3 * day, LIGHT, "off")]
    assert read(build(tmp_path / "home.db", rows))[0].offsets.tolist() == [3600, 7200]


@pytest.mark.parametrize(
    ("entity", "seen", "commands"),
    [
        ("switch.a", ["off", "on", "off"], ["turn_on", "turn_off"]),
        ("climate.a", ["off", "heat", "auto", "off"], ["turn_on", "set_hvac_mode", "turn_off"]),
        ("water_heater.a", ["off", "eco", "electric"], ["turn_on", "set_operation_mode"]),
        ("cover.a", ["closed", "opening", "open", "closing", "closed"], ["open_cover", "close_cover"]),
        ("cover.a", ["open", "closed", "open"], ["close_cover", "open_cover"]),
        ("cover.a", ["open", "closing", "opening", "open"], ["close_cover", "open_cover"]),
        ("cover.a", ["open", "closing", "open"], ["close_cover"]),
        ("cover.a", ["open", "opening", "open"], ["open_cover"]),
        ("valve.a", ["closed", "opening", "open"], ["open_valve"]),
        ("lock.a", ["locked", "unlocking", "unlocked", "locking", "locked"], ["unlock", "lock"]),
        ("lock.a", ["locked", "locking", "jammed", "locked"], ["lock"]),
        ("lock.a", ["locked", "opening", "open", "unlocked", "locked"], ["open", "lock"]),
        ("media_player.a", ["off", "idle", "playing", "paused", "playing", "off"],
         ["turn_on", "media_play", "media_pause", "media_play", "turn_off"]),
        ("media_player.a", ["idle", "buffering", "playing", "idle", "standby"],
         ["media_play", "media_stop", "turn_off"]),
        ("vacuum.a", ["docked", "cleaning", "error", "cleaning", "returning", "docked"],
         ["start", "return_to_base"]),
        ("vacuum.a", ["docked", "cleaning", "paused", "cleaning", "returning", "cleaning"],
         ["start", "pause", "start", "return_to_base", "start"]),
        ("lawn_mower.a", ["docked", "mowing", "docked"], ["start_mowing", "dock"]),
        ("alarm_control_panel.a", ["disarmed", "arming", "armed_away", "pending", "disarmed"],
         ["alarm_arm", "alarm_disarm"]),
        ("alarm_control_panel.a", ["disarmed", "pending", "armed_home", "pending", "triggered", "disarmed"],
         ["alarm_arm", "alarm_disarm"]),
        ("alarm_control_panel.a", ["disarmed", "armed_night", "armed_home"],
         ["alarm_arm_night", "alarm_arm_home"]),
        ("button.a", ["unknown", "2024-03-29T08:00:00+00:00", "2024-03-29T09:00:00+00:00"],
         ["press", "press"]),
        ("scene.a", ["2024-03-29T08:00:00+00:00", "2024-03-29T09:00:00+00:00"], ["turn_on"]),
        ("script.a", ["off", "on", "off", "on"], ["turn_on", "turn_on"]),
        ("select.a", ["eco", "fast", "eco"], ["select_option", "select_option"]),
        ("remote.a", ["off", "on"], ["turn_on"]),
    ],
)  # fmt: skip
def test_domains(tmp_path: Path, entity: str, seen: list[str], commands: list[str]) -> None:
    assert told(tmp_path, *states(entity, *seen))[0] == commands


@pytest.mark.parametrize(
    ("entity", "state", "before", "after", "command"),
    [
        (LIGHT, "on", {"brightness": 10}, {"brightness": 20}, "set_brightness"),
        (LIGHT, "on", {"color_temp_kelvin": 2700, "hs_color": [1, 2]},
         {"color_temp_kelvin": 4000, "hs_color": [3, 4]}, "set_color_temp"),
        (LIGHT, "on", {"hs_color": [1, 2]}, {"hs_color": [3, 2]}, "set_color"),
        (LIGHT, "on", {"effect": "none"}, {"effect": "fire"}, "set_effect"),
        ("climate.a", "heat", {"temperature": 20}, {"temperature": 21}, "set_temperature"),
        ("climate.a", "heat", {"preset_mode": "eco", "temperature": 17},
         {"preset_mode": "home", "temperature": 21}, "set_preset_mode"),
        ("climate.a", "heat_cool", {"target_temp_high": 24}, {"target_temp_high": 25}, "set_temperature"),
        ("fan.a", "on", {"percentage": 33}, {"percentage": 66}, "set_percentage"),
        ("humidifier.a", "on", {"humidity": 40}, {"humidity": 50}, "set_humidity"),
        ("cover.a", "open", {"current_position": 30}, {"current_position": 60}, "set_cover_position"),
        ("media_player.a", "playing", {"volume_level": 0.1}, {"volume_level": 0.2}, "volume_set"),
        ("media_player.a", "playing", {"source": "TV"}, {"source": "HDMI 1"}, "select_source"),
        ("media_player.a", "on", {"is_volume_muted": False}, {"is_volume_muted": True}, "volume_mute"),
        ("vacuum.a", "cleaning", {"fan_speed": "low"}, {"fan_speed": "high"}, "set_fan_speed"),
    ],
)  # fmt: skip
def test_settings(
    tmp_path: Path, entity: str, state: str, before: dict[str, Any], after: dict[str, Any], command: str
) -> None:
    rows = [
        (0, entity, state, before),
        (100, entity, state, after),
        (200, entity, state, after | {"more": 1}),
    ]
    assert told(tmp_path, *rows) == ([command], {FIRST: 1, NOTHING: 1})


def test_a_setting_that_settles_is_one_action(tmp_path: Path) -> None:
    levels = [(0, 10), (100, 20), (130, 30), (189, 40), (249, 50)]
    rows = [(second, LIGHT, "on", {"brightness": level}) for second, level in levels]
    assert told(tmp_path, *rows) == (["set_brightness"] * 2, {FIRST: 1, SETTLED: 2})


def test_settle_seconds_is_a_setting(tmp_path: Path) -> None:
    rows = [(second, LIGHT, "on", {"brightness": second}) for second in (100, 200, 205)]
    assert told(tmp_path, *rows, settle_seconds=5)[0] == ["set_brightness"] * 2


def test_a_light_that_comes_on_by_and_by_is_one_action(tmp_path: Path) -> None:
    rows = [(0, LIGHT, "on", {"brightness": 200}), (100, LIGHT, "off", {"brightness": None})]
    rows += [(second, LIGHT, "on", {"brightness": 20 * second - 4000}) for second in (201, 202, 203)]
    assert told(tmp_path, *rows) == (["turn_off", "turn_on"], {FIRST: 1, SETTLED: 2})


def test_a_light_with_the_brightness_that_it_had_can_be_dimmed_at_once(tmp_path: Path) -> None:
    rows = [(0, LIGHT, "on", {"brightness": 200}), (100, LIGHT, "off", {"brightness": None})]
    rows += [(200, LIGHT, "on", {"brightness": 200}), (210, LIGHT, "on", {"brightness": 100})]
    assert told(tmp_path, *rows)[0] == ["turn_off", "turn_on", "set_brightness"]


def test_a_fan_that_is_off_says_nothing_of_its_speed(tmp_path: Path) -> None:
    speeds = [(0, "on", 33), (100, "off", 0), (200, "on", 33), (210, "on", 66)]
    rows = [(second, "fan.a", state, {"percentage": speed}) for second, state, speed in speeds]
    assert told(tmp_path, *rows)[0] == ["turn_off", "turn_on", "set_percentage"]


@pytest.mark.parametrize(
    ("seen", "commands", "reasons"),
    [
        (["on", "unavailable", "on", "off"], ["turn_off"], {FIRST: 1, AWAY: 1, BACK_AS_BEFORE: 1}),
        (["on", "unknown", "off", "on"], ["turn_on"], {FIRST: 1, AWAY: 1, BACK_OTHERWISE: 1}),
        (["unavailable", "on"], [], {AWAY: 1, FIRST: 1}),
        (["on", None, "on", "off"], ["turn_off"], {FIRST: 1, REMOVED: 1, BACK_AS_BEFORE: 1}),
        (["on", "", "off"], [], {FIRST: 1, REMOVED: 1, BACK_OTHERWISE: 1}),
        (["on", "on"], [], {FIRST: 1, NOTHING: 1}),
        (["on", "strange", "off"], ["turn_off"], {FIRST: 1, UNNAMED: 1}),
    ],
)
def test_rows_that_show_no_action(
    tmp_path: Path, seen: list[str | None], commands: list[str], reasons: dict[str, int]
) -> None:
    assert told(tmp_path, *states(LIGHT, *seen)) == (commands, reasons)


def test_reports_ways_and_what_ends_by_itself_are_told_apart(tmp_path: Path) -> None:
    rows = [
        *states("lock.a", "locked", "jammed", "locked"),
        *states("cover.a", "closed", "opening", "open"),
        *states("script.a", "on", "off"),
    ]
    reasons = told(tmp_path, *rows)[1]
    assert reasons == {FIRST: 3, REPORT: 1, NOTHING: 1, ARRIVED: 1, BY_ITSELF: 1}


def test_what_a_restart_finds_changed_is_no_action(tmp_path: Path) -> None:
    rows = [*states("switch.a", "off", "on", "off"), *states("switch.b", "off", "off", "on")]
    starts = ["2024-03-28 20:00:00.000000", "2024-03-29 00:02:30.000000"]
    events, tally = read(build(tmp_path / "home.db", [*rows, (300, "switch.b", "off")], starts=starts))
    assert actions(events) == ["switch.a:turn_on", "switch.b:turn_off"]
    assert tally.dropped[BACK_OTHERWISE].count == 2
    assert tally.dropped[BACK_OTHERWISE].first == "row 3 (switch.a 'off')"


def test_a_back_in_time_row_is_read_in_its_place(tmp_path: Path) -> None:
    rows = [(0, LIGHT, "off"), (200, LIGHT, "off"), (100, LIGHT, "on")]
    assert told(tmp_path, *rows)[0] == ["turn_on", "turn_off"]


def test_readings_are_counted_by_domain(tmp_path: Path) -> None:
    motion, door = {"device_class": "motion"}, {"device_class": "door"}
    rows = [
        *states("sensor.power", "1", "2", "3"),
        *states("automation.a", "on", "off"),
        *states("number.a", "1", "2"),
        *[(second, "binary_sensor.hall", state, motion) for second, state in ((0, "off"), (9, "on"))],
        *[(second, "binary_sensor.plain", state) for second, state in ((0, "off"), (9, "on"))],
        *[(place, "binary_sensor.door", state, door) for place, state in enumerate(("off", "on", "off"))],
    ]  # fmt: skip
    commands, reasons = told(tmp_path, *rows)
    assert commands == ["open", "close"]
    assert reasons == {
        f"{READING} sensor": 3,
        f"{READING} automation": 2,
        f"{READING} number": 2,
        f"{READING} binary_sensor (motion)": 2,
        f"{READING} binary_sensor": 2,
        FIRST: 1,
    }


DOOR = "binary_sensor.front_door"
TELLS = {"device_class": "door"}


@pytest.mark.parametrize("damaged", ['{"device_class": "doo', "", '["device_class"]', "[" * 100_000])
def test_a_door_stays_one_though_its_newest_attributes_are_damaged(tmp_path: Path, damaged: str) -> None:
    rows = [(0, DOOR, "off", TELLS), (60, DOOR, "on", TELLS | {"battery": 50}), (120, DOOR, "off", {})]
    rows += [(second, DOOR, state, damaged) for second, state in ((180, "on"), (240, "off"))]
    events, tally = read(build(tmp_path / "home.db", rows))
    assert actions(events) == [f"{DOOR}:{command}" for command in ("open", "close", "open", "close")]
    assert {what: (one.count, one.first) for what, one in tally.repaired.items()} == {
        NO_JSON: (1, f"attributes_id 4 ({DOOR})")
    }


def test_a_class_that_no_attributes_tell_is_unknown_only_where_some_are_damaged(tmp_path: Path) -> None:
    rows = [
        *[(place, DOOR, state, "{") for place, state in enumerate(("off", "on"))],
        (9, DOOR, "off", {"battery": 50}),
        *states("binary_sensor.plain", "off", "on", "off"),
        *[(second, "binary_sensor.null", "on", {"device_class": None}) for second in (0, 9)],
        (4, "binary_sensor.null", "off", "{"),
        *states(LIGHT, "off", "on"),
    ]
    path = build(tmp_path / "home.db", rows)
    events, tally = read(path)
    assert actions(events) == ["light.kitchen:turn_on"]
    dropped = {reason: (one.count, one.first) for reason, one in tally.dropped.items()}
    assert dropped == {
        NO_CLASS: (3, f"row 1 ({DOOR})"),
        f"{READING} binary_sensor": (6, "row 4 (binary_sensor.plain)"),
        FIRST: (1, "row 10 (light.kitchen 'off')"),
    }
    assert {what: one.count for what, one in tally.repaired.items()} == {NO_JSON: 1}
    events, tally = read(path, include=[DOOR])
    assert actions(events) == [f"{DOOR}:detected", f"{DOOR}:cleared", "light.kitchen:turn_on"]
    assert {what: (one.count, one.first) for what, one in tally.repaired.items()} == {
        NO_JSON: (1, f"attributes_id 1 ({DOOR})"),
        f"{NO_CLASS}, taken for no door or window": (1, DOOR),
    }


def test_include_lets_in_and_exclude_leaves_out(tmp_path: Path) -> None:
    rows = [
        *states("binary_sensor.hall", "off", "on", "off"),
        *states("automation.dusk", "on", "off"),
        *states("person.a", "home", "not_home", "work", "home"),
        *states(LIGHT, "off", "on"),
    ]
    path = build(tmp_path / "home.db", rows)
    include = ["binary_sensor.*", "automation.dusk", "person.*", "light.[k]*", "sensor.none"]
    events, tally = read(path, include=include, exclude=["light.*", "nothing.*"])
    assert Counter(actions(events)) == {
        "binary_sensor.hall:detected": 1,
        "binary_sensor.hall:cleared": 1,
        "automation.dusk:turn_off": 1,
        "person.a:leave": 1,
        "person.a:arrive": 1,
    }
    assert tally.dropped[EXCLUDED].count == 2
    assert [note.split("'")[1] for note in tally.notes] == ["sensor.none", "nothing.*"]


def test_what_never_happened_can_still_be_done(tmp_path: Path) -> None:
    rows = [
        *states("climate.cooler", "off"),
        *states("media_player.a", "playing", "paused"),
        (1, LIGHT, None),
    ]
    assert set(read(build(tmp_path / "home.db", rows))[0].idle) == {
        "climate.cooler:turn_on",
        "climate.cooler:turn_off",
        "media_player.a:turn_on",
        "media_player.a:turn_off",
        "media_player.a:media_play",
        "media_player.a:media_stop",
        "light.kitchen:turn_on",
        "light.kitchen:turn_off",
    }


def test_null_columns_are_counted(tmp_path: Path) -> None:
    rows = [(0, LIGHT, "off"), (None, LIGHT, "on"), ("soon", LIGHT, "on"), (-MIDNIGHT, LIGHT, "on")]
    path = build(tmp_path / "home.db", [*rows, (1, None, "on"), (1, None, None)])
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO states (state, last_updated_ts, metadata_id) VALUES ('on', 1e9, 99)")
        connection.execute("INSERT INTO states_meta VALUES (98, NULL)")
        connection.execute("INSERT INTO states (state, last_updated_ts, metadata_id) VALUES ('on', 1e9, 98)")
    dropped = read(path)[1].dropped
    assert {reason: one.count for reason, one in dropped.items()} == {
        NO_ENTITY: 4,
        "has no time": 3,
        FIRST: 1,
    }
    assert dropped[NO_ENTITY].first == "row 5, metadata_id NULL"


def test_attributes_that_are_no_json_are_told(tmp_path: Path) -> None:
    rows = [
        (0, LIGHT, "off", "{"),
        (100, LIGHT, "on", "[1]"),
        (200, LIGHT, "on"),
        (300, LIGHT, "on", "[" * 9**5),
    ]
    events, tally = read(build(tmp_path / "home.db", rows))
    assert actions(events) == ["light.kitchen:turn_on"]
    assert [one.count for one in tally.repaired.values()] == [2]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seen=st.lists(st.sampled_from(["on", "off", "unavailable", "unknown", None, "strange"]), min_size=1),
    gaps=st.lists(st.integers(0, 100), min_size=50, max_size=50),
)
def test_every_row_is_counted_and_only_gaps_break_the_alternation(
    tmp_path_factory: pytest.TempPathFactory, seen: list[str | None], gaps: list[int]
) -> None:
    seconds = np.cumsum(gaps).tolist()
    rows = [(second, LIGHT, state) for second, state in zip(seconds, seen, strict=False)]
    events, tally = read(build(tmp_path_factory.mktemp("home") / "home.db", rows))
    assert tally.rows == len(rows)
    commands = actions(events)
    if BACK_OTHERWISE not in tally.dropped:
        assert all(one != other for one, other in itertools.pairwise(commands))
    assert {*commands, *events.idle} == {"light.kitchen:turn_on", "light.kitchen:turn_off"}
