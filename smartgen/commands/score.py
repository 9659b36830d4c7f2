"""`smartgen-score`: new behaviors scored by kept models, a line of JSON in, a line of JSON out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from smartgen.commands.told import Parser, complain, system_fault
from smartgen.commands.unread import unread
from smartgen.core.errors import SmartgenError

if TYPE_CHECKING:
    from smartgen.scoring.session import Session

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
STANDARD = "-"
BAD_INPUT, INTERRUPTED = 2, 130
UTC_NOTE = (
    "smartgen-score: time stamps are read on UTC's clock; name the home's with --zone, as Europe/Berlin"
)
EPILOG = """lines, each a JSON object:
  {"behaviors": [{"time": "2024-05-01T07:03:00+02:00", "action": "light.kitchen:turn_on"}, ...]}
  {"time": "2024-05-01T07:03:00+02:00", "device": "light.kitchen", "action": "turn_on"}
  {"sequence": [["Monday", "(6~9)", "light.kitchen", "light.kitchen:turn_on"], ...]}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Answer every line; 0, 2 on bad input, 130 if interrupted, 141 if nobody reads the answers any more."""
    args = _parser().parse_args(argv)
    try:
        return _run(args)
    except SmartgenError as error:
        return _fail(str(error))
    except BrokenPipeError:
        return unread()
    except OSError as error:
        return _fail(system_fault(error))
    except KeyboardInterrupt:
        return INTERRUPTED


def _fail(message: str) -> int:
    complain("smartgen-score", message)
    return BAD_INPUT


def _run(args: argparse.Namespace) -> int:
    zone = _zone(args.zone)
    with _opened(args.input) as lines:
        return _answer_all(_session(args, zone), lines, args.strict)


def _session(args: argparse.Namespace, zone: tzinfo | None) -> Session:
    """Load the models; torch takes most of the time, and so what is cheap was checked before."""
    for name in THREADS:  # buffers for threads that no model uses; each model sets its own number
        os.environ.setdefault(name, "1")
    from smartgen.saved import load_pair
    from smartgen.scoring.answers import Models
    from smartgen.scoring.session import Session

    models = [one for path in args.model for one in load_pair(path)]
    if zone is None:  # the clock that the models were trained on
        zone = next((_zone(one.zone, "the model's zone") for one in models if one.zone), None)
    return Session(Models.of(models, args.top), zone)


def _answer_all(session: Session, lines: BinaryIO, strict: bool) -> int:
    from smartgen.scoring.lines import lines_of
    from smartgen.scoring.session import written

    noted = False
    for line in lines_of(lines):
        answer = session.answer(line)
        sys.stdout.buffer.write(written(answer))
        sys.stdout.buffer.flush()
        if session.utc and not noted:
            noted = True
            print(UTC_NOTE, file=sys.stderr)
        if strict and ("error" in answer or "unknown" in answer):
            told = answer.get("error") or f"unknown: {answer['unknown'][0]}"
            return _fail(f"line {answer['line']}: {told}")
    return 0


def _opened(name: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if name == STANDARD else Path(name).open("rb")


def _zone(name: str | None, told: str = "--zone") -> tzinfo | None:
    if name is None:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, no name at all, a folder
        raise SmartgenError(
            f"{told} {name!r} is no time zone here; expected one like Europe/Berlin"
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="smartgen-score",
        description="Score new behaviors with models that smartgen kept (save=true): one answer a line.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    told = "a model's JSON file, or the folder of a cell; a detector, a predictor, or one of each"
    parser.add_argument("model", nargs="+", metavar="MODEL", help=told)
    parser.add_argument(
        "--input", default=STANDARD, metavar="FILE", help="lines of JSON (default: -, standard input)"
    )
    parser.add_argument(
        "--top", type=_count, default=10, metavar="N", help="how many next actions to tell (default: 10)"
    )
    clock = "the home's time zone, to which stamps are converted (default: that of the model's log)"
    parser.add_argument("--zone", metavar="NAME", help=clock)
    parser.add_argument(
        "--strict", action="store_true", help="end with exit code 2 at the first line without a score"
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from 1 on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
