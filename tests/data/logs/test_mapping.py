import random
from collections.abc import Iterable
from pathlib import Path

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings

from smartgen.core.errors import SmartgenError
from smartgen.data.logs import csv_rows, item_states
from smartgen.data.logs.events import Events
from smartgen.data.logs.home_clock import TWICE
from smartgen.data.logs.item_states import AS_BEFORE
from smartgen.data.logs.mapping import NOTHING, READING, SHIPPED, UNNAMED, load_mapping
from smartgen.data.logs.tables import read_csv, read_parquet
from smartgen.data.logs.tally import Tally
from smartgen.logs_settings import LogsSettings

GOOD = "columns: {time: t, device: d, value: v}\n"


def saved(folder: Path, text: str) -> str:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "attribute", "value", "told"),
    [
        ("openhab", None, "ON", ("on", "")),
        ("openhab", None, "Closed", ("close", "")),
        ("openhab", None, "NULL", (None, NOTHING)),
        ("openhab", None, "21.5 °C", (None, READING)),
        ("openhab", None, "55", (None, READING)),
        ("openhab", None, "120,50,30", (None, UNNAMED)),
        ("openhab", None, "2024-03-01T07:00:00.000+0100", (None, UNNAMED)),
        ("smartthings", "switch", "on", ("switch on", "")),
        ("smartthings", "Switch", "off", ("switch off", "")),
        ("smartthings", "contact", "closed", ("contact close", "")),
        ("smartthings", "lock", "unlocked with timeout", ("lock unlock", "")),
        ("smartthings", "level", "40", ("level set", "")),
        ("smartthings", "temperature", "21.5", (None, READING)),
        ("smartthings", "door", "opening", (None, NOTHING)),
    ],
)
def test_the_shipped_mappings_say_what_a_value_means(
    name: str, attribute: str | None, value: str, told: tuple[str | None, str]
) -> None:
    assert load_mapping(name).command(value, attribute) == told


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_mapping_explains_each_key_on_its_line(name: str) -> None:
    import smartgen.data.logs as package

    path = Path(package.__path__[0], "mappings", f"{name}.yaml")
    for line in path.read_text(encoding="utf-8").splitlines():
        assert "# " in line, line
    assert load_mapping(str(path)) == load_mapping(name)


def test_numbers_and_others_are_kept_or_left_out_as_asked(tmp_path: Path) -> None:
    kept = load_mapping(saved(tmp_path, GOOD + "numbers: set\nothers: keep\n"))
    assert kept.command("-3,5 %") == ("set", "")
    assert kept.command("Sunny") == ("Sunny", "")
    left = load_mapping(saved(tmp_path, GOOD + "others: drop\ncommands: {1: 'on'}\n"))
    assert left.command("1") == ("on", "")
    assert left.command("2") == (None, READING)
    assert left.command("Sunny") == (None, UNNAMED)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is None, expected a table"),
        ("[1, 2", "not YAML"),
        ("!!python/object/apply:os.system [ls]", "not YAML"),
        ("a: &a [*a]", "no key a, expected columns"),
        (GOOD + "attribtes: [x]", "no key attribtes, expected columns, attributes"),
        ("columns: {time: t, device: d, value: v, room: r}", "no key columns.room, expected time"),
        ("columns: {time: t, device: d}", "expected exactly one of action and value"),
        ("columns: {time: t, device: d, value: v, action: a}", "expected exactly one of action and value"),
        ("columns: {device: d, value: v}", "columns has no time"),
        ("columns: {time: [], device: d, value: v}", "columns.time is empty"),
        ("columns: {time: ' ', device: d, value: v}", "columns.time has an empty text"),
        (GOOD + "attributes: [switch]", "expected columns.attribute along with it"),
        (GOOD + "commands: {ON: 'on'}", "commands has True, expected a text; on, off, yes, no"),
        (GOOD + "commands: [on]", "commands is [True], expected a table"),
        (GOOD + "skip: [NULL]", "skip has None, expected a text"),
        (GOOD + "numbers: 1.5", "numbers has 1.5, expected a text"),
        (GOOD + "others: maybe", "others is 'maybe', expected keep or drop"),
        (GOOD + "repeats: true", "repeats has True, expected a text"),
        (GOOD + "repeats: none", "repeats is 'none', expected keep or drop"),
        (GOOD + "events: [on]", "events has True, expected a text"),
        ("columns: 2024-02-31", "not YAML"),
    ],
)
def test_a_wrong_mapping_is_one_line_with_file_and_key(text: str, told: str, tmp_path: Path) -> None:
    name = saved(tmp_path, text)
    with pytest.raises(SmartgenError) as caught:
        load_mapping(name)
    assert str(caught.value).startswith(f"{name}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mapping_that_is_no_file_is_told_with_those_shipped(tmp_path: Path) -> None:
    with pytest.raises(
        SmartgenError, match=r"cannot be read .*; expected openhab, smartthings or a YAML file"
    ):
        load_mapping("openhub")
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SmartgenError, match="not UTF-8"):
        load_mapping(str(path))


SEVEN = 1709276400  # 2024-03-01 07:00 UTC
Row = tuple[int | str, str, str]  # seconds after seven or a time, item, state


def read(
    folder: Path, rows: Iterable[Row], mapping: str = "openhab", zone: str = "UTC"
) -> tuple[list[str], Tally]:
    """Actions in time order, and what was counted."""
    path, tally = folder / "home.csv", Tally()
    cells = [(SEVEN + time if isinstance(time, int) else time, item, state) for time, item, state in rows]
    path.write_text("\n".join(["time,item,state", *(",".join(map(str, row)) for row in cells)]))
    events = read_csv(LogsSettings(path=str(path), mapping=mapping, zone=zone), path, tally)
    return checked(events, tally)


def checked(events: Events, tally: Tally) -> tuple[list[str], Tally]:
    assert len(events.times) == len(events.offsets) == len(events.actions) == tally.left
    order = sorted(range(tally.left), key=events.times.tolist().__getitem__)
    return [events.names[events.actions[row]] for row in order], tally


def counted(tally: Tally) -> dict[str, tuple[int, str]]:
    return {reason: (one.count, one.first) for reason, one in tally.dropped.items()}


def own(folder: Path, text: str) -> str:
    return saved(folder, f"columns: {{time: time, device: item, value: state}}\nrepeats: drop\n{text}")


def every_minute(item: str, *states: str) -> list[Row]:
    return [(60 * minute, item, state) for minute, state in enumerate(states)]


def test_a_state_that_is_written_every_minute_is_one_action(tmp_path: Path) -> None:
    lamp = every_minute("lamp", *["ON"] * 300, *["OFF"] * 100, "ON")
    door = every_minute("door", *["CLOSED"] * 200, "OPEN", "CLOSED")
    actions, tally = read(tmp_path, sorted([*lamp, *door]))
    assert sorted(actions) == ["door:close"] * 2 + ["door:open"] + ["lamp:off"] + ["lamp:on"] * 2
    assert counted(tally) == {AS_BEFORE: (401 + 202 - 6, "line 4: 'door:close'")}


@pytest.mark.parametrize("block", [1, 3, 1 << 15])
def test_what_a_row_changes_is_judged_in_time_order(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK", block)
    monkeypatch.setattr(item_states, "BLOCK", block)
    rows = [
        *every_minute("lamp", "ON", "ON", "OFF", "OFF", "OFF", "ON"),
        (0, "fan", "OFF"),
        (70, "fan", "OFF"),
    ]
    rows.sort()
    shuffled = (random.Random(seed).sample(rows, len(rows)) for seed in range(5))
    for mixed in (rows, rows[::-1], rows[4:] + rows[:4], *shuffled):
        actions, tally = read(tmp_path, mixed)
        assert sorted(actions) == ["fan:off", "lamp:off", "lamp:on", "lamp:on"]
        dropped = [place for place, row in enumerate(mixed) if row[0] in (60, 70, 180, 240)]
        assert counted(tally)[AS_BEFORE][0] == len(dropped) == 4
        assert counted(tally)[AS_BEFORE][1].startswith(f"line {min(dropped) + 2}: ")
        assert tally.notes == []


def test_rows_of_one_second_follow_the_file_either_way(tmp_path: Path) -> None:
    rows = [
        (0, "lamp", "OFF"),
        (9, "lamp", "ON"),
        (9, "lamp", "OFF"),
        (20, "lamp", "OFF"),
        (30, "lamp", "ON"),
    ]
    for some in (rows, rows[::-1]):
        actions, tally = read(tmp_path, some)
        assert sorted(actions) == ["lamp:off", "lamp:off", "lamp:on", "lamp:on"]
        assert tally.dropped[AS_BEFORE].count == 1


def test_the_hour_that_comes_twice_is_in_its_order(tmp_path: Path) -> None:
    times = ["2024-10-27T01:00", "2024-10-27T02:50", "2024-10-27T02:10", "2024-10-27T02:20"]
    rows = list(zip(times, ["lamp"] * 4, ["OFF", "ON", "ON", "OFF"], strict=True))
    actions, tally = read(tmp_path, rows, zone="Europe/Berlin")
    assert actions == ["lamp:off", "lamp:on", "lamp:off"]
    assert counted(tally) == {AS_BEFORE: (1, "line 4: 'lamp:on'")}
    assert tally.repaired[TWICE].count == 3


def test_what_says_nothing_changes_nothing_and_spelling_neither(tmp_path: Path) -> None:
    rows = every_minute("lamp", "ON", "NULL", " on", "UNDEF", "-", "On ", "OFF")
    actions, tally = read(tmp_path, [*rows, (999, " lamp ", "off")])
    assert actions == ["lamp:on", "lamp:off"]
    assert counted(tally) == {AS_BEFORE: (3, "line 4: 'lamp:on'"), NOTHING: (3, "line 3: 'lamp NULL'")}


def test_what_a_mapping_leaves_out_is_a_state_between_all_the_same(tmp_path: Path) -> None:
    states = ["ON", "0", "ON", "ON", "Dimmed", "ON"]
    actions, tally = read(tmp_path, every_minute("lamp", *states))
    assert actions == ["lamp:on"] * 3
    assert counted(tally) == {
        READING: (1, "line 3: 'lamp 0'"),
        AS_BEFORE: (1, "line 5: 'lamp:on'"),
        UNNAMED: (1, "line 6: 'lamp Dimmed'"),
    }
    washer = own(tmp_path, "commands: {RUN: start}\nothers: drop")
    rows = every_minute("washer", "IDLE", "RUN", "RUN", "IDLE", "IDLE", "RUN")
    assert read(tmp_path, rows, washer)[0] == ["washer:start"] * 2
    assert read(tmp_path, rows[::-1], washer)[0] == ["washer:start"] * 2


def test_a_number_that_stays_is_no_action_where_numbers_are(tmp_path: Path) -> None:
    rows = every_minute("dimmer", "40", "40", "60", "60", "40", "40", "0")
    actions, tally = read(tmp_path, rows, own(tmp_path, "numbers: set"))
    assert actions == ["dimmer:set"] * 4
    assert counted(tally) == {AS_BEFORE: (3, "line 3: 'dimmer:set'")}
    actions, tally = read(tmp_path, [*rows, (0, "lamp", "ON")])
    assert (actions, counted(tally)) == (["lamp:on"], {READING: (7, "line 2: 'dimmer 40'")})


def test_a_command_is_an_action_each_time_and_no_state(tmp_path: Path) -> None:
    actions, tally = read(tmp_path, every_minute("tv", "PLAY", "NEXT", "NEXT", "PLAY", "PAUSE", "NEXT"))
    assert actions == ["tv:play", "tv:next", "tv:next", "tv:pause", "tv:next"]
    assert counted(tally) == {AS_BEFORE: (1, "line 5: 'tv:play'")}
    assert read(tmp_path, every_minute("shade", "UP", "UP"))[0] == ["shade:open"] * 2


def test_rows_of_events_are_actions_though_they_repeat(tmp_path: Path) -> None:
    text = Path(item_states.__file__).with_name("mappings").joinpath("openhab.yaml").read_text()
    kept = saved(tmp_path, text.replace("repeats: drop", "repeats: keep"))
    for mapping in (kept, saved(tmp_path, "columns: {time: time, device: item, action: state}")):
        actions, tally = read(tmp_path, every_minute("lamp", "ON", "ON", "ON"), mapping)
        assert (len(actions), tally.dropped) == (3, {})
    assert load_mapping("smartthings").repeats
    assert not load_mapping("openhab").repeats


def test_each_attribute_of_a_device_has_a_state_of_its_own(tmp_path: Path) -> None:
    columns = "columns: {time: t, device: d, attribute: a, value: v}"
    mapping = saved(tmp_path, f"{columns}\nattributes: [switch, mute]\nrepeats: drop\nevents: [pushed]")
    cells = [("switch", "on"), ("mute", "on"), ("Switch", "on"), ("power", "5"), ("mute", "off")]
    cells += [("switch", "on"), ("switch", "pushed"), ("switch", "pushed")]
    columns_of = {
        "t": [SEVEN + place for place in range(len(cells))],
        "d": ["tv"] * len(cells),
        "a": [attribute for attribute, _ in cells],
        "v": [value for _, value in cells],
    }
    path, tally = tmp_path / "home.parquet", Tally()
    pq.write_table(pa.table(columns_of), path)
    actions, _ = checked(read_parquet(LogsSettings(mapping=mapping, zone="UTC"), path, tally), tally)
    assert actions == ["tv:switch on", "tv:mute on", "tv:mute off", "tv:switch pushed", "tv:switch pushed"]
    assert counted(tally) == {AS_BEFORE: (2, "row 3: 'tv:switch on'"), READING: (1, "row 4: 'tv power 5'")}


def test_what_was_not_seen_of_a_log_in_no_order_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = every_minute("lamp", "ON", "0", "ON", "0", "ON")
    by_state = sorted(rows, key=lambda row: row[2])
    assert read(tmp_path, by_state)[1].notes == []  # all in one block
    monkeypatch.setattr(csv_rows, "BLOCK", 2)
    actions, tally = read(tmp_path, by_state)
    assert actions == ["lamp:on"]
    (note,) = tally.notes
    assert note.startswith("rows are not in time order, and 1 items, as 'lamp', have values that the mapping")
    for sound in (rows, rows[::-1], [(900, "lamp", "7"), *rows[::-1]]):
        actions, tally = read(tmp_path, sound)
        assert (actions, tally.notes) == (["lamp:on"] * 3, [])


def changing(rows: list[Row]) -> list[str]:
    """By the rule, one row after the other in time order."""
    state_of: dict[str, str] = {}
    found = []
    mapping = load_mapping("openhab")
    for _, item, state in sorted(rows, key=lambda row: row[0]):
        command, reason = mapping.command(state)
        if reason == NOTHING:
            continue
        if command and (state == "NEXT" or state_of.get(item) != state):
            found.append(f"{item}:{command}")
        if state != "NEXT":
            state_of[item] = state
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.sampled_from("abc"),
            st.sampled_from(["ON", "OFF", "NULL", "7", "8", "Sunny", "NEXT"]),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from([1, 2, 7, 1 << 15]),
    st.sampled_from(["rising", "falling", "mixed"]),
)
@example([(1, "a", "ON"), (2, "a", "7"), (3, "a", "ON"), (0, "a", "7")], 1 << 15, "mixed")
def test_the_rule_holds_for_any_rows_in_any_order(
    tmp_path: Path, rows: list[Row], block: int, order: str
) -> None:
    if order != "mixed":
        rows = sorted(rows, key=lambda row: row[0], reverse=order == "falling")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "BLOCK", block)
        patch.setattr(item_states, "BLOCK", max(block, 2))
        actions, tally = read(tmp_path, rows)
    assert tally.rows == len(rows)
    if order != "mixed":
        assert tally.notes == []
    if not tally.notes:
        assert actions == changing(rows)
    states = [name for name in actions if not name.endswith("next")]
    assert len(states) <= sum(state in ("ON", "OFF") for _, _, state in rows)
