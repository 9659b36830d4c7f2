"""What commands say to a terminal: texts of files and records are shown, and cannot steer it."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from smartgen.core.texts import printable, printable_lines


class Parser(argparse.ArgumentParser):
    """A parser whose complaints show what was typed, or what a shell's ``*`` stood for, as text."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """As any parser does."""
        super().exit(status, message and printable_lines(message))


def complain(program: str, message: object) -> None:
    """An error or a note in one line on standard error."""
    print(f"{program}: {printable(' '.join(str(message).split()))}", file=sys.stderr)


def system_fault(error: OSError) -> str:
    """What the system refuses, in a line: a full disk, a folder without permission."""
    return f"{error.filename or 'system'}: {error.strerror or error}"
