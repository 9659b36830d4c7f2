"""A process that works for a sweep ends with it, also where the sweep is killed and can tell nobody."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Final

VARIABLE: Final = "SMARTGEN_SWEEP"  # of the environment: whose child ends with its parent
LOOK_SECONDS: Final = 1.0


def this_process() -> str:
    """What ``VARIABLE`` holds for processes that this one starts."""
    return f"{platform.node()}:{os.getpid()}"


def end_with_sweep() -> None:
    """End this process where the sweep that it works for is dead, and as soon as it dies if it is the parent.

    A pool's workers would wait for work for minutes, each with a model's memory. Where the launcher puts
    others in between (Slurm, Ray), these see to it.
    """
    host, _, process = os.environ.get(VARIABLE, "").rpartition(":")
    if host != platform.node() or not process.isdecimal():
        return
    if int(process) == os.getppid():
        _watch(int(process))
    elif int(process) != os.getpid() and not _lives(int(process)):  # it died before we came to ask
        os._exit(1)


@contextmanager
def ending_workers() -> Iterator[None]:
    """Processes of joblib's that are started meanwhile end with this one, also before their first cell."""
    from joblib.parallel import BACKENDS, register_parallel_backend

    usual = BACKENDS["loky"]
    ending = partial(usual, initializer=end_with, initargs=(os.getpid(),))
    register_parallel_backend("loky", ending)
    try:
        yield
    finally:
        register_parallel_backend("loky", usual)


def end_with(parent: int) -> None:
    """End this process as soon as its parent dies, at once where it is dead already."""
    if os.getppid() != parent:
        os._exit(1)
    _watch(parent)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@cache
def _watch(parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os._exit(1)  # as a kill would: every file is whole or not there

    threading.Thread(target=watch, daemon=True).start()
