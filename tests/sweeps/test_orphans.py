"""A worker ends with the sweep that started it, and nobody else does."""

import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smartgen.sweeps.orphans import VARIABLE

WORKER = """
import os, sys, time
from smartgen.sweeps.orphans import end_with_sweep
end_with_sweep()
print(os.getpid(), flush=True)
time.sleep(60)
"""
SWEEP = """
import os, subprocess, sys, time
from smartgen.sweeps.orphans import VARIABLE, this_process
named = this_process() if sys.argv[1] == "its own" else "elsewhere:1"
subprocess.Popen([sys.executable, "-c", sys.argv[2]], env=os.environ | {VARIABLE: named})
time.sleep(60)
"""


POOL = """
import os, time
from joblib import Parallel, delayed
from smartgen.sweeps.orphans import ending_workers
with ending_workers():
    print(*set(Parallel(n_jobs=2, backend="loky")(delayed(os.getpid)() for _ in range(8))), flush=True)
    time.sleep(60)
"""


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:1]


@pytest.mark.parametrize("sweep", ["its own", "another's"])
def test_a_worker_ends_with_its_sweep_alone(sweep: str) -> None:
    command = [sys.executable, "-c", SWEEP, sweep, WORKER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        try:
            parent.kill()
            until = time.monotonic() + 6
            while lives(worker) and time.monotonic() < until:
                time.sleep(0.1)
            assert lives(worker) == (sweep != "its own")
        finally:
            if lives(worker):
                os.kill(worker, signal.SIGKILL)


def test_workers_that_wait_for_a_cell_end_with_their_pool() -> None:
    command = [sys.executable, "-c", POOL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        assert workers
        assert parent.pid not in workers
        parent.kill()
        until = time.monotonic() + 10
        while any(map(lives, workers)) and time.monotonic() < until:
            time.sleep(0.1)
        assert not any(map(lives, workers))


def test_a_worker_that_asks_too_late_ends_at_once() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    environment = os.environ | {VARIABLE: f"{platform.node()}:{gone.pid}"}
    command = [sys.executable, "-c", WORKER]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
