"""The devices and commands of the demo home, named in the style of the release."""

from __future__ import annotations

from functools import cache

from smartgen.data.vocabulary import Vocabulary

COMMANDS: dict[str, tuple[str, ...]] = {
    "AirConditioner": (
        "setAirConditionerMode",
        "setCoolingSetpoint",
        "setFanMode",
        "switch off",
        "switch on",
    ),
    "AirPurifier": ("setAirPurifierMode", "setFanSpeed", "switch off", "switch on"),
    "Blind": ("windowShade close", "windowShade open", "windowShadeLevel setShadeLevel"),
    "Camera": ("imageCapture take", "switch off", "switch on"),
    "CoffeeMaker": ("setProgram", "start"),
    "Computer": ("switch off", "switch on"),
    "ContactSensor": ("refresh refresh",),
    "Dishwasher": ("notification", "start"),
    "Dryer": ("dryerOperatingState setMachineState run", "dryerOperatingState setMachineState stop"),
    "Fan": ("fanSpeed setFanSpeed", "switch off", "switch on"),
    "GarageDoor": ("doorControl close", "doorControl open"),
    "Heater": ("refresh refresh", "setHeaterMode", "setHeatingSetpoint", "switch off", "switch on"),
    "Humidifier": ("setAutohumidity", "switch off", "switch on"),
    "Light": ("setColor", "setColorTemperature", "setLevel", "setLightingMode", "switch off", "switch on"),
    "Microwave": ("switch off", "switch on"),
    "MotionSensor": ("refresh refresh",),
    "NetworkAudio": (
        "mediaPlayback pause",
        "mediaPlayback play",
        "mediaPlayback stop",
        "mute",
        "setVolume",
    ),
    "Oven": ("setOvenMode", "switch off", "switch on"),
    "Projector": ("setPictureMode", "switch off", "switch on"),
    "RobotCleaner": ("setRobotCleanerMovement cleaning", "setRobotCleanerMovement homing"),
    "SmartLock": ("lock lock", "lock unlock"),
    "SmartPlug": ("switch off", "switch on"),
    "Television": (
        "setChannel",
        "setInputSource",
        "setPictureMode",
        "setSoundMode",
        "setVolume",
        "switch off",
        "switch on",
    ),
    "Washer": ("washerOperatingState setMachineState run", "washerOperatingState setMachineState stop"),
    "WaterValve": ("valve close", "valve open"),
}

ENDINGS = ("switch off", "valve close", "mediaPlayback stop", "setMachineState stop", "Movement homing")
SENSOR_REFRESHES = ("MotionSensor:refresh refresh", "ContactSensor:refresh refresh")


def ends(action: str) -> bool:
    """Whether an action ends what another began: a switch, a valve, a machine, music, a cleaning run."""
    return action.endswith(ENDINGS)


@cache
def demo_vocabulary() -> Vocabulary:
    """The demo home's ids: devices alphabetical, actions ``"Device:command"`` alphabetical.

    Off-actions are those that end what another began. (The release lists "switch off", "alarm off" and
    "valve close" alone.)
    """
    actions = tuple(f"{device}:{command}" for device, commands in COMMANDS.items() for command in commands)
    endings = frozenset(i for i, action in enumerate(actions) if ends(action))
    return Vocabulary(tuple(COMMANDS), actions, endings)
