"""Commands whose cells take tenths of a second, so that a kill falls somewhere else each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crashes.endpoint import FaultyEndpoint
from smartgen.core.records import read_records, result_digest

Digests = dict[str, str]
TRIVIAL: Final = ("-m", "debug=smoke", "dataset=demo", "tracking=none")
CHANGES: Final = "transition=seasonal,schedule,occupancy"
SWEEP: Final = (*TRIVIAL, "detector=seen,aegis", "regime=source,oracle", CHANGES, "seed=1,2", "save=true")
COMPRESSED: Final = ("stage/ssc=similarity", "stage.ssc.threshold=null", "stage.ssc.share=0.3")
WRITTEN: Final = (*TRIVIAL, "detector=seen", *COMPRESSED, "regime=synthetic")
NAMES: Final = ("basic", "joblib", "embedded", "faulty")


@dataclass(frozen=True)
class Work:
    """A command.

    Args:
        name: for a person.
        words: of ``smartgen``.
        cells: that it has.
    """

    name: str
    words: tuple[str, ...]
    cells: int = 24

    def start(
        self,
        outputs: Path,
        wrap: tuple[str, ...] = (),
        told: Path | None = None,
        more: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """The command in a process group of its own.

        Args:
            outputs: its folder; records are in ``debug`` below it.
            wrap: words before it, as of a program that starts it.
            told: where what it prints goes, as ``NAME.said``; None: beside its folder.
            more: of the environment.
        """
        own = {"SMARTGEN_OUTPUTS": str(outputs), "OMP_NUM_THREADS": "1"}
        environment = os.environ | own | dict(more or {})
        command = [*wrap, sys.executable, "-m", "smartgen", *self.words]
        with ((told or outputs.parent) / f"{outputs.name}.said").open("wb") as said:
            return subprocess.Popen(
                command, env=environment, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
            )

    def said(self, folder: Path, name: str) -> str:
        """What the last run with outputs of this name printed."""
        return (folder / f"{name}.said").read_text(encoding="utf-8", errors="replace")


@contextmanager
def work(name: str) -> Iterator[Work]:
    """One of NAMES, with the endpoint that it needs."""
    if name == "faulty":
        endpoint = FaultyEndpoint()
        try:
            yield Work(name, (*WRITTEN, CHANGES, *asking(endpoint.url)), cells=3)
        finally:
            endpoint.close()
    elif name == "embedded":
        short = ("dataset.days=2", "synthesizer=embedded_short", "synthesizer.threads=1")
        yield Work(name, (*WRITTEN, *short), cells=1)
    else:
        yield Work(name, (*SWEEP, f"launcher={name}"))


def asking(url: str) -> tuple[str, ...]:
    """Overrides of cells that ask an endpoint in short steps, four at once."""
    steps = ("chunk=6", "context_tokens=4096", "max_tokens=256", "concurrency=4", "timeout_seconds=2")
    named = ("synthesizer=llama-70b", "synthesizer.model=stub", f"synthesizer.base_url={url}")
    return (*named, "synthesizer.retries=12", *(f"synthesizer.{step}" for step in steps))


def records(outputs: Path) -> Path:
    """Where the records of these works are."""
    return outputs / "debug"


def digests(outputs: Path) -> Digests:
    """The `result` block of each finished record, by key."""
    return {record.key: result_digest(record) for record in read_records(records(outputs)) if record.ok}
