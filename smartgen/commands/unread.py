"""Nobody reads what a command prints any more, as behind `| head`: its end, and not a fault."""

import os
import sys

UNREAD = 141  # exit code, as of a program that a broken pipe ends


def unread() -> int:
    """Let what is still buffered go nowhere, as it would fail aloud on exit; returns the exit code."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return UNREAD
