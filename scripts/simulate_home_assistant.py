"""The demo household as states of Home Assistant entities, each with what it is, for make_home_assistant.py.

    python scripts/simulate_home_assistant.py --days 60 32 --out states.jsonl --truth truth.json

The recorded home of the tests is made of fewer days and fewer readings:

    python scripts/simulate_home_assistant.py --first 2024-03-25 --days 6 6 --thin 3 \\
        --out states.jsonl --truth tests/data/logs/home_assistant_2024_3.json
    ha/bin/python scripts/make_home_assistant.py states.jsonl home-assistant_v2.db
    gzip -9n < home-assistant_v2.db > tests/data/logs/home_assistant_2024_3.db.gz

Winter for some days, then spring, in Berlin, so that the clock is set forward on the way. Beside what the
household does stand sensors, a door, motion, sun, weather, a phone, fades, states on the way, times without a
connection, an entity that is removed, a lock that jams, and a restart. The truth counts what was put in, by
rules of its own: rows, kinds of rows, actions.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary

ZONE, FIRST, DAY = ZoneInfo("Europe/Berlin"), "2024-01-29", 86_400
SETTLE = 60.0  # seconds; as dataset.settle_seconds
# Demo command -> entity, new state, attribute that it sets; a state "=" stays as it is.
ON_OFF = {
    "AirPurifier": "fan.air_purifier",
    "Camera": "switch.camera",
    "Computer": "switch.computer",
    "Fan": "fan.fan",
    "Humidifier": "humidifier.humidifier",
    "Light": "light.light",
    "Microwave": "switch.microwave",
    "Oven": "switch.oven",
    "SmartPlug": "switch.smart_plug",
}
TABLE: dict[str, tuple[str, str, str]] = {
    **{f"{device}:switch on": (entity, "on", "") for device, entity in ON_OFF.items()},
    **{f"{device}:switch off": (entity, "off", "") for device, entity in ON_OFF.items()},
    "AirConditioner:switch on": ("climate.air_conditioner", "cool", ""),
    "AirConditioner:switch off": ("climate.air_conditioner", "off", ""),
    "AirConditioner:setCoolingSetpoint": ("climate.air_conditioner", "=", "temperature"),
    "AirConditioner:setFanMode": ("climate.air_conditioner", "=", "fan_mode"),
    "AirPurifier:setFanSpeed": ("fan.air_purifier", "=", "percentage"),
    "AirPurifier:setAirPurifierMode": ("fan.air_purifier", "=", "preset_mode"),
    "Blind:windowShade close": ("cover.blind", "closed", ""),
    "Blind:windowShade open": ("cover.blind", "open", ""),
    "Camera:imageCapture take": ("button.camera_snapshot", "now", ""),
    "CoffeeMaker:start": ("button.coffee_maker_start", "now", ""),
    "CoffeeMaker:setProgram": ("select.coffee_maker_program", "next", ""),
    "Dishwasher:start": ("button.dishwasher_start", "now", ""),
    "Dryer:dryerOperatingState setMachineState run": ("switch.dryer", "on", ""),
    "Dryer:dryerOperatingState setMachineState stop": ("switch.dryer", "off", ""),
    "Washer:washerOperatingState setMachineState run": ("switch.washer", "on", ""),
    "Washer:washerOperatingState setMachineState stop": ("switch.washer", "off", ""),
    "Fan:fanSpeed setFanSpeed": ("fan.fan", "=", "percentage"),
    "GarageDoor:doorControl open": ("cover.garage_door", "open", ""),
    "GarageDoor:doorControl close": ("cover.garage_door", "closed", ""),
    "Heater:switch on": ("climate.heater", "heat", ""),
    "Heater:switch off": ("climate.heater", "off", ""),
    "Heater:setHeatingSetpoint": ("climate.heater", "=", "temperature"),
    "Heater:setHeaterMode": ("climate.heater", "=", "preset_mode"),
    "Humidifier:setAutohumidity": ("humidifier.humidifier", "=", "humidity"),
    "Light:setLevel": ("light.light", "=", "brightness"),
    "Light:setColorTemperature": ("light.light", "=", "color_temp_kelvin"),
    "Light:setLightingMode": ("light.light", "=", "effect"),
    "NetworkAudio:mediaPlayback play": ("media_player.network_audio", "playing", ""),
    "NetworkAudio:mediaPlayback pause": ("media_player.network_audio", "paused", ""),
    "NetworkAudio:mediaPlayback stop": ("media_player.network_audio", "idle", ""),
    "NetworkAudio:setVolume": ("media_player.network_audio", "=", "volume_level"),
    "Oven:setOvenMode": ("select.oven_mode", "next", ""),
    "RobotCleaner:setRobotCleanerMovement cleaning": ("vacuum.robot_cleaner", "cleaning", ""),
    "RobotCleaner:setRobotCleanerMovement homing": ("vacuum.robot_cleaner", "docked", ""),
    "SmartLock:lock lock": ("lock.smart_lock", "locked", ""),
    "SmartLock:lock unlock": ("lock.smart_lock", "unlocked", ""),
    "Television:switch on": ("media_player.television", "on", ""),
    "Television:switch off": ("media_player.television", "off", ""),
    "Television:setVolume": ("media_player.television", "=", "volume_level"),
    "Television:setInputSource": ("media_player.television", "=", "source"),
    "Television:setSoundMode": ("media_player.television", "=", "sound_mode"),
    "Television:setChannel": ("select.television_channel", "next", ""),
    "Television:setPictureMode": ("select.television_picture_mode", "next", ""),
    "WaterValve:valve open": ("valve.water_valve", "open", ""),
    "WaterValve:valve close": ("valve.water_valve", "closed", ""),
}
VALUES: dict[str, list[Any]] = {
    "temperature": [20, 21, 22],
    "fan_mode": ["low", "high"],
    "percentage": [33, 66, 100],
    "preset_mode": ["eco", "comfort"],
    "humidity": [40, 50],
    "brightness": [80, 160, 255],
    "color_temp_kelvin": [2700, 4000],
    "effect": ["none", "candle"],
    "volume_level": [0.2, 0.3, 0.4],
    "source": ["TV", "HDMI 1"],
    "sound_mode": ["movie", "music"],
}
OPTIONS = ["one", "two", "three"]
# Domain or entity -> its states before the first command, and services as Home Assistant names them.
IDLE = {"cover": "closed", "valve": "closed", "lock": "locked", "vacuum": "docked", "button": "unknown"}
IDLE |= {"select": OPTIONS[0], "media_player.network_audio": "idle", "light": "on", "media_player": "on"}
NEEDS_ON = ("light", "fan", "media_player", "humidifier")
# What an entity says while it is off; None: nothing.
WHILE_OFF: dict[str, dict[str, Any]] = {
    "light": dict.fromkeys(("brightness", "color_temp_kelvin", "effect")),
    "media_player": dict.fromkeys(("volume_level", "source", "sound_mode")),
    "fan": {"percentage": 0},
}
ON_THE_WAY = {
    ("cover", "open"): ("opening", 15),
    ("cover", "closed"): ("closing", 15),
    ("lock", "locked"): ("locking", 2),
    ("lock", "unlocked"): ("unlocking", 2),
    ("vacuum", "docked"): ("returning", 90),
}
SERVICES = {
    "on": "turn_on", "off": "turn_off", "cool": "turn_on", "heat": "turn_on",
    "playing": "media_play", "paused": "media_pause", "idle": "media_stop", "cleaning": "start",
    "docked": "return_to_base", "locked": "lock", "unlocked": "unlock",
}  # fmt: skip
SETTING_SERVICES = {
    "temperature": "set_temperature", "fan_mode": "set_fan_mode", "percentage": "set_percentage",
    "preset_mode": "set_preset_mode", "humidity": "set_humidity", "brightness": "set_brightness",
    "color_temp_kelvin": "set_color_temp", "effect": "set_effect", "volume_level": "volume_set",
    "source": "select_source", "sound_mode": "select_sound_mode",
}  # fmt: skip


class Home:
    """Entities with their states, and the rows that their changes write."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.attributes: dict[str, dict[str, Any]] = {}
        self.busy: dict[str, float] = {}  # until when an entity is on its way
        self.moved: dict[tuple[str, str], float] = {}
        self.rows: list[dict[str, Any]] = []

    def write(
        self, time: float, entity: str, state: str | None, kind: str, action: str = "", **own: Any
    ) -> None:
        """A row of ``states`` and what it is; state None: the entity is removed."""
        said = self.attributes.setdefault(entity, {}) | own
        if state == "off":
            said |= {name: off for name, off in WHILE_OFF.get(domain_of(entity), {}).items() if name in said}
        row = {"time": time, "entity": entity, "state": state, "attributes": said}
        self.rows.append(row | {"kind": kind, "action": f"{entity}:{action}" if action else ""})

    def begin(self, time: float, entity: str, state: str, **attributes: Any) -> None:
        """An entity's first row."""
        self.states[entity], self.attributes[entity] = state, attributes
        self.write(time, entity, state, "first")

    def command(self, time: float, entity: str, state: str, attribute: str) -> None:
        """What a person does, if it has an effect."""
        now = self.states[entity]
        if time < self.busy.get(entity, 0):
            return
        if state == "now":
            self.states[entity] = datetime.fromtimestamp(time, UTC).isoformat()
            self.write(time, entity, self.states[entity], "action", "press")
        elif attribute:
            if not (domain_of(entity) in NEEDS_ON and now == "off"):
                self._set(time, entity, attribute)
        else:
            wanted = OPTIONS[(OPTIONS.index(now) + 1) % len(OPTIONS)] if state == "next" else state
            if wanted != now:
                self._become(time, entity, wanted)

    def _become(self, time: float, entity: str, state: str) -> None:
        self.states[entity] = state
        domain = domain_of(entity)
        service = SERVICES.get(state, "select_option")
        if domain in ("cover", "valve"):
            service = f"{'open' if state == 'open' else 'close'}_{domain}"
        if (domain, state) == ("light", "on"):
            self._fade_in(time, entity)
        elif (domain, state) in ON_THE_WAY:
            passing, seconds = ON_THE_WAY[domain, state]
            self.write(time, entity, passing, "action", service)
            self.write(time + seconds, entity, state, "arrival")
            self.busy[entity] = time + seconds + 1
        else:
            self.write(time, entity, state, "action", service)

    def _fade_in(self, time: float, entity: str) -> None:
        """A light comes on in four steps, the last of which is its brightness."""
        full = self.attributes[entity]["brightness"]
        self.write(time, entity, "on", "action", "turn_on", brightness=full // 4)
        for step in (2, 3, 4):
            self.write(time + step - 1, entity, "on", "settling", brightness=full * step // 4)
        self.moved[entity, "brightness"] = time + 3
        self.busy[entity] = time + 4

    def _set(self, time: float, entity: str, attribute: str) -> None:
        values, now = VALUES[attribute], self.attributes[entity].get(attribute)
        value = values[(values.index(now) + 1) % len(values)]
        steps = [(now + value) // 2, value] if attribute == "brightness" else [value]  # a fade
        for number, step in enumerate(steps):
            self.attributes[entity][attribute] = step
            at = time + number
            settled = at - self.moved.get((entity, attribute), -SETTLE) >= SETTLE
            self.moved[entity, attribute] = at
            action = SETTING_SERVICES[attribute] if settled else ""
            self.write(at, entity, self.states[entity], "action" if settled else "settling", action)
        self.busy[entity] = time + 2


def domain_of(entity: str) -> str:
    return entity.partition(".")[0]


def events(seed: int, first: datetime, days: tuple[int, int]) -> Iterator[tuple[float, str]]:
    """UTC seconds and demo action, winter then spring; the first day is a Monday."""
    actions, start = demo_vocabulary().actions, 0
    for context, length in zip(("winter", "spring"), days, strict=True):
        left_out = start % 7  # the simulated calendar begins on a Monday
        lived = simulate(context, seed, left_out + length)
        assert lived.times is not None
        midnight = lived.times[0] // DAY * DAY + left_out * DAY
        for second, behavior in zip((lived.times - midnight).tolist(), lived.values.tolist(), strict=True):
            if second >= 0:
                wall = first + timedelta(days=start, seconds=second)
                yield wall.replace(tzinfo=ZONE).timestamp(), actions[behavior[3]]
        start += length


def play(home: Home, seed: int, first: datetime, days: tuple[int, int], thin: int) -> float:
    """All rows, in whatever order; returns when Home Assistant is started anew."""
    start = first.replace(tzinfo=ZONE).timestamp()
    for entity in sorted({entity for entity, _, _ in TABLE.values()}):
        domain = domain_of(entity)
        names = {attribute for other, _, attribute in TABLE.values() if other == entity and attribute}
        own: dict[str, Any] = {name: VALUES[name][0] for name in names}
        own |= {"options": OPTIONS} if domain == "select" else {}
        home.begin(start, entity, IDLE.get(entity, IDLE.get(domain, "off")), **own)
    home.begin(start, "binary_sensor.front_door", "off", device_class="door")
    home.begin(start, "lock.cellar", "locked")
    home.begin(start, "switch.garden", "off")
    home.begin(start, "script.good_night", "off")
    end = start
    for time, action in events(seed, first, days):
        if action in TABLE:  # all but refreshes, and what has no counterpart
            home.command(time, *TABLE[action])
            end = max(end, time)
    _doors(home)
    _scripts(home)
    _readings(home, start, end, thin)
    _warmth(home, start, end, 1800 * thin)
    _outages(home, start, end)
    return _faults(home, start, sum(days))


def _doors(home: Home) -> None:
    """The front door opens behind its lock."""
    for row in [row for row in home.rows if row["action"] == "lock.smart_lock:unlock"]:
        for after, state, command in ((4, "on", "open"), (11, "off", "close")):
            home.write(row["time"] + after, "binary_sensor.front_door", state, "action", command)


def _scripts(home: Home) -> None:
    """A script runs three seconds after the television was turned off."""
    for row in [row for row in home.rows if row["action"] == "media_player.television:turn_off"]:
        home.write(row["time"] + 3, "script.good_night", "on", "action", "turn_on")
        home.write(row["time"] + 5, "script.good_night", "off", "by itself")


def _readings(home: Home, start: float, end: float, thin: int) -> None:
    """What only reports."""
    plan: tuple[tuple[str, int, Callable[[int], str]], ...] = (
        ("sensor.living_room_temperature", 600, lambda n: f"{19 + n % 30 / 10:.1f}"),
        ("sensor.power", 900, lambda n: str(40 + n * 37 % 500)),
        ("sensor.humidity", 1800, lambda n: str(40 + n % 20)),
        ("sun.sun", DAY // 2, lambda n: ("above_horizon", "below_horizon")[n % 2]),
        ("weather.home", DAY // 3, lambda n: ("sunny", "rainy", "cloudy")[n % 3]),
        ("device_tracker.phone", DAY // 4, lambda n: ("home", "not_home")[n % 2]),
        ("binary_sensor.hall_motion", 5400, lambda n: ("on", "off")[n % 2]),
    )
    for entity, every, state in plan:
        home.attributes[entity] = {"device_class": "motion"} if "motion" in entity else {}
        spaced = every * (thin if every < DAY // 4 else 1)
        for number in range(int((end - start) // spaced)):
            home.write(start + spaced * number + 7, entity, state(number), "reading")
    for number in range(int((end - start) // DAY)):  # its last use is an attribute
        time = start + number * DAY + 17 * 3600
        home.write(time, "automation.dusk", "on", "reading", last_triggered=number)


def _warmth(home: Home, start: float, end: float, every: int) -> None:
    """A thermostat tells the warmth of the room, which is none of its settings."""
    rows = sorted(
        (row for row in home.rows if row["entity"] == "climate.heater"), key=lambda row: row["time"]
    )
    place = 0
    for number in range(1, int((end - start) // every)):
        time = start + every * number + 11
        while place + 1 < len(rows) and rows[place + 1]["time"] <= time:
            place += 1
        home.attributes["climate.heater"] = rows[place]["attributes"]
        warmth = 18 + number % 9 / 2
        home.write(time, "climate.heater", rows[place]["state"], "unchanged", current_temperature=warmth)


def _outages(home: Home, start: float, end: float) -> None:
    """A light that loses its connection each ninth day at four, and once comes back in another state."""
    rows = sorted((row for row in home.rows if row["entity"] == "light.light"), key=lambda row: row["time"])
    for number in range(1, int((end - start) // (9 * DAY)) + 1):
        lost = start + number * 9 * DAY + 4 * 3600
        before = [row for row in rows if row["time"] < lost][-1]
        home.attributes["light.light"] = before["attributes"]
        home.write(lost, "light.light", "unavailable", "unavailable")
        if number == 1:
            other = "off" if before["state"] == "on" else "on"
            home.write(lost + 600, "light.light", other, "meanwhile")
            home.write(lost + 660, "light.light", "unavailable", "unavailable")
        back = "as before" if number > 1 else "meanwhile"
        home.write(lost + 900, "light.light", before["state"], back)


def _faults(home: Home, start: float, days: int) -> float:
    """A lock jams, a switch is removed and comes again; then a restart, behind which the switch is on."""
    morning = start + days // 2 * DAY + 3 * 3600
    home.write(morning, "lock.cellar", "jammed", "report")
    home.write(morning + 60, "lock.cellar", "locked", "unchanged")
    home.write(morning + 120, "switch.garden", None, "removed")
    home.write(morning + 180, "switch.garden", "off", "as before")
    home.write(morning + 3600, "switch.garden", "on", "meanwhile")
    return morning + 3590


def stored(rows: list[dict[str, Any]], restart: float) -> Iterator[dict[str, Any]]:
    """Rows in time order as Home Assistant stores them: none that says what its entity said before.

    At the restart comes a row that says so; after it each entity has its state told anew.
    """
    known: dict[str, dict[str, Any]] = {}
    started = False
    for row in sorted(rows, key=lambda row: row["time"]):
        if row["time"] > restart and not started:
            started = True
            yield {"time": restart - 30, "restart": restart}
            for entity, last in sorted(known.items()):
                if entity != "switch.garden":
                    kind = "reading" if last["kind"] == "reading" else "as before"
                    yield last | {"time": restart + 5, "kind": kind, "action": ""}
        last = known.get(row["entity"], {})
        if any(row[part] != last.get(part) for part in ("state", "attributes")):
            known[row["entity"]] = row
            yield row


def main() -> None:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=datetime.fromisoformat, default=FIRST, help="a Monday")
    parser.add_argument("--days", type=int, nargs=2, default=(60, 32), metavar=("WINTER", "SPRING"))
    parser.add_argument("--thin", type=int, default=1, help="one reading of so many")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    args = parser.parse_args()
    home = Home()
    restart = play(home, args.seed, args.first, tuple(args.days), args.thin)
    lines = list(stored(home.rows, restart))
    with args.out.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)
    rows = [line for line in lines if "restart" not in line]
    truth = {
        "rows": len(rows),
        "kinds": dict(sorted(Counter(row["kind"] for row in rows).items())),
        "actions": dict(sorted(Counter(row["action"] for row in rows if row["action"]).items())),
    }
    args.truth.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    print(f"{len(rows):,} rows, {sum(truth['actions'].values()):,} actions")


if __name__ == "__main__":
    main()
