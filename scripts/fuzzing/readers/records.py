"""What cells leave: records, notes of known cells, journals."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from random import Random

from fuzzing.mutate import json_mutated
from fuzzing.target import Reader
from smartgen.core.records import (
    ERROR_FILE,
    RESULT_FILE,
    read_records,
    result_digest,
    write_error,
    write_result,
)
from smartgen.sweeps.journal import Event, JournalReader, write_event
from smartgen.sweeps.known import fingerprint, fingerprints, recorded_key, remember
from smartgen.sweeps.tally import Tally

KEY = "0123456789abcdef"
AXES = {"task": "detection", "dataset": "demo", "transition": "winter-spring", "method": "seen", "seed": 1}
RESULT = {
    "axes": AXES,
    "config": {"seed": 1, "trainer": {"threads": 1}},
    "metrics": {"f1": 0.5},
    "counts": {"test": 7},
}
ERROR = {"type": "ValueError", "message": "no", "traceback": "..."}


def records(folder: Path) -> Reader:
    """``result.json`` and ``error.json``, one after the other in a case."""
    write_result(folder, KEY, RESULT, {"host": "h", "seconds": 1.5})
    result = (folder / "runs" / KEY / RESULT_FILE).read_bytes()
    write_error(folder, KEY, AXES, ERROR, {"host": "h"}, {"seed": 1})
    error = (folder / "runs" / KEY / ERROR_FILE).read_bytes()
    files = [folder / "runs" / KEY / name for name in (RESULT_FILE, ERROR_FILE)]

    def read(data: bytes) -> bool:
        for file, part in zip(files, (*data.split(b"\0\0", 1), b"")[:2], strict=True):
            file.unlink(missing_ok=True)
            if part:
                file.write_bytes(part)
        found = read_records(folder)
        for record in found:
            assert record.key == KEY
            blocks = (record.axes, record.config, record.metrics, record.counts, record.run)
            assert all(isinstance(block, Mapping) for block in blocks), blocks
            assert record.error is None or isinstance(record.error, Mapping)
            assert len(record.setting_digest) == 16, record.setting_digest
            if record.ok:
                assert len(result_digest(record)) == 64
        return bool(found)

    def mutate(data: bytes, rng: Random) -> bytes:
        parts = [*data.split(b"\0\0", 1), b""][:2]
        place = rng.randrange(2)
        parts[place] = json_mutated(parts[place] or rng.choice((result, error)), rng, (KEY, 1, "axes"))
        return b"\0\0".join(parts)

    seeds = (result + b"\0\0", b"\0\0" + error, result + b"\0\0" + error)
    return Reader("records", read, seeds, mutate, KEY)


def known(folder: Path) -> Reader:
    """The note of a known cell: its key, or nothing; a note is never an error."""
    cell = ("dataset=demo", "seed=1")
    write_result(folder, KEY, RESULT, {})
    own = folder / "data.csv"
    own.write_text("x", encoding="utf-8")
    remember(folder, cell, KEY, fingerprints([own]))
    (note,) = (folder / "cache").rglob("*.json")
    whole = note.read_bytes()
    words = (
        KEY,
        "runs",
        str(own),
        "x" * 300,
        "x" * 5000,
        f"../runs/{KEY}",
        "inputs",
        "folders",
        "SMARTGEN_RELEASE",
    )

    def read(data: bytes) -> bool:
        fingerprint.cache_clear()
        note.write_bytes(data)
        found = recorded_key(folder, cell)
        assert found is None or (folder / "runs" / found / RESULT_FILE).is_file(), found
        return found is not None

    def mutate(data: bytes, rng: Random) -> bytes:
        # A note of ours that names the whole disk would be as right as it is slow.
        return json_mutated(data, rng, words).replace(b'"/"', b'"x"').replace(b'"../../x"', b'"y"')

    return Reader("known", read, (whole,), mutate)


def journal(folder: Path) -> Reader:
    """A journal that grows: events of the right types, whatever a process wrote."""
    place = folder / "journal"
    cell = ("dataset=demo", "seed=1")
    events = [
        Event("begun", cell),
        Event("failed", cell, "text", "reason", True),
        Event("planned", cell, plan={"calls": 3}),
        Event("said", (), "[b]hello[/]"),
    ]
    for event in events:
        write_event(place, event)
    (file,) = place.glob("*.jsonl")
    whole = file.read_bytes()

    def read(data: bytes) -> bool:
        reader, tally, found = JournalReader(place), Tally(3), []
        for end in (len(data) // 2, len(data)):  # as who reads while it grows
            file.write_bytes(data[:end])
            found += reader.news()
        for event in found:
            _check_event(event)
            tally.add(event)
        assert isinstance(tally.line(), str)
        return bool(found)

    def mutate(data: bytes, rng: Random) -> bytes:
        kept = data.split(b"\n")
        number = rng.randrange(len(kept))
        kept[number] = json_mutated(
            kept[number], rng, ("done", "lost", "begun", "recorded", "cell", os.getpid())
        )
        return b"\n".join(kept)

    return Reader("journal", read, (whole, whole + b'{"kind": "do'), mutate)


def _check_event(event: Event) -> None:
    for text in (event.kind, event.text, event.reason, event.host):
        assert isinstance(text, str), event
    assert isinstance(event.cell, tuple), event
    assert all(isinstance(word, str) for word in event.cell), event
    assert isinstance(event.process, int), event
    assert isinstance(event.bad_input, bool), event
    assert event.plan is None or isinstance(event.plan, dict), event
