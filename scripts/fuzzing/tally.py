"""What became of a reader's cases: counts, the slowest, and findings as files that can be run again."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fuzzing.target import Finding, Outcome

SLOW = 0.5  # seconds, from which on the slowest case is kept to be looked at
KEPT = 3  # cases of one fault that are kept


@dataclass
class Tally:
    """One run of one reader.

    Args:
        reader, engine, seed: of the run.
        folder: where cases with findings go.
    """

    reader: str
    engine: str
    seed: int
    folder: Path
    cases: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    corpus: int = 0

    def add(self, data: bytes, outcome: Outcome) -> None:
        """Count a case; keep it if it is a finding."""
        self.cases += 1
        self.kinds[outcome.kind] += 1
        if outcome.seconds > self.slowest:
            self.slowest = outcome.seconds
            if outcome.seconds > SLOW:
                self.folder.mkdir(parents=True, exist_ok=True)
                (self.folder / f"{self.reader}-{self.engine}-slowest.case").write_bytes(data)
        for finding in outcome.findings:
            self._keep(data, finding)

    def _keep(self, data: bytes, finding: Finding) -> None:
        name = f"{finding.kind}{finding.place}".replace(" ", "-").replace("/", "-")
        fault = self.faults.setdefault(name, {"count": 0, "told": finding.told, "files": []})
        fault["count"] += 1
        if len(fault["files"]) >= KEPT:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(data).hexdigest()[:8]
        file = self.folder / f"{self.reader}-{digest}.case"
        file.write_bytes(data)
        again = f"python scripts/fuzz.py {self.reader} --replay {file}"
        text = f"{again}\n{finding.told}\n{finding.trace}"
        file.with_suffix(".txt").write_text(text, encoding="utf-8", errors="backslashreplace")
        fault["files"].append(str(file))

    def to_json(self) -> dict[str, Any]:
        """For a process's report."""
        told = asdict(self) | {"kinds": dict(self.kinds), "folder": str(self.folder)}
        return told | {"seconds": time.perf_counter() - self.started}

    def write(self, path: Path) -> None:
        """The report, whole or not at all."""
        part = path.with_suffix(".part")
        part.write_text(json.dumps(self.to_json()), encoding="utf-8")
        part.replace(path)
