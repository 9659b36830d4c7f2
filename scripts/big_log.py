"""How long a large CSV log takes to read, and how much memory: a made one, in a process of its own.

    python scripts/big_log.py [--megabytes 1000] [--folder /tmp] [--stamps offset|wall|epoch] [--unsorted]

The file is gone afterwards.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

DEVICES = [
    f"{room} {kind}" for room in ("kitchen", "hall", "bath", "office") for kind in ("light", "fan", "tv")
]
COMMANDS = ("turn_on", "turn_off", "toggle")
START = datetime(2014, 1, 1, tzinfo=UTC)
STAMPS = ("offset", "wall", "epoch")
ZONE = ZoneInfo("Europe/Berlin")
BLOCK = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=1000)
    parser.add_argument("--folder", type=Path, default=None, help="where the file stands while it is read")
    parser.add_argument("--stamps", choices=STAMPS, default="offset")
    parser.add_argument("--unsorted", action="store_true", help="blocks of rows are sorted by action")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        print(json.dumps(read(arguments.read, arguments.stamps)))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder, "log.csv")
        rows = write(path, int(arguments.megabytes * 1e6), arguments.stamps, arguments.unsorted)
        command = [sys.executable, __file__, "--read", str(path), "--stamps", arguments.stamps]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        size = path.stat().st_size
    print(
        f"{size / 1e6:,.0f} MB, {rows:,} rows, stamps: {arguments.stamps}{', unsorted' * arguments.unsorted}"
    )
    print(f"{told['behaviors']:,} behaviors in {told['seconds']:.1f} s, peak {told['peak_mb']:,.0f} MB")


def write(path: Path, size: int, stamps: str, unsorted: bool, seed: int = 0) -> int:
    """Rows until the file has its size; returns how many."""
    draw, rows, moment = random.Random(seed), 0, START
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write("time,device,action\n")
        while stream.tell() < size:
            lines = []
            for _ in range(min(BLOCK, 1 + (size - stream.tell()) // 40)):
                moment += timedelta(seconds=draw.randrange(1, 25))
                lines.append(f"{stamp(moment, stamps)},{draw.choice(DEVICES)},{draw.choice(COMMANDS)}\n")
            rows += len(lines)
            if unsorted:
                lines.sort(key=lambda line: line[-9:])
            stream.writelines(lines)
    return rows


def stamp(moment: datetime, stamps: str) -> str:
    """A time stamp as logs have it."""
    if stamps == "epoch":
        return str(int(moment.timestamp()))
    local = moment.astimezone(ZONE)
    return local.isoformat() if stamps == "offset" else f"{local:%Y-%m-%d %H:%M:%S}"


def read(path: Path, stamps: str) -> dict[str, float]:
    """Behaviors, seconds and the peak of this process's memory."""
    from smartgen.data.logs.log import read_log
    from smartgen.logs_settings import LogsSettings

    start = time.perf_counter()
    log = read_log(LogsSettings(path=str(path), zone=None if stamps == "offset" else ZONE.key))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"behaviors": len(log), "seconds": seconds, "peak_mb": peak}


if __name__ == "__main__":
    main()
