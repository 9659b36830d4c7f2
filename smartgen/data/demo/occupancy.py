"""One occupant alone, and the same occupant after a partner and a child have moved in."""

from __future__ import annotations

from smartgen.data.demo.household import EVERY_DAY, WEEKEND, WORKDAYS, Household
from smartgen.data.demo.routines import (
    DRYER,
    MINUTE,
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

FILM_NIGHTS = frozenset((4, 5))


def single(home: Household) -> tuple[Routine, ...]:
    """Camera armed, sockets off and robot sent out on leaving; music for company, a meal for one."""
    arm = steps("Light:switch off", "SmartPlug:switch off", "Camera:switch on", *home.leaving)
    disarm = steps(*home.coming, "Camera:switch off", "SmartPlug:switch on", "Light:switch on")
    company = steps("NetworkAudio:mediaPlayback play", "NetworkAudio:setVolume")
    music = (*company, Step("NetworkAudio:mediaPlayback stop", 35 * MINUTE))
    night = steps("Television:switch off", "Light:switch off", "SmartLock:lock lock")
    late = home.wake + home.lie_in
    return (
        Routine("wake up", home.wake, (Step("Light:switch on"), *breakfast(home)), WORKDAYS),
        Routine("wake up late", late, breakfast(home), WEEKEND),
        Routine("leave", home.leave, arm, home.away),
        Routine("work at home", home.leave, steps("Computer:switch on"), home.home_office),
        Routine("end of work", home.back, steps("Computer:switch off"), home.home_office),
        Routine("return", home.back, disarm, home.away),
        Routine("dinner", home.dinner, cooking("Microwave", 8)),
        Routine("music", home.dinner + 0.3, music),
        Routine("television", home.dinner + 1.2, watching(home)),
        Routine("bedtime", home.bed, night),
        laundry(home, home.back + 0.3),
        cleaning(home, home.leave + 0.1),
    )


def multiple(home: Household) -> tuple[Routine, ...]:
    """Three occupants: nobody arms the camera, meals come from the oven, and routines interleave."""
    return (*_first(home), *_partner(home), *_child(home), *_family(home))


def _first(home: Household) -> tuple[Routine, ...]:
    return (
        Routine("wake up", home.wake, (Step("Light:switch on"), *breakfast(home)), WORKDAYS),
        Routine("leave", home.leave, steps(*home.leaving), home.away),
        Routine("work at home", 9.4, steps("Computer:switch on"), home.home_office),
        Routine("return", home.back, steps(*home.coming), home.away),
    )


def _partner(home: Household) -> tuple[Routine, ...]:
    car = steps("GarageDoor:doorControl open", "GarageDoor:doorControl close")
    late = (*car, *cooking("Microwave", 5))
    return (
        Routine("partner's coffee", home.wake + 0.35, steps("CoffeeMaker:setProgram"), WORKDAYS),
        Routine("partner leaves", home.leave + 0.35, (*steps("AirPurifier:switch off"), *car), WORKDAYS),
        Routine("partner returns late", 20.3, (*late, Step("AirPurifier:switch on")), WORKDAYS),
    )


def _child(home: Household) -> tuple[Routine, ...]:
    game = steps("Television:switch on", "Television:setInputSource", "Television:setPictureMode")
    night = steps("Blind:windowShade close", "Light:setColor", home.dim)
    return (
        Routine("child wakes up", home.wake + 0.55, steps("Light:setColor"), WORKDAYS),
        Routine("child comes home", 15.6, steps("SmartLock:lock unlock", "Computer:switch on"), WORKDAYS),
        Routine("game", 16.5, (*game, Step("Television:switch off", 40 * MINUTE))),
        Routine("child goes to bed", 19.9, night),
    )


def _family(home: Household) -> tuple[Routine, ...]:
    meal = (*steps("Oven:switch on", "Oven:setOvenMode"), Step("Oven:switch off", 20 * MINUTE))
    dishes = Step("Dishwasher:start", 10 * MINUTE, probability=0.9)
    shows = (*watching(home), Step("Television:switch off", 45 * MINUTE))
    film = steps("Projector:switch on", "Projector:setPictureMode")
    film_ends = Step("Projector:switch off", 80 * MINUTE)
    night = steps("Computer:switch off", "Light:switch off", "SmartLock:lock lock")
    return (
        Routine("family breakfast", home.wake + home.lie_in + 0.8, breakfast(home), WEEKEND),
        Routine("family dinner", home.dinner, (*meal, dishes)),
        Routine("film", 21.3, (*film, film_ends), FILM_NIGHTS),
        Routine("television", 21.3, shows, EVERY_DAY - FILM_NIGHTS),
        Routine("bedtime", 23.2, night),
        laundry(home, 16.1, *lasting(*DRYER, 40)),
        cleaning(home, 15.2),
    )
