"""Devices and actions of lines are named as a log's rows are, so that a home knows its own again."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Behavior
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.logs.events import action_name
from smartgen.data.logs.learned import learned_vocabulary
from smartgen.data.logs.log import read_log
from smartgen.data.release import contexts, datasets, parts, read_part, read_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.logs_settings import LogsSettings
from smartgen.scoring.lines import resolved, told_by
from smartgen.scoring.names import named

ROWS = [("zwave:lamp", "turn_on"), (" lamp ", "turn_off"), ("tv", "play"), ("tv", "scene:movie  night")]
TEXTS = st.text(" \t:.abß\u00a0", min_size=1, max_size=6).filter(str.strip)
COMMANDS = st.text(" \tabß\u00a0", min_size=1, max_size=6).filter(str.strip)


def learned(*names: str) -> Vocabulary:
    """The home of a log."""
    return learned_vocabulary(names, (), LogsSettings("home"))


def told(vocabulary: Vocabulary, **words: str) -> tuple[list[Behavior], list[dict[str, Any]]]:
    """What a line of one behavior is for a home: its behaviors, and the words that it does not have."""
    line = json.dumps({"day": 0, "hour": 2, **words}).encode()
    known, unknown = resolved(told_by(line).events, vocabulary)
    return known, [one.to_json() for one in unknown]


HOME = learned(*(action_name(*row) for row in ROWS))


@pytest.mark.parametrize("row", ROWS)
def test_rows_of_a_log_are_known_as_lines(row: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "home.csv"
    rows = [f"2024-05-01T07:0{i}:00+02:00,{device},{action}" for i, (device, action) in enumerate(ROWS)]
    file.write_text("\n".join(["time,device,action", *rows]))
    home = read_log(LogsSettings("home", path=str(file))).vocabulary
    assert home == HOME
    device, action = row
    name = action_name(device, action)
    wanted = [Behavior(0, 2, home.ids[2][name.partition(":")[0]], home.ids[3][name])]
    for words in (
        {"device": device, "action": action},
        {"device": device, "action": f"{device}:{action}"},
        {"device": device, "action": name},
        {"action": f"{device}:{action}"},
        {"action": name},
    ):
        assert told(home, **words) == (wanted, []), words


@given(st.lists(st.tuples(TEXTS, COMMANDS), min_size=1, max_size=5))
def test_any_row_is_named_as_the_log_reader_names_it(rows: list[tuple[str, str]]) -> None:
    home = learned(*(action_name(*row) for row in rows))
    for device, command in rows:
        name = action_name(device, command)
        assert named(device, command, home) == (name.partition(":")[0], name)
        assert named(None, name, home) == (name.partition(":")[0], name)


def test_what_a_home_lacks_is_told_as_its_log_would_name_it() -> None:
    assert told(HOME, device="zwave: fan", action=" dim  low")[1] == [
        {"position": 0, "device": "zwave. fan"},
        {"position": 0, "action": "zwave. fan:dim low"},
    ]
    for words in ({"device": "zwave:lamp", "action": " dim"}, {"action": "zwave:lamp:dim"}):
        assert told(HOME, **words) == ([], [{"position": 0, "action": "zwave.lamp:dim"}])
    assert told(HOME, device="tv", action="lamp:dim")[1] == [{"position": 0, "action": "tv:lamp:dim"}]


def test_a_word_that_the_home_has_exactly_so_stays() -> None:
    own = Vocabulary(("Hall  lamp", "Hall lamp", "a:b"), ("Hall  lamp:on", "Hall lamp:on", "a:b:go  up"))
    for device in own.devices[:2]:
        for words in ({"device": device, "action": "on"}, {"action": f"{device}:on"}):
            assert told(own, **words)[0] == [Behavior(0, 2, own.ids[2][device], own.ids[3][f"{device}:on"])]
    assert told(own, device="a:b", action="go  up")[0] == [Behavior(0, 2, 2, 2)]
    assert told(own, device="a:b", action="stop")[1] == [{"position": 0, "action": "a:b:stop"}]


def test_a_colon_in_a_command_of_the_device_is_its_own() -> None:
    home = learned("lamp:on", "tv:lamp:on", "zwave.x:on", "zwave:x:on")
    assert named("tv", "lamp:on", home) == ("tv", "tv:lamp:on")
    assert named("zwave:x", "zwave:x:on", home) == ("zwave.x", "zwave.x:on")
    assert named("zwave", "zwave:x:on", home) == ("zwave", "zwave:x:on")


@pytest.mark.parametrize("device", ["tv", "zwave:lamp", "new"])
@pytest.mark.parametrize("action", ["lamp:turn_off", " lamp: turn_off"])
def test_another_devices_action_is_an_error(device: str, action: str) -> None:
    message = f"behavior 0 has device '{device}' and action '{action}', which is one of 'lamp'"
    with pytest.raises(SmartgenError) as caught:
        told(HOME, device=device, action=action)
    assert str(caught.value) == message


def test_another_devices_action_is_an_error_in_the_demo_home() -> None:
    with pytest.raises(SmartgenError, match="which is one of 'Camera'"):
        told(demo_vocabulary(), device="Light", action="Camera:switch off")


def test_homes_whose_names_are_no_logs_pair_as_they_like() -> None:
    home = Vocabulary(("Valve", "Heater"), ("Valve:open", "Heater:on", "hum"))
    for device in home.devices:
        for action in home.actions:
            wanted = Behavior(0, 2, home.ids[2][device], home.ids[3][action])
            assert told(home, device=device, action=action)[0] == [wanted]


@pytest.mark.parametrize("name", [":" * 200_000, "a:" * 100_000 + "on", "lamp" + ":" * 40 + "turn_on"])
def test_endless_names_are_read_in_no_time(name: str) -> None:
    for words in ({"device": "lamp", "action": name}, {"device": name, "action": "turn_on"}):
        assert told(HOME, **words)[1][-1]["action"] not in HOME.ids[3]


@pytest.mark.release
def test_every_pair_of_the_release_is_taken_as_it_stands(release: Path) -> None:
    foreign = set()
    for dataset in datasets(release):
        home = read_vocabulary(release, dataset)
        pairs = {
            pair
            for context in contexts(release, dataset)
            for part in parts(release, dataset, context)
            for pair in read_part(release, dataset, context, part, home).pairs()
        }
        assert len(pairs) > 30
        for device, action in pairs:
            words = {"device": home.devices[device], "action": home.actions[action]}
            assert told(home, **words) == ([Behavior(0, 2, device, action)], [])
            if home.prefix_device(action) not in (None, device):
                foreign.add(tuple(words.values()))
    assert ("WaterValve", "Heater:switch on") in foreign
    assert ("Other", "NetworkAudio:switch off") in foreign
