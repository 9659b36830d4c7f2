"""`smartgen-report rerun KEY`: a recorded or failed cell once more, and whether it came out the same."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from smartgen.commands.told import Parser
from smartgen.config import assigned
from smartgen.core.errors import SmartgenError
from smartgen.core.masks import HIDDEN
from smartgen.core.records import Record, read_records, result_digest
from smartgen.tables.listings import command_of, record_of


def rerun(argv: Sequence[str]) -> int:
    """Run the command; the exit code is the cell's.

    Raises:
        SmartgenError: not exactly one key begins so, or the record does not tell its command whole.
    """
    parser = Parser(prog="smartgen-report rerun", description=__doc__.split(": ", 1)[1])
    parser.add_argument("key", help="the record's key or its first digits")
    parser.add_argument(
        "--outputs", metavar="DIR", help="where records are (SMARTGEN_OUTPUTS, else ./outputs)"
    )
    options = parser.parse_args(argv)
    outputs = Path(options.outputs or os.environ.get("SMARTGEN_OUTPUTS", "outputs"))
    before = record_of(read_records(outputs), options.key, "rerun")
    command = [
        sys.executable,
        "-m",
        "smartgen",
        *overrides_of(before),
        assigned("paths.outputs", str(outputs)),
        "force=true",
    ]
    code = subprocess.run(command, check=False).returncode
    told = f"{before.key}: not run again; the record is that of before"
    print(_compared(before, read_records(outputs)) if code == 0 else told, file=sys.stderr)
    return code


def overrides_of(record: Record) -> list[str]:
    """What the record's command sets; where its records went and whether it was forced is ours to say.

    Raises:
        SmartgenError: there is no command, or a secret in it was masked.
    """
    command = command_of(record)
    if not command or HIDDEN in command:
        raise SmartgenError(
            f"{record.path}: its command is not told whole: {command or 'none'}; type it yourself"
        )
    dropped = ("paths.outputs=", "force=", "hydra.")
    return [word for word in shlex.split(command)[1:] if not word.startswith(dropped)]


def _compared(before: Record, after: Sequence[Record]) -> str:
    """Whether the result block is the one from before."""
    now = next((record for record in after if record.key == before.key and record.ok), None)
    if now is None:
        return f"{before.key}: no result under this key; the code or the inputs may have changed since"
    if not before.ok:
        return f"{before.key}: recorded now; it had failed"
    same = result_digest(before) == result_digest(now)
    return f"{before.key}: {'the same result as before' if same else 'ANOTHER RESULT than before'}"
