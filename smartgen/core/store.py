"""Atomic artefacts: a stage's output appears whole under its key, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from smartgen.core.types import Sequences

SEQUENCES_FILE = "sequences.npz"


class Store:
    """Cached sequences below ``<root>/<stage>/<key>/``; safe when several processes write one key.

    Args:
        root: the cache folder, made when first needed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def sequences(
        self, stage: str, key: str, make: Callable[[], Sequences], force: bool = False
    ) -> Sequences:
        """The cached value of this key, or ``make()``, kept only if it returns."""
        folder = self.root / stage / key
        if not force:
            cached = _read_if_whole(folder / SEQUENCES_FILE)
            if cached is not None:
                return cached
        made = make()
        self._publish(folder, lambda target: save_sequences(target / SEQUENCES_FILE, made))
        return made

    def _publish(self, folder: Path, write: Callable[[Path], None]) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            write(temporary)
            if folder.exists():
                os.replace(temporary / SEQUENCES_FILE, folder / SEQUENCES_FILE)
            else:
                _rename_unless_there(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _read_if_whole(path: Path) -> Sequences | None:
    """The cached value; None where there is none, or a damaged one, which is then made anew."""
    try:
        return load_sequences(path)
    except (OSError, ValueError, KeyError, BadZipFile):
        return None


def _rename_unless_there(temporary: Path, folder: Path) -> None:
    try:
        os.rename(temporary, folder)
    except OSError:
        # Another process was faster; equal keys mean equal content, so its folder serves as well.
        if not folder.exists():
            raise


def save_sequences(path: Path, sequences: Sequences) -> None:
    """One compressed numpy file."""
    arrays: dict[str, Any] = {"values": sequences.values, "offsets": sequences.offsets}
    if sequences.times is not None:
        arrays["times"] = sequences.times
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load_sequences(path: Path) -> Sequences:
    """What ``save_sequences`` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return Sequences(arrays["values"], arrays["offsets"], arrays.get("times"))
