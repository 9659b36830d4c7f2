"""One sweep under every launcher, with workers and whole sweeps killed on the way, and its results compared.

    python scripts/check_sweeps.py launchers [--launchers basic joblib submitit_local ray]
    python scripts/check_sweeps.py worker [--launchers joblib submitit_local ray]
    python scripts/check_sweeps.py sweep [--kills 3] [--seed 1]

`launchers` runs twelve cells of the demo home under each launcher (ray: on a local cluster of two nodes) and
compares their `result` blocks, and their W&B runs with the records. `worker` kills with SIGKILL the process
of a cell in mid-sweep and compares with an undisturbed sweep. `sweep` kills a whole sweep of 72 cells at
random moments, resumes it each time, and compares. Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from smartgen.core.records import read_records, result_digest
from smartgen.sweeps.journal import VARIABLE, Event, JournalReader

SMOKE = ("-m", "debug=smoke", "dataset=demo")
TWELVE = ("detector=seen,aegis", "regime=source,oracle", "transition=seasonal,schedule,occupancy")
TRAINED = ("detector=transae", "regime=source,oracle", "transition=seasonal,schedule,occupancy", "seed=1,2")
MIRRORED = ("tracking.name=wandb", "tracking.mode=offline")
MANY = (*TWELVE, "seed=range(6)")
LAUNCHERS = ("basic", "joblib", "submitit_local", "ray")

Digests = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("launchers", "worker", "sweep"))
    parser.add_argument("--launchers", nargs="+", choices=LAUNCHERS, metavar="NAME")
    parser.add_argument("--kills", type=int, default=3, help="of the whole sweep")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    options = parser.parse_args()
    if options.what == "launchers":
        same = check_launchers(options.launchers or LAUNCHERS)
    elif options.what == "worker":
        found = [check_worker(name) for name in options.launchers or LAUNCHERS[1:]]
        same = all(found)
    else:
        same = check_sweep(options.kills, random.Random(options.seed))
    sys.exit(0 if same else 1)


def check_launchers(launchers: Sequence[str]) -> bool:
    """The same twelve cells under each; prints a line each."""
    known: Digests = {}
    same = True
    for launcher in launchers:
        with tempfile.TemporaryDirectory() as scratch, cluster(launcher) as more:
            start = time.perf_counter()
            start_sweep(scratch, *TRAINED, *MIRRORED, f"launcher={launcher}", *more).wait()
            found, seconds = digests(scratch), time.perf_counter() - start
            mirrored = subprocess.run(
                [sys.executable, Path(__file__).with_name("check_wandb.py"), f"{scratch}/debug"],
                capture_output=True,
                text=True,
                check=False,
            )
        known = known or found
        equal = found == known and len(found) == 12
        same = same and equal and mirrored.returncode == 0
        told = mirrored.stdout.strip().splitlines()[-1:] or mirrored.stderr.strip().splitlines()[-1:]
        print(
            f"{launcher:<15} {len(found)} cells, {seconds:5.1f} s, equal results: {equal}; W&B: {told[0]}",
            flush=True,
        )
    return same


def check_worker(launcher: str) -> bool:
    """Kill the process of one cell while the sweep runs; the sweep itself is left alone."""
    with tempfile.TemporaryDirectory() as scratch, cluster(launcher) as more:
        start_sweep(scratch, *TRAINED).wait()
        whole = digests(scratch)
    with tempfile.TemporaryDirectory() as scratch, cluster(launcher) as more:
        journal = Path(scratch) / "journal"
        sweep = start_sweep(scratch, *TRAINED, f"launcher={launcher}", *more, journal=journal)
        victim = running_cell(journal, sweep, after=3)
        os.kill(victim.process, signal.SIGKILL)
        sweep.wait()
        events = [event for event in JournalReader(journal).news() if event.cell == victim.cell]
        found = digests(scratch)
        start_sweep(scratch, *TRAINED).wait()
        again = digests(scratch)
    told = ", ".join(event.kind for event in events)
    print(
        f"{launcher:<15} killed process {victim.process} of cell {' '.join(victim.cell)}\n"
        f"{'':<15} that cell: {told}; recorded by this sweep {len(found)} of 12, equal: "
        f"{all(whole[key] == value for key, value in found.items())}; after a rerun {len(again)}, "
        f"equal: {again == whole}",
        flush=True,
    )
    return again == whole and len(whole) - len(found) <= 1


def check_sweep(kills: int, moments: random.Random) -> bool:
    """Kill the whole sweep at random moments and start it again."""
    with tempfile.TemporaryDirectory() as scratch:
        start = time.perf_counter()
        start_sweep(scratch, *MANY).wait()
        whole, seconds = digests(scratch), time.perf_counter() - start
    print(f"undisturbed: {len(whole)} cells, {seconds:.1f} s", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for kill, count in enumerate(sorted(moments.sample(range(3, len(whole) - 3), kills)), start=1):
            sweep = start_sweep(scratch, *MANY)
            while recorded(scratch) < count and sweep.poll() is None:
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 0.2))
            os.killpg(sweep.pid, signal.SIGKILL)
            sweep.wait()
            print(f"kill {kill}: {recorded(scratch)} cells recorded", flush=True)
        start_sweep(scratch, *MANY).wait()
        found = digests(scratch)
    print(f"resumed: {len(found)} cells, equal results: {found == whole}")
    return found == whole and len(whole) >= 60


def start_sweep(outputs: str, *overrides: str, journal: Path | None = None) -> subprocess.Popen[bytes]:
    """A sweep in a process group of its own."""
    environment = os.environ | {"SMARTGEN_OUTPUTS": outputs, "OMP_NUM_THREADS": "1"}
    if journal is not None:
        environment[VARIABLE] = str(journal)
    command = [sys.executable, "-m", "smartgen", *SMOKE, *overrides]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)


def running_cell(journal: Path, sweep: subprocess.Popen[bytes], after: int) -> Event:
    """A cell that runs in a process other than the sweep's, once some have ended."""
    reader, begun, ended = JournalReader(journal), {}, set()
    while sweep.poll() is None:
        for event in reader.news():
            if event.kind == "begun":
                begun[event.cell] = event
            elif event.kind == "done":
                ended.add(event.cell)
        left = [event for cell, event in begun.items() if cell not in ended and event.process != sweep.pid]
        if len(ended) >= after and left:
            return left[0]
        time.sleep(0.02)
    raise SystemExit("the sweep ended before a cell could be killed")


def recorded(outputs: str) -> int:
    """Cells with a result."""
    return len(list(Path(outputs).glob("debug/runs/*/result.json")))


def digests(outputs: str) -> Digests:
    """The `result` block of each record, by key."""
    records = read_records(Path(outputs) / "debug")
    return {record.key: result_digest(record) for record in records if record.ok}


@contextlib.contextmanager
def cluster(launcher: str) -> Iterator[list[str]]:
    """For ray a cluster of two nodes of one core each on this machine; the overrides that reach it."""
    if launcher != "ray":
        yield []
        return
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        nodes.add_node(num_cpus=1)
        nodes.wait_for_nodes()
        yield [f"hydra.launcher.ray.init.address='{nodes.address}'"]
    finally:
        nodes.shutdown()


if __name__ == "__main__":
    main()
