"""Compare what is read of a recorder database with what simulate_home_assistant.py put in, to the row.

    python scripts/check_home_assistant.py home-assistant_v2.db truth.json --zone Europe/Berlin

The exit code is 1 where a count differs.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smartgen.data.logs.events import Events
from smartgen.data.logs.home_assistant import read_home_assistant
from smartgen.data.logs.home_assistant_entities import READING
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
)
from smartgen.data.logs.tally import Tally
from smartgen.logs_settings import LogsSettings

KINDS = {
    FIRST: "first",
    ARRIVED: "arrival",
    SETTLED: "settling",
    AWAY: "unavailable",
    REMOVED: "removed",
    BACK_AS_BEFORE: "as before",
    BACK_OTHERWISE: "meanwhile",
    NOTHING: "unchanged",
    REPORT: "report",
    BY_ITSELF: "by itself",
}
Counts = dict[str, int]


def counted(events: Events, tally: Tally) -> Counts:
    """Every row under one name: ``rows``, then kinds of rows and actions as the truth names them."""
    found: Counter[str] = Counter({"rows": tally.rows, "kind action": len(events.times)})
    for reason, one in tally.dropped.items():
        found[f"kind {'reading' if reason.startswith(READING) else KINDS.get(reason, reason)}"] += one.count
    found.update(f"action {events.names[place]}" for place in events.actions.tolist())
    return dict(found)


def expected(truth: Mapping[str, Any]) -> Counts:
    """The truth in the same names."""
    kinds = {f"kind {name}": count for name, count in truth["kinds"].items()}
    actions = {f"action {name}": count for name, count in truth["actions"].items()}
    return {"rows": truth["rows"], **kinds, **actions}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("database", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--zone", required=True, help="the home's time zone")
    arguments = parser.parse_args()
    tally, settings = Tally(), LogsSettings(path=str(arguments.database), zone=arguments.zone)
    found = counted(read_home_assistant(settings, arguments.database, tally), tally)
    wanted = expected(json.loads(arguments.truth.read_text(encoding="utf-8")))
    names = sorted({*found, *wanted})
    differing = [name for name in names if found.get(name, 0) != wanted.get(name, 0)]
    for name in names:
        mark = "  DIFFERS" if name in differing else ""
        print(f"{wanted.get(name, 0):>9,} put in  {found.get(name, 0):>9,} read  {name}{mark}")
    print(f"{len(names) - len(differing)} of {len(names)} counts are equal")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
