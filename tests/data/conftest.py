"""A release of toy size, laid out as the authors' is."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import pytest

from smartgen.core.types import Sequences
from smartgen.data.manifest import Checksum, Manifest
from smartgen.data.vocabulary import Vocabulary


@pytest.fixture
def toy_release(tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> Path:
    """Dataset ``toy``: winter (trn, split_trn) and spring (test, and a leftover trn)."""
    root = tmp_path / "toy_release"
    tables = {
        "toy_devices_dict": {name: i for i, name in enumerate(toy_vocabulary.devices)},
        "toy_actions": {name: i for i, name in enumerate(toy_vocabulary.actions)},
    }
    winter, spring = (root / "SmartGen/IoT_data/toy" / name for name in ("winter", "spring"))
    for folder in (winter, spring):
        folder.mkdir(parents=True)
    rows = toy_sequences.to_lists()
    for path, content in {
        winter / "trn.pkl": rows,
        winter / "split_trn.pkl": [row[:4] for row in rows],
        spring / "test.pkl": rows[1:],
        spring / "trn.pkl": rows[:1],
    }.items():
        path.write_bytes(pickle.dumps(content))
    (root / "SmartGen/dictionary.json").write_text(json.dumps(tables))
    (root / "LICENSE").write_text("MIT")
    return root


@pytest.fixture
def toy_manifest(toy_release: Path) -> Manifest:
    """The checksums of the toy release."""
    files = {}
    for path in sorted(entry for entry in toy_release.rglob("*") if entry.is_file()):
        content = path.read_bytes()
        checksum = Checksum(hashlib.sha256(content).hexdigest(), len(content))
        files[path.relative_to(toy_release).as_posix()] = checksum
    return Manifest("https://github.com/someone/toy", "c0ffee", files)
