"""Counters of operations, the demo home, and cells of it: what is counted here needs no clock."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from smartgen.core.types import Sequences
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import CellSettings, DetectorSettings, SimilaritySscSettings, StageSettings
from smartgen.stages.tss import split_sequences
from smartgen.synthesizer_settings import LlmSettings

HOUSEHOLD = 2024
Work = Callable[[], object]


def module_at(name: str) -> ModuleType:
    """A module beside this one, by its path: folders of tests are no packages."""
    path = Path(__file__).parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"operations_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CELLS = module_at("../cell/conftest")
cell, run = CELLS.cell, CELLS.run  # small cells of the demo home, as the tests of cells have them


@pytest.fixture(scope="session")
def counting() -> ModuleType:
    """The module of counters."""
    return module_at("counting")


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """Of the demo home."""
    return demo_vocabulary()


@pytest.fixture(scope="session")
def pieces(vocabulary: Vocabulary) -> Sequences:
    """Two winter weeks of the demo home, split, and half of them again: 72 sequences, 46 different ones."""
    found = split_sequences(simulate("winter", HOUSEHOLD, 14), vocabulary)
    return Sequences.concatenate([found, found[: len(found) // 2]])


@pytest.fixture
def flops() -> Callable[..., int]:
    """Floating-point operations of the matrix products, backward passes included, that some work makes.

    With ``layers`` those of linear layers alone, without attention's products of positions.
    """

    def count(work: Work, layers: bool = False) -> int:
        torch.manual_seed(1)
        with FlopCounterMode(display=False) as counter:
            work()
        counts = counter.get_flop_counts().get("Global", {})
        return int(sum(n for what, n in counts.items() if not layers or "bmm" not in str(what)))

    return count


@pytest.fixture
def calls() -> Callable[[type[Any], str], Any]:
    """Counts the calls of a method while a block runs."""

    @contextmanager
    def counting(owner: type[Any], name: str) -> Iterator[Counter[str]]:
        found: Counter[str] = Counter()
        original = getattr(owner, name)

        def counted(*args: Any, **named: Any) -> Any:
            found[name] += 1
            return original(*args, **named)

        setattr(owner, name, counted)
        try:
            yield found
        finally:
            setattr(owner, name, original)

    return counting


@pytest.fixture
def home() -> Callable[..., Sequences]:
    """Distinct sequences of one length over the toy vocabulary, as many as asked, each in `copies` copies."""

    def build(count: int, length: int = 4, copies: int = 1) -> Sequences:
        rng = np.random.default_rng(1)
        seen: dict[bytes, list[int]] = {}
        while len(seen) < count:
            behaviors = rng.integers((6, 6, 3, 6), size=(length, 4))
            seen[behaviors.tobytes()] = behaviors.reshape(-1).tolist()
        return Sequences.from_lists([row for row in seen.values() for _ in range(copies)])

    return build


@pytest.fixture
def live(cell: Callable[..., CellSettings], tmp_path: Path) -> Callable[..., CellSettings]:
    """Cells that an LLM at this address writes for; what is named differently is changed."""

    def build(url: str, sampling: dict[str, Any] | None = None, **changes: Any) -> CellSettings:
        stage = StageSettings(ssc=SimilaritySscSettings(name="similarity", share=0.6))
        told = {"key_variable": "SMARTGEN_TEST_KEY", "max_tokens": 500, "chunk": 4} | (sampling or {})
        llm = LlmSettings(name="test", model="m", base_url=url, **told)
        usual = {"synthesizer": llm, "stage": stage, "detector": DetectorSettings(name="seen")}
        return cell(tmp_path, **usual | changes)

    return build


@pytest.fixture
def written() -> Callable[[int, dict[str, Any]], dict[str, str]]:
    """What such an endpoint answers: two sequences of this home, or no shift of anything."""

    def answer(_: int, body: dict[str, Any]) -> dict[str, str]:
        schema = body["response_format"]["json_schema"]["schema"]
        if "sequences" not in schema["properties"]:
            return {"text": json.dumps(_unchanged(schema))}
        actions = schema["properties"]["sequences"]["items"]["items"]["properties"]["action"]["enum"]
        both = [
            [{"day": "Monday", "hour": f"({hour}~{hour + 3})", "action": action} for hour in (0, 21)]
            for action in actions[:2]
        ]
        return {"text": json.dumps({"sequences": both})}

    return answer


def _unchanged(schema: dict[str, Any]) -> Any:
    """The same as before for every name of a schema of shifts."""
    if "properties" not in schema:
        return "same"
    return {name: _unchanged(part) for name, part in schema["properties"].items()}


class Opened:
    """What a command opened, from the log of ``opened.py``.

    Attributes:
        modules: that were imported at its end.
        events: number of connections and of processes that were started.
    """

    def __init__(self, log: Path) -> None:
        told = json.loads(log.read_text(encoding="utf-8"))
        self.opened: list[tuple[str, int, bool]] = told["opened"]
        self.modules, self.events = set(told["modules"]), told["events"]

    def read(self, folder: Path) -> Counter[str]:
        """How often each file below a folder was opened to be read, by its path there.

        An attempt at a file that is not there counts as none.
        """
        return Counter(path for path, size, writes in self._below(folder) if size and not writes)

    def written(self, folder: Path) -> Counter[str]:
        """How often each file below a folder was opened to be written, mostly under a temporary name."""
        return Counter(path for path, _, writes in self._below(folder) if writes)

    def bytes(self, folder: Path) -> int:
        """Bytes of the files below a folder that were opened to be read, as often as they were."""
        return sum(size for _, size, writes in self._below(folder) if not writes)

    def _below(self, folder: Path) -> Iterator[tuple[str, int, bool]]:
        root = f"{folder}/"
        for path, size, writes in self.opened:
            if path.startswith(root):
                yield path.removeprefix(root), size, writes


@pytest.fixture(scope="session")
def opening() -> Callable[..., Opened]:
    """Run a command of the package in a process of its own and tell what it opens."""

    def start(outputs: Path, *words: str, module: str = "smartgen") -> Opened:
        log = outputs.parent / f"{outputs.name}-{uuid4().hex}.json"
        command = [sys.executable, str(Path(__file__).parent / "opened.py"), str(log), module, *words]
        environment = {**os.environ, "SMARTGEN_OUTPUTS": str(outputs), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return Opened(log)

    return start
