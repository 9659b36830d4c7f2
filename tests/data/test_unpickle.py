from __future__ import annotations

import contextlib
import os
import pickle
import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartgen.core.errors import SmartgenError
from smartgen.data.unpickle import load_pickle

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pickles") / "some.pkl"


@given(value=plain, protocol=st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_values_come_back(file: Path, value: object, protocol: int) -> None:
    file.write_bytes(pickle.dumps(value, protocol))
    assert load_pickle(file) == value


@pytest.mark.parametrize("protocol", [3, 4])
def test_numpy_comes_back(file: Path, protocol: int) -> None:
    file.write_bytes(pickle.dumps([np.array([[1, 2], [3, 4]]), np.int64(7), np.array(["a", "bc"])], protocol))
    array, whole, text = load_pickle(file)
    assert (array.tolist(), whole, text.tolist()) == ([[1, 2], [3, 4]], 7, ["a", "bc"])
    assert type(whole) is np.int64


def test_numpy_1_and_2_name_their_module_differently(file: Path) -> None:
    raw = pickle.dumps([np.arange(3), np.float32(0.5)], 3)
    for module in (b"numpy.core.multiarray", b"numpy._core.multiarray"):
        file.write_bytes(raw.replace(b"numpy._core.multiarray", module))
        array, real = load_pickle(file)
        assert (array.tolist(), real) == ([0, 1, 2], 0.5)


class _Runs:
    """Asks the reader to call a function, as a hostile pickle does."""

    def __init__(self, function: object, *args: object) -> None:
        self._call = (function, args)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self._call


def _hostile(mark: Path) -> dict[str, bytes]:
    """By the name that is refused first: pickles that would make the file ``mark``."""
    code = f"open({str(mark)!r}, 'w')"
    return {
        f"{os.system.__module__}.system": pickle.dumps(_Runs(os.system, f"touch {mark}")),
        "builtins.eval": pickle.dumps([1, {"x": _Runs(eval, code)}]),
        "builtins.list": pickle.dumps(_Runs(list, _Runs(exec, code))),
        # getattr(os, "system")("touch ..."), in the text format because modules cannot be pickled
        "builtins.getattr": b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n(Vos\ntRVsystem\ntR"
        + f"(Vtouch {mark}\ntR.".encode(),
        # an allowed function with a forbidden one in its arguments
        "builtins.exec": f"cnumpy\ndtype\n(cbuiltins\nexec\n(V{code}\ntRtR.".encode(),
        "collections.OrderedDict": pickle.dumps(OrderedDict(a=1)),
    }


@pytest.mark.parametrize("name", sorted(_hostile(Path("x"))))
def test_refused_by_name_before_anything_runs(tmp_path: Path, name: str) -> None:
    mark, path = tmp_path / "ran", tmp_path / "hostile.pkl"
    path.write_bytes(_hostile(mark)[name])
    with pytest.raises(SmartgenError, match=rf"hostile\.pkl: refused to load {name};"):
        load_pickle(path)
    assert not mark.exists()


def test_the_hostile_pickles_would_run_elsewhere(tmp_path: Path) -> None:
    for name, raw in _hostile(tmp_path / "ran").items():
        if name != "collections.OrderedDict":
            with contextlib.suppress(TypeError):  # what comes after the harm is done
                pickle.loads(raw)
            (tmp_path / "ran").unlink()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numpy", "dtype.__class__"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "__builtins__"),
        ("os", "ndarray"),
        ("numpy._core.numeric", "_frombuffer"),
    ],
)
def test_neither_attributes_nor_names_of_other_modules_pass(tmp_path: Path, module: str, name: str) -> None:
    path = tmp_path / "hostile.pkl"
    parts = [f"\x8c{chr(len(text))}{text}".encode("latin-1") for text in (module, name)]
    path.write_bytes(b"\x80\x04" + b"".join(parts) + b"\x93.")
    with pytest.raises(SmartgenError, match="refused to load"):
        load_pickle(path)


def test_every_cut_of_a_pickle_is_an_error_that_names_the_file(file: Path) -> None:
    raw = pickle.dumps([[1, 2, 3], np.arange(4), "text", 1 << 80])
    for end in range(len(raw)):
        file.write_bytes(raw[:end])
        with pytest.raises(SmartgenError, match=r"some\.pkl"):
            load_pickle(file)


@given(noise=st.binary(max_size=60))
def test_noise_raises_nothing_but_our_error(file: Path, noise: bytes) -> None:
    file.write_bytes(noise)
    with contextlib.suppress(SmartgenError):
        load_pickle(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SmartgenError, match=r"none\.pkl: cannot be read \(No such file"):
        load_pickle(tmp_path / "none.pkl")


@pytest.mark.release
def test_every_pickle_of_the_release_loads(release: Path) -> None:
    paths = sorted(release.rglob("*.pkl"))
    assert paths
    for path in paths:
        assert isinstance(load_pickle(path), (list, str, dict, type(None)))


@pytest.mark.parametrize(
    "hostile",
    [
        # ndarray((1,), dtype('O'), raw): an array of pointers that the file chooses
        b"cnumpy\nndarray\n((I1\ntcnumpy\ndtype\n(S'O'\ntRC\x08AAAAAAAAtR.",
        # the same through scalar, and ndarray((8,), 'i8'): memory of the process
        b"cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n(S'O'\ntRC\x08AAAAAAAAtR.",
        b"cnumpy\nndarray\n((I8\ntS'i8'\ntR.",
        # a number's type that is told by its state to hold references
        b"cnumpy\ndtype\n(S'i8'\ntR(I3\nS'|'\nN(S'a'\nt(dNI-1\nI-1\nI63\ntb.",
        # attributes of what stands in for numpy
        b"cnumpy._core.multiarray\nscalar\n(dS'x'\nI1\nsb.",
    ],
)
def test_numpys_names_give_no_way_to_memory(file: Path, hostile: bytes) -> None:
    file.write_bytes(hostile)
    with pytest.raises(SmartgenError, match=re.escape(str(file))):
        load_pickle(file)
