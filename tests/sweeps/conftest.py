"""Sweeps as a user starts them: a command, an outputs folder."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    def run(*words: str, module: str = "smartgen") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SMARTGEN_OUTPUTS": str(tmp_path), "RAY_AUTH_MODE": "disabled"}
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        return done

    return run
