"""The log of a home of one's own that the pages speak of, as home.csv and the like."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

from smartgen.core.types import ACTION
from smartgen.data.demo import demo_vocabulary, simulate

# Names on the pages; here all are one CSV, which is known by its content.
LOGS = ("home.csv", "home-assistant_v2.db", "FILE")
PERIODS = "guests.csv"
FIRST = datetime(2024, 2, 19)
DAYS = 35  # of winter, and as many of spring: all dates of the pages lie within


def home_log(folder: Path) -> Path:
    """Write the log and the list of periods, unless they are there."""
    path = folder / LOGS[0]
    if path.is_file():
        return path
    (folder / PERIODS).write_text("start,end\n2024-03-01,2024-03-15\n")
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["time", "device", "action"])
        for number, context in enumerate(("winter", "spring")):
            home = simulate(context, 1, DAYS)
            assert home.times is not None
            for second, row in zip(home.times - home.times[0] // 86400 * 86400, home.values, strict=True):
                when = FIRST + timedelta(days=number * DAYS, seconds=int(second))
                device, _, command = demo_vocabulary().actions[row[ACTION]].partition(":")
                writer.writerow([f"{when}+01:00", device, command])
    return path
