"""Pickles that would run code, fill the memory, or never end: each is one line, and nothing of it runs."""

from __future__ import annotations

import copyreg
import os
import pickle
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartgen.core.errors import SmartgenError
from smartgen.data.release import read_sequences
from smartgen.data.unpickle import load_pickle
from tests.reliability.hostile import limited, watching

MARK = "canary"  # the file that a hostile pickle would make


def text(value: str) -> bytes:
    """A text on the stack."""
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def runs(mark: Path) -> dict[str, bytes]:
    """By how it does it: pickles that would run a command."""
    command, system = f"touch {mark}".encode(), b"cos\nsystem\n"
    order = b"V" + command + b"\n"
    both = text("os") + text("system")
    numpy_array = pickle.dumps(np.array([1, 2]), 2)
    return {
        "REDUCE": system + b"(" + order + b"tR.",
        "REDUCE of a name that another names": b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n(Vos\ntR"
        + b"Vsystem\ntR(" + order + b"tR.",
        "STACK_GLOBAL": b"\x80\x04" + both + b"\x93" + text(command.decode()) + b"\x85R.",
        "STACK_GLOBAL from the memo": b"\x80\x04" + text("os") + b"\x94" + text("system")
        + b"\x940h\x00h\x01\x93(" + order + b"tR.",
        "INST": b"(" + order + b"ios\nsystem\n.",
        "OBJ": b"(" + system + order + b"o.",
        "NEWOBJ": system + b"(" + order + b"t\x81.",
        "NEWOBJ_EX": b"\x80\x04" + system + b"(" + order + b"t}\x92.",
        "NEWOBJ of a class with an effect": b"csubprocess\nPopen\n(" + order + b"t\x81.",
        "BUILD of a class": b"cbuiltins\ntype\n(Vx\n(tcos\nsystem\nsR}b.",
        "BUILD with __setstate__": b"cnumpy\ndtype\n(Vi4\nI00\nI01\ntR}V__setstate__\n" + system + b"sb"
        + order + b"b.",
        "BUILD of what stands in for a class": b"cnumpy\nndarray\n}V__class__\n" + system + b"sb.",
        "BUILD of slots": b"cnumpy\nndarray\n(N}V__call__\n" + system + b"stb(" + order + b"tR.",
        "BUILD of the class itself": b"cnumpy\ndtype\n}V__init__\n" + system + b"sb(" + order + b"tR.",
        "EXT1": b"\x80\x02\x82\xf0(" + order + b"tR.",
        "EXT2": b"\x80\x02\x83\xf0\x00(" + order + b"tR.",
        "EXT4": b"\x80\x02\x84\xf0\x00\x00\x00(" + order + b"tR.",
        "PERSID": b"Pos.system\n(" + order + b"tR.",
        "BINPERSID": text("os.system") + b"Q(" + order + b"tR.",
        "a name with dots": b"\x80\x04" + text("numpy") + text("dtype.__init__.__globals__") + b"\x93.",
        "a module with dots": b"cnumpy.os\nsystem\n(" + order + b"tR.",
        "numpy.load": b"cnumpy\nload\n(V" + str(mark.with_suffix(".npy")).encode() + b"\ntR.",
        "numpy.frombuffer": b"cnumpy\nfrombuffer\n(C\x04abcdtR.",
        "numpy.ndarray called": b"cnumpy\nndarray\n((I9\ntVO\ntR.",
        "an object array": numpy_array.replace(b"X\x02\x00\x00\x00i8", b"X\x02\x00\x00\x00O8"),
        "an array of objects": pickle.dumps(np.array([os.system, print], dtype=object), 4),
        "a dtype with fields": pickle.dumps(np.zeros(2, dtype=[("a", "i4"), ("b", "O")]), 4),
        "a class of the package": b"csmartgen.core.atomic\nwrite_text_atomic\n(" + order + order + b"tR.",
        "a second pickle in a text": b"c_pickle\nloads\n(C\x02N.tR.",
    }  # fmt: skip


@pytest.fixture
def registered() -> Any:
    """A class that a program gave a number, as a pickle's EXT opcodes name it, looked up before."""
    copyreg.add_extension("os", "system", 0xF0)
    copyreg._extension_cache[0xF0] = os.system  # type: ignore[attr-defined]
    yield
    copyreg.remove_extension("os", "system", 0xF0)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("way", sorted(runs(Path(MARK))))
def test_nothing_runs(tmp_path: Path, way: str) -> None:
    mark, path = tmp_path / MARK, tmp_path / "some.pkl"
    path.write_bytes(runs(mark)[way])
    with (
        watching() as acts,
        pytest.raises(SmartgenError, match=r"some\.pkl: (refused to load|not a readable)"),
    ):
        load_pickle(path)
    assert acts == []
    assert not mark.exists()


def test_the_watch_would_see_it(tmp_path: Path) -> None:
    with watching() as acts:
        pickle.loads(runs(tmp_path / MARK)["REDUCE"])
    assert any(act.startswith("os.system") for act in acts)
    assert (tmp_path / MARK).exists()


def doubled(depth: int, empty: bytes, pair: bytes) -> bytes:
    """A value that holds one value twice, which holds one twice, and so on: 2 ** depth of the innermost."""
    return b"\x80\x04" + empty + b"".join(b"\x94h" + bytes([i]) + pair for i in range(depth))


def bombs() -> dict[str, bytes]:
    """Small pickles that ask for much: by name, what opcodes can do."""
    array = pickle.dumps(np.array([1, 2], dtype="<i8"), 3)
    trillion = b"\x8a\x06" + (10**12).to_bytes(6, "little") + b"\x85"
    # numpy of no bytes: a trillion of them in no data at all
    nothing = array.replace(b"X\x02\x00\x00\x00i8", b"X\x02\x00\x00\x00S0").replace(b"K\x02\x85", trillion)
    nothing = re.sub(rb"C\x10.{16}", b"C\x00", nothing, flags=re.DOTALL)
    named = doubled(40, b"]", b"\x86").replace(b"]", b"cnumpy\ndtype\n]", 1)
    list_of_lists = doubled(60, b"]", b"\x86")  # tuples of two
    return {
        "LONG4": b"\x8b" + struct.pack("<i", 2**31 - 1) + b"1.",
        "LONG4 below 0": b"\x8b" + struct.pack("<i", -5) + b"1.",
        "BINBYTES": b"B" + struct.pack("<I", 2**32 - 1) + b"1.",
        "BINBYTES8": b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"1.",
        "BINBYTES8 of all": b"\x80\x04\x8e" + struct.pack("<Q", 2**64 - 1) + b"1.",
        "BINUNICODE": b"X" + struct.pack("<I", 2**31) + b"1.",
        "BINUNICODE8": b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"1.",
        "BYTEARRAY8": b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"1.",
        "FRAME": b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"N.",
        "LONG_BINPUT": b"Nr" + struct.pack("<I", 2**31 - 1) + b".",
        "LONG_BINPUT of all": b"Nr" + struct.pack("<I", 2**32 - 1) + b".",
        "PUT": b"Np2147483647\n.",
        "PUT of a million digits": b"Np" + b"9" * 1_000_000 + b"\n.",
        "a number of a million digits": b"L" + b"9" * 1_000_000 + b"L\n.",
        "INT of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
        "an array of a trillion": array.replace(b"K\x02\x85", trillion),
        "an array of a trillion nothings": nothing,
        "a dtype named by doubled lists": named + b"\x85R.",
        "doubled tuples as a key": b"\x80\x04}" + list_of_lists[2:] .replace(b"]", b")", 1) + b"Ns.",
        "doubled tuples in a set": b"\x80\x04\x8f(" + list_of_lists[2:].replace(b"]", b")", 1) + b"\x90.",
        "a million tuples in one another as a key": b"\x80\x04})" + b"\x85" * 1_000_000 + b"Ns.",
        "frozen sets of frozen sets": b"\x80\x04" + b"(" * 60 + b"N" + b"\x91" * 60 + b".",
        "an item of an array by doubled lists": array[:-1] + b"(" + list_of_lists[2:] + b"Nu.",
        "no end": b"]" * 1000,
        "no opcode": b"\xff\xfe.",
        "empty": b"",
        "a mark alone": b"(" * 100 + b".",
    }  # fmt: skip


def test_small_pickles_take_neither_memory_nor_time(tmp_path: Path) -> None:
    names = []
    for name, raw in bombs().items():
        (tmp_path / f"{name}.pkl").write_bytes(raw)
        names.append(f"{name}.pkl")
    imports = "from smartgen.data.unpickle import load_pickle"
    found = limited(tmp_path, names, "load_pickle(folder / name)", imports, megabytes=300, seconds=40)
    assert {name: told for name, told in found.items() if told[0] != "refused"} == {}
    assert max(seconds for *_, seconds in found.values()) < 3
    assert all("\n" not in told and len(told) < 500 for _, told, _ in found.values())


def test_rows_that_hold_rows_without_end(tmp_path: Path) -> None:
    row, again = b"(" + b"K\x01" * 4000 + b"l\x94", b"h\x00" * 200_000
    files = {
        "doubled lists": doubled(60, b"]", b"\x86") + b"\x85.",
        "deep lists": b"]" * 200_000 + b"a" * 199_999 + b".",
        # one list of 4,000 numbers, named 200,000 times: 3 GB of them
        "one row a thousandfold": b"\x80\x04](" + row + again + b"e.",
        "one tuple a thousandfold": b"\x80\x04(" + row.replace(b"l", b"t") + again + b"t.",
    }  # fmt: skip
    for name, raw in files.items():
        (tmp_path / f"{name}.pkl").write_bytes(raw)
    imports = "from smartgen.data.release import read_sequences"
    found = limited(tmp_path, [f"{name}.pkl" for name in files], "read_sequences(folder / name)", imports)
    assert {name: told for name, told in found.items() if told[0] != "refused"} == {}
    assert "more than any home has" in found["one row a thousandfold.pkl"][1]


def test_what_the_bounds_let_through(tmp_path: Path) -> None:
    table = {"a": [1, (2, 3)], ("b", 4): {"c": {5}}, None: frozenset({6}), 7: b"8" * 300}
    for protocol in (4, 5):  # before, a set was made by calling its class
        (tmp_path / "table.pkl").write_bytes(pickle.dumps([table, table], protocol))
        assert load_pickle(tmp_path / "table.pkl") == [table, table]
    rows = [[0, 1, 2, number % 200] for number in range(70_000)]  # more of them than two bytes number
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / "rows.pkl").write_bytes(pickle.dumps(rows, protocol))
        assert len(read_sequences(tmp_path / "rows.pkl")) == 70_000
