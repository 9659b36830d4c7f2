"""Where a number comes from: versions, commit, machine, command."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from smartgen.core.masks import masked
from smartgen.core.resources import PACKAGE, resource_dir

SHIPPED = ("conf", "experiments")
PACKAGES = (
    "smartgen",
    "torch",
    "pytorch-lightning",
    "numpy",
    "scikit-learn",
    "safetensors",
    "hydra-core",
    "omegaconf",
    "wandb",
    "openai",
    "sqlalchemy",
    "xllamacpp",
)


@cache
def provenance() -> dict[str, Any]:
    """Versions, source commit and hardware of this process; JSON-ready."""
    commit, dirty = _commit()
    return {
        "versions": {"python": platform.python_version()} | _versions(),
        "commit": commit,
        "dirty": dirty,
        "host": platform.node(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


@cache
def code_digest() -> str:
    """SHA-256 of the package's text and of what ships beside it, ``conf`` and ``experiments``."""
    sha = hashlib.sha256()
    for root, kind in ((PACKAGE, "*.py"), *((resource_dir(name), "*.yaml") for name in SHIPPED)):
        for file in sorted(root.rglob(kind)):
            sha.update(file.read_bytes())
    return sha.hexdigest()


def command(overrides: list[str]) -> str:
    """The exact command that makes this cell again; what may be a secret in it is masked."""
    return shlex.join(["smartgen", *map(masked, overrides)])


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _commit() -> tuple[str | None, bool | None]:
    """Commit and whether any file differs from it or is new; (None, None) outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None, None
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain")
    return commit or None, None if changes is None else bool(changes)


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:  # a checkout on a machine without git
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _processor() -> str:
    """The processor's name, where the system tells it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()
