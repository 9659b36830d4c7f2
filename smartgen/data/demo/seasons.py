"""Winter and spring of one occupant who works by day."""

from __future__ import annotations

from smartgen.data.demo.household import WEEKEND, WORKDAYS, Household
from smartgen.data.demo.routines import (
    DRY,
    DRYER,
    MINUTE,
    TIMER,
    Routine,
    Step,
    breakfast,
    cleaning,
    cooking,
    lasting,
    laundry,
    steps,
    watching,
)

COOLING = {"AirConditioner": "setCoolingSetpoint", "Fan": "fanSpeed setFanSpeed"}


def winter(home: Household) -> tuple[Routine, ...]:
    """Heater and humidifier, blinds closed at dusk, laundry into the dryer, dinner before television."""
    heat = steps("Heater:switch on", home.heating)
    late = home.wake + home.lie_in
    leave = steps("Heater:switch off", "Light:switch off", *home.leaving)
    night = steps("Television:switch off", "Heater:switch off", home.dim, "Light:switch off")
    return (
        Routine("heating timer", home.wake - 0.2, heat, WORKDAYS, spread=TIMER),
        Routine("wake up", home.wake, (Step("Light:switch on"), *breakfast(home)), WORKDAYS),
        Routine("wake up late", late, (*heat, *breakfast(home)), WEEKEND),
        Routine("leave", home.leave, leave, home.away),
        Routine("work at home", home.leave, steps("Computer:switch on"), home.home_office),
        Routine("end of work", home.back, steps("Computer:switch off"), home.home_office),
        Routine("return", home.back, steps(*home.coming, "Light:switch on", "Heater:switch on"), home.away),
        Routine("dusk", home.back + 0.15, steps("Blind:windowShade close")),
        Routine("dinner", home.dinner, cooking(home.cook, 25)),
        Routine("humidify", home.dinner + 0.6, lasting("Humidifier:switch on", "Humidifier:switch off", 110)),
        Routine("television", home.dinner + 0.9, watching(home)),
        Routine("bedtime", home.bed, night),
        laundry(home, home.back + 0.25, *lasting(*DRYER, 40)),
        cleaning(home, home.back + 0.1),
    )


def spring(home: Household) -> tuple[Routine, ...]:
    """No heater, humidifier or dryer: cooling, purifier, open blinds, garden; television before dinner."""
    cool, set_cooling = _cooling(home)
    shade = Step("Blind:windowShadeLevel setShadeLevel")
    noon = lasting(f"{home.cooler_second}:switch on", f"{home.cooler_second}:switch off", 150)
    rise = steps("Blind:windowShade open")
    late = home.wake + home.lie_in
    night = steps(f"{home.cooler}:switch off", "Light:switch on", home.dim, "Light:switch off")
    water = lasting("WaterValve:valve open", "WaterValve:valve close", 12)
    return (
        Routine("wake up", home.wake, (*rise, *breakfast(home), Step("AirPurifier:switch on")), WORKDAYS),
        Routine("wake up late", late, (*rise, *breakfast(home)), WEEKEND),
        Routine("leave", home.leave, steps("AirPurifier:switch off", *home.leaving), home.away),
        Routine("work at home", home.leave, (Step("Computer:switch on"),), home.home_office),
        Routine("end of work", home.back, (Step("Computer:switch off"), cool), home.home_office),
        Routine("return", home.back, (*steps(*home.coming), cool, set_cooling), home.away),
        Routine("noon", 13.4, (shade, *noon), WEEKEND),
        Routine("garden", home.back + 0.25, water, home.garden, probability=DRY),
        Routine("television", home.dinner, (*watching(home), Step("Television:switch off", 50 * MINUTE))),
        Routine("dinner", home.dinner + 1.1, cooking(home.cook, 25)),
        Routine("bedtime", home.bed, night),
        laundry(home, home.dinner + 0.4),
        cleaning(home, home.back + 0.1),
    )


def _cooling(home: Household) -> tuple[Step, Step]:
    """On and setting of the household's cooler, with the second choice beside it."""
    first, second = home.cooler, home.cooler_second
    return (
        Step(f"{first}:switch on", second=f"{second}:switch on"),
        Step(f"{first}:{COOLING[first]}", second=f"{second}:{COOLING[second]}"),
    )
