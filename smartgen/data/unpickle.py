"""Read pickles of plain values without running code (the release holds 3,282 of them)."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.data.pickle_bounds import OversizedError, scan

# What numpy 1 and numpy 2 call the functions that their pickles name.
_ARRAY_MODULES: Final = ("numpy.core.multiarray", "numpy._core.multiarray")
_TYPE: Final = re.compile(r"[<>|=]?[a-zA-Z]\d{0,9}", re.ASCII)
_KINDS: Final = "biufSU"  # booleans, numbers, strings: nothing that holds references


class _ForeignClassError(Exception):
    """A pickle asked for something outside the allow-list."""


class _Dtype:
    """Stands in for ``numpy.dtype``: only plain types, and no state but the byte order."""

    __slots__ = ("dtype",)

    def __init__(self, text: str, align: bool = False, copy: bool = False) -> None:
        # No str(text): of a list that holds one list twice, and so on, the text would never end.
        # Plain codes alone: numpy parses longer texts, such as "(2)i4,f8", with Python's own parser.
        plain = isinstance(text, str) and _TYPE.fullmatch(text) is not None
        self.dtype = np.dtype(text if plain else "O")
        # Of items without a size, no bytes make billions.
        if self.dtype.kind not in _KINDS or not self.dtype.itemsize:
            told = repr(text)[:40] if isinstance(text, str) else type(text).__name__
            raise _ForeignClassError(f"numpy.dtype({told})")

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

    def __setitem__(self, *_: object) -> NoReturn:
        """No pickle of an array sets an item, and numpy would unfold whatever stands there."""
        raise _ForeignClassError("an item set in a numpy.ndarray")


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


def _found(module: str, name: str) -> object:
    """Every lookup of every opcode comes through here; nothing is ever imported."""
    found = _lookup(module, name)
    if found is None:
        raise _ForeignClassError(f"{module}.{name}")
    return found


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        return _found(module, name)


# The one in Python: slow, and the only one that lets us see keys before they are hashed.
_PythonUnpickler = pickle._Unpickler


class _TableUnpickler(_PythonUnpickler):
    """For pickles with tables or sets, of which the release has none.

    The hash of a tuple that holds one tuple twice, and so on, takes for ever, and that of ten thousand tuples
    one in the other breaks the stack.
    """

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {**_PythonUnpickler.dispatch}

    def find_class(self, module: str, name: str) -> object:
        return _found(module, name)


def _checked(code: bytes, keys: slice) -> None:
    """Have an opcode look at its keys, where they are on the stack, before it goes on."""
    plain = _PythonUnpickler.dispatch[code[0]]

    def load(reader: Any) -> None:
        _check_keys(reader.stack[keys])
        plain(reader)

    _TableUnpickler.dispatch[code[0]] = load


_checked(pickle.SETITEM, slice(-2, -1))
for _code in (pickle.SETITEMS, pickle.DICT):
    _checked(_code, slice(0, None, 2))
for _code in (pickle.ADDITEMS, pickle.FROZENSET):
    _checked(_code, slice(None))


def _check_keys(keys: list[object]) -> None:
    """Texts, numbers and tuples of such."""
    for key in keys:
        for one in key if isinstance(key, tuple) else (key,):
            if isinstance(one, tuple | frozenset):
                raise _ForeignClassError("a key of tuples in tuples")


def load_pickle(path: Path) -> object:
    """The plain value in a pickle: lists, tuples, dicts, numbers, strings, numpy arrays and scalars.

    Raises:
        SmartgenError: the file is missing, damaged, or names anything else. Refused before it is imported,
            so nothing of it runs.
    """
    try:
        data = path.read_bytes()
        reader = _TableUnpickler if scan(data).tables else _Unpickler
        return reader(io.BytesIO(data)).load()
    except _ForeignClassError as error:
        raise SmartgenError(
            f"{path}: refused to load {error}; only plain lists, numbers, strings and numpy arrays are read"
        ) from None
    except OversizedError as error:
        raise SmartgenError(
            f"{path}: not a readable pickle ({error}); fetch or copy the file again"
        ) from None
    except OSError as error:
        raise SmartgenError(f"{path}: cannot be read ({error.strerror})") from error
    except Exception as error:  # a damaged pickle can raise nearly anything, from EOFError to MemoryError
        raise SmartgenError(
            f"{path}: not a readable pickle ({error}); fetch or copy the file again"
        ) from error
