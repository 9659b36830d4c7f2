"""Read pickles of plain values without running code (the release holds 3,282 of them)."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Final

import numpy as np
from numpy._core import multiarray

from smartgen.core.errors import SmartgenError

# Lists, tuples, dicts, numbers, strings and None are opcodes of the format and need no lookup at all.
# These five are what numpy's own pickles name. Classes and built-in functions only: a function written in
# Python could be altered for the whole process by a BUILD opcode.
_NUMPY: Final[dict[str, object]] = {
    "_reconstruct": multiarray._reconstruct,
    "scalar": multiarray.scalar,
    "ndarray": np.ndarray,
    "dtype": np.dtype,
}
_MODULES: Final = {
    "numpy": ("ndarray", "dtype"),
    "numpy.core.multiarray": ("_reconstruct", "scalar"),  # numpy 1
    "numpy._core.multiarray": ("_reconstruct", "scalar"),  # numpy 2
}


class _ForeignClassError(Exception):
    """A pickle asked for something outside the allow-list."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        """Every lookup of every opcode comes through here; nothing is ever imported."""
        if name not in _MODULES.get(module, ()):
            raise _ForeignClassError(f"{module}.{name}")
        return _NUMPY[name]


def load_pickle(path: Path) -> object:
    """The plain value in a pickle: lists, tuples, dicts, numbers, strings, numpy arrays and scalars.

    Raises:
        SmartgenError: the file is missing, damaged, or names anything else. Refused before it is imported,
            so nothing of it runs.
    """
    try:
        with path.open("rb") as stream:
            return _Unpickler(stream).load()
    except _ForeignClassError as error:
        raise SmartgenError(
            f"{path}: refused to load {error}; only plain lists, numbers, strings and numpy arrays are read"
        ) from None
    except OSError as error:
        raise SmartgenError(f"{path}: cannot be read ({error.strerror})") from error
    except Exception as error:  # a damaged pickle can raise nearly anything, from EOFError to MemoryError
        raise SmartgenError(
            f"{path}: not a readable pickle ({error}); fetch or copy the file again"
        ) from error
