"""Lines for smartgen-score."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from fuzzing.mutate import json_mutated
from fuzzing.readers.trained import trained
from fuzzing.target import Reader
from smartgen.scoring.answers import Models
from smartgen.scoring.session import Session, written

LINES: tuple[Any, ...] = (
    {
        "behaviors": [
            {"time": "2024-05-01T07:03:00+02:00", "action": "Light:on"},
            {"time": 1714540000, "action": "Fan:on"},
        ]
    },
    {"time": "2024-05-01T07:03:00+02:00", "device": "Light", "action": "on"},
    {"sequence": [["Monday", "(6~9)", "Light", "Light:on"], [0, 3, None, "Fan:off"]]},
    {"day": "Monday", "hour": 2, "action": "Heater:on"},
)


def lines(folder: Path) -> Reader:
    """Lines for a session of a detector and a predictor: one answer a line, which is JSON."""
    models = [trained(folder, name) for name in ("seen", "markov")]
    zone = ZoneInfo("Europe/Berlin")
    words: tuple[Any, ...] = (
        "2024-05-01T07:03:00",
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:59:59-10:00",
        1e18,
        "Light:on",
        "off",
        [],
    )

    def read(data: bytes) -> bool:
        scored = False
        session = Session(Models.of(models, top=3), None if len(data) % 4 == 0 else zone)
        for number, line in enumerate(data.split(b"\n")):
            answer = written(session.answer(line))
            told = json.loads(answer)
            assert answer.count(b"\n") == 1
            assert told["line"] == number + 1
            assert ("error" in told) + ("score" in told) + ("unknown" in told) == 1, told
            scored = scored or "score" in told
        return scored

    def mutate(data: bytes, rng: Random) -> bytes:
        kept = data.split(b"\n")
        if rng.random() < 0.1:
            kept.insert(rng.randrange(len(kept)), rng.choice(kept))
        place = rng.randrange(len(kept))
        kept[place] = json_mutated(kept[place], rng, words)
        return b"\n".join(kept[:12])

    seeds = [json.dumps(line).encode() for line in LINES]
    return Reader("lines", read, (*seeds, b"\n".join(seeds)), mutate)
