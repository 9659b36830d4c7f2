import errno
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.store import Store, load_sequences, save_sequences
from smartgen.core.types import Sequences

ONE = Sequences.from_lists([[0, 1, 2, 3]])


def test_made_once_then_read(tmp_path: Path) -> None:
    made = []

    def make() -> Sequences:
        made.append(1)
        return ONE

    store = Store(tmp_path)
    assert store.sequences("tss", "k", make) == store.sequences("tss", "k", make) == ONE
    assert len(made) == 1
    store.sequences("tss", "k", make, force=True)
    assert len(made) == 2


def test_a_failure_is_never_cached_and_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> Sequences:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        Store(tmp_path).sequences("tss", "k", fail)
    assert not list(tmp_path.rglob("*"))
    assert Store(tmp_path).sequences("tss", "k", lambda: ONE) == ONE


def test_times_are_kept(tmp_path: Path) -> None:
    timed = Sequences(ONE.values, ONE.offsets, np.array([5]))
    save_sequences(tmp_path / "x.npz", timed)
    assert load_sequences(tmp_path / "x.npz").times.tolist() == [5]


def _write(root: Path) -> int:
    return len(Store(root).sequences("tss", "same", lambda: ONE))


def test_processes_may_write_the_same_key(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        assert pool.map(_write, [tmp_path] * 8) == [1] * 8
    assert [path.name for path in (tmp_path / "tss").iterdir()] == ["same"]


def test_arrays_are_made_once_and_made_anew_where_the_file_is_damaged(tmp_path: Path) -> None:
    made = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return {"a": np.arange(3), "b": np.array(float("nan"))}

    store = Store(tmp_path)
    first, second = store.arrays("tof", "k", make), store.arrays("tof", "k", make)
    assert first["a"].tolist() == second["a"].tolist() == [0, 1, 2]
    assert np.isnan(second["b"])
    assert len(made) == 1
    next(tmp_path.rglob("*.npz")).write_bytes(b"PK half a file")
    assert store.arrays("tof", "k", make)["a"].tolist() == [0, 1, 2]
    assert len(made) == 2


def test_a_cache_that_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(SmartgenError, match=r"cache/tss/k: cannot be written .*; choose another folder"):
        Store(tmp_path / "cache").sequences("tss", "k", lambda: ONE)


def test_a_full_disk_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(SmartgenError, match=r"tss/k: cannot be written \(No space left on device\)"):
        Store(tmp_path).sequences("tss", "k", lambda: ONE)
    assert not list((tmp_path / "tss").iterdir())
