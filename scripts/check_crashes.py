"""Kill smartgen at random moments and take away what it stands on; compare with an undisturbed run.

    python scripts/check_crashes.py kills [--kills 200] [--seed 1] [--works basic joblib embedded faulty]
    python scripts/check_crashes.py disk limit read_only clock together

`kills` sends SIGKILL, shared out among the works: sweeps of trivial cells under `launcher=basic` and
`launcher=joblib` (the whole, the command alone, or one worker), and cells for which the embedded LLM, or an
endpoint that fails in two of five calls, writes. After each kill every file is read that smartgen would
read, and every lock is tried; then the command is started again. `disk` runs on a file system that fills up,
`limit` where no file may grow beyond a size, `read_only` as a user without rights, `clock` on a clock that
is set back, `together` starts two sweeps on the same outputs. Exit code 1 where a file is half-written, a
lock is held, or a `result` block differs. What cannot run here says so.
"""

from __future__ import annotations

import argparse
import random
import sys

from crashes import adversity
from crashes.kills import Campaign, kill_often
from crashes.works import NAMES

CHECKS = {
    "disk": adversity.full_disk,
    "limit": adversity.file_limit,
    "read_only": adversity.read_only,
    "clock": adversity.clock,
    "together": adversity.together,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checks", nargs="+", choices=("kills", *CHECKS), metavar="CHECK")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--works", nargs="+", choices=NAMES, default=NAMES, metavar="NAME")
    options = parser.parse_args()
    good = True
    for check in options.checks:
        if check == "kills":
            good = kills(options.works, options.kills, options.seed) and good
            continue
        for line, fine in CHECKS[check]():
            print(f"{'----' if fine is None else 'good' if fine else 'BAD '} {line}", flush=True)
            good = good and fine is not False
    sys.exit(0 if good else 1)


def so_far(campaign: Campaign) -> None:
    """How far a long campaign is, on standard error."""
    print(f"  {campaign.line}", file=sys.stderr, flush=True)


def kills(works: list[str], count: int, seed: int) -> bool:
    """Prints a line a work, and whatever was wrong."""
    good = True
    for number, name in enumerate(works):
        share = (count * (number + 1)) // len(works) - (count * number) // len(works)
        campaign = kill_often(name, share, random.Random(seed + number), so_far)
        print(campaign.line, flush=True)
        for line in campaign.found.wrong:
            print(f"  {line}", flush=True)
        good = good and not campaign.found.wrong and not campaign.orphans
    return good


if __name__ == "__main__":
    main()
