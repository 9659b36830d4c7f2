"""The cache of stages: a damaged file is made anew, and never taken for another content."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from random import Random

import numpy as np

from fuzzing.mutate import json_mutated, mutated
from fuzzing.readers.home import LOG
from fuzzing.target import Reader
from smartgen.core.store import ARRAYS_FILE, SEQUENCES_FILE, Store, sequence_arrays
from smartgen.core.types import Sequences

KEY = "0123456789abcdef"
TIMED = Sequences(LOG.values, LOG.offsets, np.arange(len(LOG.values)) + 1_709_276_400)
MADE = Sequences.from_lists([[0, 1, 2, 3]])
RAW, ARRAYS, TOLD = b"R", b"A", b"T"


def stages(folder: Path) -> Reader:
    """A case is a raw file (R, A), or arrays of any type and shape in a right zip archive (T)."""
    store = Store(folder)
    places = [folder / "tss" / KEY / name for name in (SEQUENCES_FILE, ARRAYS_FILE)]
    store.sequences("tss", KEY, lambda: TIMED)
    store.arrays("tss", KEY, lambda: {"weights": np.arange(6.0), "ids": np.array([1, 2])})
    raw = [place.read_bytes() for place in places]

    def read(data: bytes) -> bool:
        kind, content = data[:1], data[1:]
        if kind == ARRAYS:
            places[1].write_bytes(content)
            found = store.arrays("tss", KEY, lambda: {"weights": np.zeros(3)})
            assert all(isinstance(one, np.ndarray) for one in found.values()), found
            _check_raw_arrays(found)
            return len(found) == 2
        places[0].write_bytes(_archive(content) if kind == TOLD else content)
        kept = store.sequences("tss", KEY, lambda: MADE)
        again = store.sequences("tss", KEY, lambda: TIMED[:1])
        assert kept == again, "what was made anew was not kept"
        assert kind == TOLD or kept in (TIMED, MADE), kept
        _check(kept)
        return kept != MADE

    told = {
        name: [x.dtype.str, list(x.shape), x.reshape(-1).tolist()]
        for name, x in sequence_arrays(TIMED).items()
    }
    words = (
        "<i4",
        "<i8",
        ">i4",
        "<f8",
        "|O",
        "|S3",
        "<U2",
        "|b1",
        "|V8",
        "<M8[s]",
        "values",
        "offsets",
        "times",
    )

    def mutate(data: bytes, rng: Random) -> bytes:
        change = mutated if data[:1] in (RAW, ARRAYS) else lambda one, state: json_mutated(one, state, words)
        return data[:1] + change(data[1:], rng)

    seeds = (RAW + raw[0], ARRAYS + raw[1], TOLD + json.dumps(told).encode())
    # numpy reads the header of an array as the literal that it is.
    return Reader("stages", read, seeds, mutate, allowed=frozenset({"compile"}))


def _check(found: Sequences) -> None:
    assert found.offsets[0] == 0
    assert found.offsets[-1] == len(found.values)
    assert found.values.shape[1] == 4
    assert (found.lengths >= 0).all()
    assert found.times is None or len(found.times) == len(found.values)


def _check_raw_arrays(found: dict[str, np.ndarray]) -> None:
    """Either what was kept or what was made: a checksum guards each of them."""
    if "ids" in found:
        assert found["ids"].tolist() == [1, 2], found
        assert found["weights"].tolist() == [0, 1, 2, 3, 4, 5], found
    else:
        assert found["weights"].tolist() == [0, 0, 0], found


def _archive(content: bytes) -> bytes:
    """The arrays that a case tells of, each with a header of the told type and shape, whatever its data."""
    try:
        told = json.loads(content)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, (kind, shape, numbers) in told.items():
                array = np.array(numbers)
                header = (
                    f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {tuple(shape)!r}, }}".encode()
                )
                wide = header + b" " * (-(len(header) + 11) % 64) + b"\n"
                data = array.astype(kind).tobytes() if kind in ("<i4", "<i8", "<f8") else array.tobytes()
                start = b"\x93NUMPY\x01\x00" + len(wide).to_bytes(2, "little")
                archive.writestr(f"{name}.npy", start + wide + data)
        return out.getvalue()
    except (ValueError, TypeError, OverflowError, RecursionError, AttributeError):
        return content
