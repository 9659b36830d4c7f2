import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.clock import WallClock, known_zone, local_offsets, to_utc

BERLIN = ZoneInfo("Europe/Berlin")
ODD = ["Africa/Casablanca", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
ZONES = [*ODD, *random.Random(0).sample(sorted(available_timezones()), 15)]
END = int(datetime(2100, 12, 31, tzinfo=UTC).timestamp())
EPOCH = datetime(1970, 1, 1)


def wall(*texts: str) -> np.ndarray:
    return np.array([np.datetime64(text, "ms").astype(np.int64) for text in texts], dtype=np.int64)


def utc(milliseconds: np.ndarray) -> list[str]:
    return [str(np.datetime64(int(value), "ms"))[:16] for value in milliseconds]


@pytest.mark.parametrize("name", ZONES)
def test_offsets_and_wall_clock_are_those_of_datetime(name: str) -> None:
    zone, draw = ZoneInfo(name), random.Random(name)
    seconds = np.array([draw.randrange(END) for _ in range(200)])
    offsets = [datetime.fromtimestamp(second, zone).utcoffset() for second in seconds.tolist()]
    found = local_offsets(seconds, zone)
    assert found.dtype == np.int32
    assert found.tolist() == [offset.total_seconds() for offset in offsets if offset is not None]
    local = (seconds + found) * 1000
    moments = [EPOCH + timedelta(milliseconds=value) for value in local.tolist()]
    expected = [moment.replace(tzinfo=zone).timestamp() * 1000 for moment in moments]
    assert WallClock(zone).to_utc(local)[0].tolist() == expected


@given(st.integers(0, END), st.sampled_from(ZONES))
def test_to_utc_turns_local_time_back(second: int, name: str) -> None:
    zone, seconds = ZoneInfo(name), np.array([second])
    local = (seconds + local_offsets(seconds, zone)) * 1000
    back, twice, missing = to_utc(local, zone)
    assert not missing.any()
    assert twice.any() or back.tolist() == [second * 1000]


@pytest.mark.parametrize(
    "name", ["Berlin", "Europe", "", "../etc/passwd", "\0", "CET+99", "Europe/Berln", "CEST"]
)
def test_an_unknown_zone_is_named_with_an_example(name: str) -> None:
    with pytest.raises(
        SmartgenError, match=r"^dataset\.zone is .*, which is no known.*dataset\.zone=\w+/\w+$"
    ):
        known_zone(name)


def test_an_hour_that_comes_twice_is_the_first_without_a_sign() -> None:
    found, twice, missing = to_utc(wall("2024-10-27T01:30", "2024-10-27T02:30", "2024-10-27T03:30"), BERLIN)
    assert utc(found) == ["2024-10-26T23:30", "2024-10-27T00:30", "2024-10-27T02:30"]
    assert twice.tolist() == [False, True, False]
    assert not missing.any()


NIGHT = ["01:59", "02:10", "02:50", "02:05", "02:40", "03:10"]
TURNS = ["23:59", "00:10", "00:50", "01:05", "01:40", "02:10"]


@pytest.mark.parametrize("cut", range(7))
def test_a_step_back_begins_the_second_turn_in_any_cut_into_blocks(cut: int) -> None:
    local, clock = wall(*(f"2024-10-27T{time}" for time in NIGHT)), WallClock(BERLIN)
    blocks = [clock.to_utc(block) for block in (local[:cut], local[cut:])]
    found, twice, _ = (np.concatenate(columns) for columns in zip(*blocks, strict=True))
    found[twice] += clock.later()
    assert [text[11:] for text in utc(found)] == TURNS


def test_a_log_with_the_newest_row_first_is_read_from_its_end() -> None:
    found, _, _ = to_utc(wall(*(f"2024-10-27T{time}" for time in reversed(NIGHT))), BERLIN)
    assert [text[11:] for text in utc(found)] == TURNS[::-1]


def test_rows_that_trade_places_by_seconds_begin_no_second_turn() -> None:
    rows = wall("2024-10-27T02:10:03", "2024-10-27T02:10:01", "2024-10-27T02:20:00")
    assert [text[11:] for text in utc(to_utc(rows, BERLIN)[0])] == ["00:10", "00:10", "00:20"]


def test_rows_of_another_stretch_of_the_file_are_judged_apart() -> None:
    rows = wall("2024-10-27T02:50", "2024-10-27T03:50", "2024-10-26T12:00", "2024-10-27T02:10")
    assert [text[11:] for text in utc(to_utc(rows, BERLIN)[0])] == ["00:50", "02:50", "10:00", "00:10"]


def test_a_time_that_was_skipped_moves_forward_by_the_gap() -> None:
    found, twice, missing = to_utc(wall("2024-03-31T01:59", "2024-03-31T02:30", "2024-03-31T03:00"), BERLIN)
    assert utc(found) == ["2024-03-31T00:59", "2024-03-31T01:30", "2024-03-31T01:00"]
    assert missing.tolist() == [False, True, False]
    assert not twice.any()


def test_no_rows_are_no_trouble() -> None:
    clock = WallClock(BERLIN)
    assert clock.to_utc(wall())[0].tolist() == []
    assert clock.later().tolist() == []
