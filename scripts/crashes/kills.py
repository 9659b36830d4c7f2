"""Kill commands at random moments, look at what lies there, start them again, and compare what comes out."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from crashes.artefacts import Found, look_through
from crashes.works import Digests, Work, digests, records, work

# What is killed: the command with all of its processes, as by a power cut; the command alone, as by the
# kernel for want of memory; or one of its workers, after which the sweep has to go on by itself.
WAYS: Final = {"joblib": ("all", "command", "worker")}
ORPHAN_SECONDS: Final = 20.0


@dataclass
class Campaign:
    """What came of the kills of one work.

    Args:
        kills: by what was killed.
        rounds: times that a command, killed so and so often, was started again and came to its end.
        found: in outputs folders after the kills.
        left: temporary things that still lay there when a round was over.
        orphans: kills of a command that some of its processes outlived by 20 seconds.
    """

    name: str
    seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    found: Found = field(default_factory=Found)
    left: Counter[str] = field(default_factory=Counter)
    orphans: int = 0

    @property
    def line(self) -> str:
        """The campaign in a line."""
        kills = ", ".join(f"{count} of {what}" for what, count in sorted(self.kills.items()))
        left = sum(self.left.values())
        return (
            f"{self.name:<9} {sum(self.kills.values()):>4} kills ({kills}), {self.rounds} runs to the end, "
            f"{sum(self.found.whole.values())} files read, {left} left under temporary names, "
            f"{self.orphans} orphaned, {len(self.found.wrong)} wrong"
        )


def kill_often(
    name: str, kills: int, moments: random.Random, told: Callable[[Campaign], object] = lambda _: None
) -> Campaign:
    """Kill a work so many times, and look at what it left each time.

    Args:
        told: what there is so far, whenever the command has come to its end.

    Raises:
        RuntimeError: it fails undisturbed.
    """
    campaign = Campaign(name)
    with work(name) as command, tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole"
        start = time.perf_counter()
        if command.start(whole).wait() != 0:
            raise RuntimeError(command.said(whole.parent, whole.name))
        campaign.seconds = time.perf_counter() - start
        expected = digests(whole)
        while sum(campaign.kills.values()) < kills:
            outputs = Path(scratch) / f"round{campaign.rounds}"
            _round(command, outputs, expected, campaign, kills, moments)
            told(campaign)
    return campaign


def _round(
    command: Work, outputs: Path, expected: Digests, campaign: Campaign, kills: int, moments: random.Random
) -> None:
    """Start, kill and start again with the same outputs, until the command comes to its end."""
    process = command.start(outputs)
    while sum(campaign.kills.values()) < kills:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moments.uniform(0, campaign.seconds))
            break
        what = _strike(process, moments.choice(WAYS.get(command.name, ("all",))))
        campaign.kills[what] += 1
        if what == "worker":
            break
        campaign.orphans += not _gone(process)
        _note(look_through(records(outputs), expected), campaign.found)
        process = command.start(outputs)
    _compare(process.wait(), command, outputs, expected, campaign)


def _compare(code: int, command: Work, outputs: Path, expected: Digests, campaign: Campaign) -> None:
    """The end of a round: every result is there and equal."""
    found = look_through(records(outputs), expected)
    campaign.rounds += 1
    campaign.left += found.left
    if code != 0:
        found.wrong.append(
            f"{outputs}: exit code {code}: {command.said(outputs.parent, outputs.name)[-300:]}"
        )
    if digests(outputs) != expected:
        found.wrong.append(f"{outputs}: results differ from those of the undisturbed run")
    _note(found, campaign.found)


def _note(found: Found, into: Found) -> None:
    into.whole += found.whole
    into.left += found.left
    into.wrong += found.wrong


def _strike(process: subprocess.Popen[bytes], what: str) -> str:
    """Kill; returns what was killed, which is all where there is no worker yet, or no more."""
    if what == "worker":
        workers = _workers(process.pid)
        with contextlib.suppress(psutil.NoSuchProcess):  # gone by itself: no kill that counts
            if workers:
                random.Random(process.pid).choice(workers).kill()
                return what
        what = "all"
    if what == "command":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return what


def _workers(parent: int) -> list[psutil.Process]:
    """Processes of a pool that run cells."""
    try:
        children = psutil.Process(parent).children()
        return [child for child in children if any("LokyProcess" in word for word in child.cmdline())]
    except psutil.NoSuchProcess:
        return []


def _gone(process: subprocess.Popen[bytes]) -> bool:
    """Whether all processes of the command end in time; those that do not are killed now."""
    until = time.monotonic() + ORPHAN_SECONDS
    while time.monotonic() < until:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    return False
