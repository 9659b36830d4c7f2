"""Atomic artefacts: a stage's output appears whole under its key, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from smartgen.core.atomic import unwritable
from smartgen.core.foreign import read_arrays
from smartgen.core.types import Sequences

SEQUENCES_FILE, ARRAYS_FILE = "sequences.npz", "arrays.npz"

Arrays = dict[str, NDArray[Any]]
Cached = Callable[[Callable[[], Arrays]], Arrays]  # what was made before under the same key, or made now
Value = TypeVar("Value")
Form = tuple[str, Callable[[Path, Value], None], Callable[[Path], Value]]


def anew(make: Callable[[], Arrays]) -> Arrays:
    """A ``Cached`` that keeps nothing."""
    return make()


class Store:
    """Cached stage outputs below ``<root>/<stage>/<key>/``; safe when several processes write one key.

    Args:
        root: the cache folder, made when first needed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def sequences(
        self, stage: str, key: str, make: Callable[[], Sequences], force: bool = False
    ) -> Sequences:
        """The cached sequences of this key, or ``make()``, kept only if it returns.

        Raises:
            SmartgenError: they cannot be written.
        """
        return self._cached(stage, key, make, (SEQUENCES_FILE, save_sequences, load_sequences), force)

    def arrays(self, stage: str, key: str, make: Callable[[], Arrays], force: bool = False) -> Arrays:
        """The cached arrays of this key by name, or ``make()``, kept only if it returns.

        Raises:
            SmartgenError: they cannot be written.
        """
        return self._cached(stage, key, make, (ARRAYS_FILE, save_arrays, load_arrays), force)

    def _cached(
        self, stage: str, key: str, make: Callable[[], Value], form: Form[Value], force: bool
    ) -> Value:
        name, save, load = form
        folder = self.root / stage / key
        if not force:
            try:
                return load(folder / name)
            except (OSError, ValueError, KeyError):
                pass  # there is none, or a damaged one, which is made anew
        made = make()
        self._publish(folder, name, lambda path: save(path, made))
        return made

    def _publish(self, folder: Path, name: str, write: Callable[[Path], None]) -> None:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        except OSError as error:
            raise unwritable(folder, error) from error
        try:
            write(temporary / name)
            if folder.exists():
                os.replace(temporary / name, folder / name)
            else:
                _rename_unless_there(temporary, folder)
        except OSError as error:
            raise unwritable(folder, error) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _rename_unless_there(temporary: Path, folder: Path) -> None:
    try:
        os.rename(temporary, folder)
    except OSError:
        # Another process was faster; equal keys mean equal content, so its folder serves as well.
        if not folder.exists():
            raise


def sequence_arrays(sequences: Sequences) -> Arrays:
    """Sequences as arrays by name."""
    arrays: Arrays = {"values": sequences.values, "offsets": sequences.offsets}
    return arrays if sequences.times is None else arrays | {"times": sequences.times}


def sequences_from(arrays: Mapping[str, NDArray[Any]]) -> Sequences:
    """What ``sequence_arrays`` took apart.

    Raises:
        ValueError: these are no such arrays.
    """
    ours = [arrays[name] for name in ("values", "offsets", "times") if name in arrays]
    if any(one.dtype.kind not in "iu" or not one.ndim for one in ours):
        raise ValueError("expected arrays of whole numbers")
    return Sequences(arrays["values"], arrays["offsets"], arrays.get("times"))


def save_sequences(path: Path, sequences: Sequences) -> None:
    """One compressed numpy file."""
    np.savez_compressed(path, allow_pickle=False, **sequence_arrays(sequences))


def load_sequences(path: Path) -> Sequences:
    """What ``save_sequences`` wrote."""
    return sequences_from(load_arrays(path))


def save_arrays(path: Path, arrays: Arrays) -> None:
    """One numpy file, not compressed: weights hardly shrink."""
    np.savez(path, allow_pickle=False, **arrays)  # its keywords are the arrays


def load_arrays(path: Path) -> Arrays:
    """What ``save_arrays`` wrote."""
    return read_arrays(path)
