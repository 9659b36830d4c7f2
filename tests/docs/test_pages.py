"""Pages that run as they stand: a page is one script, and what it shows must be printed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, RELEASE, ROOT, VERBATIM, Block, blocks_of

IN_CLONE = ("dataset", "detector")
CLONED = ("smartgen", "hydra_plugins", "conf", "experiments", "docs/examples")


def test_commands_stand_in_blocks_that_say_so() -> None:
    unlabelled = [
        (path.name, line)
        for path in PAGES
        for block in blocks_of(path)
        if block.language != "bash"
        for line in block.body.splitlines()
        if re.match(r"(smartgen|smartgen-report|smartgen-data|smartgen-score|make|pip) \w", line)
    ]
    assert not unlabelled


def script_of(blocks: Sequence[Block], folder: Path) -> str:
    """A page as a script; what comes behind block i begins with a line ``@@i``."""
    lines = ["set -e"]
    for number, block in enumerate(blocks):
        if block.needs_release and not RELEASE:
            continue
        if block.title and "--8<--" not in block.body:
            (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.title).write_text(block.body)
        elif block.language == "python" and not block.title:
            (folder / f"block_{number}.py").write_text(block.body)
            lines += [f"echo @@{number}", f"python block_{number}.py"]
        elif block.language == "bash":
            lines += [f"echo @@{number}", block.body]
    return "\n".join(lines)


def plain(line: str) -> str:
    """A line without what may differ: digits of keys, numbers, and how columns are spread."""
    line = re.sub(r"\b[0-9a-f]{16,64}\b", "0", line)
    line = re.sub(r"[-+]?\d+(?:[.,:]\d+)*", "0", line)
    return " ".join(line.split())


def missing(shown: str, printed: str) -> list[str]:
    """The shown lines that were not printed."""
    there = [plain(line) for line in printed.splitlines()]
    lacking = []
    for line in filter(None, map(plain, shown.splitlines())):
        pattern = ".*".join(re.escape(part) for part in line.split("..."))
        if not any(re.fullmatch(pattern, one) for one in there):
            lacking.append(line)
    return lacking


@pytest.mark.slow
@pytest.mark.parametrize("path", VERBATIM, ids=lambda path: path.stem)
def test_a_page_runs_as_it_stands(path: Path, tmp_path: Path) -> None:
    root = ROOT
    if path.stem in IN_CLONE:
        root = tmp_path
        for name in CLONED:
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    blocks = blocks_of(path)
    script, output = script_of(blocks, tmp_path), tmp_path / "output.txt"
    dropped = (
        "SMARTGEN_OUTPUTS",
        "SMARTGEN_LLM_URL",
        "SMARTGEN_LLM_KEY",
        "OPENAI_API_KEY",
        "HYDRA_FULL_ERROR",
    )
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    environment |= {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1", "COLUMNS": "112"}
    with output.open("wb") as stream:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=300)
        finally:  # servers that a page started and did not end
            with_its_children(process.pid)
    printed = output.read_text()
    assert code == 0, printed[-3000:]
    parts = re.split(r"^@@(\d+)\n", printed, flags=re.M)
    by_block = dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))
    for number, block in enumerate(blocks):
        if block.language == "text":
            before = max(n for n in by_block if n < number)
            assert not missing(block.body, by_block[before]), by_block[before][-3000:]


def with_its_children(process: int) -> None:
    """End all that is left of a session that was started here."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
