"""A recorder database written by Home Assistant itself, from the rows of simulate_home_assistant.py.

It needs an environment of its own; 2024.3 is the last release for Python 3.11:

    python3.11 -m venv ha
    ha/bin/pip install homeassistant==2024.3.3 SQLAlchemy==2.0.27 fnv-hash-fast==0.5.0
    ha/bin/pip install psutil-home-assistant==0.0.1
    ha/bin/python scripts/make_home_assistant.py states.jsonl home-assistant_v2.db

A Home Assistant core runs its real recorder on the file. Its clock is set to the instant of each row, and
the row's state is set in its state machine, which tells the recorder. At a restart the core is stopped, and
another one started on the same file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

AT_ONCE = 2000  # rows between waits: the recorder gives up where its queue grows too long


class Clock:
    """The instant that Home Assistant takes for now."""

    now = 0.0

    def utc(self) -> datetime:
        """As Home Assistant's ``utcnow``."""
        return datetime.fromtimestamp(self.now, UTC)

    def timestamp(self) -> float:
        """As ``time.time``."""
        return self.now


CLOCK = Clock()


async def started(folder: str, database: Path) -> HomeAssistant:
    """A core with nothing but the recorder."""
    from homeassistant import core, loader  # the core first: its modules import each other
    from homeassistant.components import recorder
    from homeassistant.config_entries import ConfigEntries
    from homeassistant.helpers import recorder as recorder_helper
    from homeassistant.helpers import translation
    from homeassistant.setup import async_setup_component

    home = core.HomeAssistant(folder)
    home.config.skip_pip = True
    home.config_entries = ConfigEntries(home, {})
    loader.async_setup(home)
    translation.async_setup(home)
    recorder_helper.async_initialize_recorder(home)
    own = {"db_url": f"sqlite:///{database.absolute()}", "auto_purge": False, "commit_interval": 1}
    if not await async_setup_component(home, "recorder", {"recorder": own}):
        raise SystemExit("the recorder did not start")
    await home.async_start()
    await recorder.get_instance(home).async_recorder_ready.wait()
    return home


def tell(home: HomeAssistant, row: dict[str, Any]) -> None:
    """Set or remove the state of an entity."""
    from homeassistant.core import Context
    from homeassistant.util.ulid import ulid_at_time

    CLOCK.now = row["time"]
    context = Context(id=ulid_at_time(CLOCK.now))
    if row["state"] is None:
        home.states.async_remove(row["entity"], context)
    else:
        home.states.async_set(row["entity"], row["state"], row["attributes"], context=context)


async def play(rows: list[dict[str, Any]], folder: str, database: Path) -> None:
    """All rows through the recorder."""
    import homeassistant.core  # noqa: F401
    from homeassistant.components import recorder
    from homeassistant.helpers import event
    from homeassistant.util import dt as dt_util

    dt_util.utcnow = event.time_tracker_utcnow = CLOCK.utc  # type: ignore[assignment]
    event.time_tracker_timestamp = CLOCK.timestamp
    CLOCK.now = rows[0]["time"] - 10
    home = await started(folder, database)
    for number, row in enumerate(rows):
        if "restart" in row:
            CLOCK.now = row["time"]
            await home.async_stop(force=True)
            CLOCK.now = row["restart"]
            home = await started(folder, database)
        else:
            tell(home, row)
        if number % AT_ONCE == AT_ONCE - 1:
            await recorder.get_instance(home).async_block_till_done()
    await recorder.get_instance(home).async_block_till_done()
    await home.async_stop(force=True)


def main() -> None:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("states", type=Path)
    parser.add_argument("database", type=Path)
    args = parser.parse_args()
    if args.database.exists():
        raise SystemExit(f"{args.database} is there already")
    rows = [json.loads(line) for line in args.states.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(rows, folder, args.database))
    print(f"{args.database}: {sum('state' in row for row in rows):,} rows")


if __name__ == "__main__":
    main()
