"""Ask PyPI's page of each pinned distribution for known vulnerabilities of its newest version.

    python scripts/check_advisories.py [FILE ...] [--index https://pypi.org/pypi]

For where `make audit` gets no answer: pip-audit asks for the page of every version, which mirrors seldom
have; the page of a distribution they have, and it tells of the newest version alone. So a pin is free of
known vulnerabilities, has some, or is older than the newest version and stays unknown, which is told.
The files are those of `make audit`, if none is named. Exit code 1 if there is a known vulnerability, 2 if
a page could not be read.
"""

import argparse
import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # also where it is loaded by its path

from packaging.version import InvalidVersion, Version
from supply.pins import ROOT, read_pins

from smartgen.core.errors import SmartgenError

FILES = (ROOT / "constraints.txt", ROOT / "scripts/supply/tools.txt")
INDEX = "https://pypi.org/pypi"
AT_ONCE = 8
SECONDS = 30.0


@dataclass(frozen=True)
class Told:
    """Of one pin: its version, the newest one, and the newest one's advisories, each in a line."""

    name: str
    version: str
    newest: str
    advisories: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether what is told is about the pinned version."""
        return Version(self.version) == Version(self.newest)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, default=FILES, metavar="FILE", help="of pins")
    parser.add_argument("--index", default=INDEX, help="where pages are (default: %(default)s)")
    options = parser.parse_args(argv)
    try:
        pins = sorted({pin for file in options.files for pin in read_pins(file).items()})
        with ThreadPoolExecutor(AT_ONCE) as several:
            told = list(several.map(lambda pin: ask(options.index, *pin), pins))
    except (OSError, SmartgenError) as error:
        print(f"check_advisories: {error}", file=sys.stderr)
        return 2
    print(report(told))
    return int(any(one.known and one.advisories for one in told))


def ask(index: str, name: str, version: str) -> Told:
    """What the page of a distribution tells.

    Raises:
        SmartgenError: there is no page, or it is not one.
    """
    address = f"{index}/{name}/json"
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as page:
            told = json.load(page)
        newest = str(Version(told["info"]["version"]))
        rows = [one for one in told["vulnerabilities"] if not one.get("withdrawn")]
        advisories = tuple(f"{one['id']}, mended in {', '.join(one['fixed_in']) or 'none'}" for one in rows)
    except (OSError, HTTPException) as error:
        raise SmartgenError(f"{address} did not answer ({error}); --index names another place") from error
    except (ValueError, KeyError, TypeError, InvalidVersion) as error:
        raise SmartgenError(f"{address}: expected PyPI's JSON of a distribution") from error
    return Told(name, version, newest, advisories)


def report(told: list[Told]) -> str:
    """Counts, then a line for every pin that has an advisory or is not known of."""
    known = [one for one in told if one.known]
    bad = [one for one in known if one.advisories]
    older = [one for one in told if not one.known]
    lines = [
        f"{len(told)} pins: {len(known) - len(bad)} are the newest version, without a known vulnerability",
        f"{len(bad)} have one" + ":" * bool(bad),
        *(f"  {one.name} {one.version}: {row}" for one in bad for row in one.advisories),
        f"{len(older)} are older, of which this is not told" + ":" * bool(older),
        *(f"  {one.name} {one.version}, newest {one.newest}" for one in older),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
