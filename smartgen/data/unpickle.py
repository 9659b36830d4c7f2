"""Read pickles of plain values without running code (the release holds 3,282 of them)."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Final

import numpy as np

from smartgen.core.errors import SmartgenError

# What numpy 1 and numpy 2 call the functions that their pickles name.
_ARRAY_MODULES: Final = ("numpy.core.multiarray", "numpy._core.multiarray")
_KINDS: Final = "biufSU"  # booleans, numbers, strings: nothing that holds references


class _ForeignClassError(Exception):
    """A pickle asked for something outside the allow-list."""


class _Dtype:
    """Stands in for ``numpy.dtype``: only plain types, and no state but the byte order."""

    __slots__ = ("dtype",)

    def __init__(self, text: str, align: bool = False, copy: bool = False) -> None:
        self.dtype = np.dtype(str(text))
        if self.dtype.kind not in _KINDS:
            raise _ForeignClassError(f"numpy.dtype({text!r})")

    def __setstate__(self, state: tuple[object, ...]) -> None:
        _, order, subdtype, names, fields, *_ = state
        if (subdtype, names, fields) != (None, None, None):
            raise _ForeignClassError("numpy.dtype with fields")
        if order in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(order)


class _Array(np.ndarray[Any, Any]):
    """An array that takes its type from a ``_Dtype`` alone; numpy checks shape and size."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        version, shape, kind, fortran, raw = state
        if not isinstance(kind, _Dtype) or not isinstance(raw, bytes):
            raise _ForeignClassError("numpy.ndarray of another kind")
        super().__setstate__((version, shape, kind.dtype, fortran, raw))


class _ArrayClass:
    """Stands in for ``numpy.ndarray`` where a pickle only names it; calling it would map raw memory."""

    __slots__ = ()


class _Reconstruct:
    """Stands in for numpy's function that begins an array: an empty one, whatever is asked."""

    __slots__ = ()

    def __call__(self, *_: object) -> _Array:
        return _Array((0,), dtype=np.int8)


class _Scalar:
    """Stands in for numpy's function that makes a single number."""

    __slots__ = ()

    def __call__(self, kind: object, raw: object) -> object:
        if not isinstance(kind, _Dtype) or not isinstance(raw, bytes):
            raise _ForeignClassError("numpy scalar of another kind")
        return np.frombuffer(raw, kind.dtype, count=1)[0]


def _lookup(module: str, name: str) -> object:
    """What a pickle gets for a name. Instances without attributes, so no opcode can alter them."""
    if module == "numpy":
        return {"ndarray": _ArrayClass(), "dtype": _Dtype}.get(name)
    if module in _ARRAY_MODULES:
        return {"_reconstruct": _Reconstruct(), "scalar": _Scalar()}.get(name)
    return None


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        """Every lookup of every opcode comes through here; nothing is ever imported."""
        found = _lookup(module, name)
        if found is None:
            raise _ForeignClassError(f"{module}.{name}")
        return found


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
