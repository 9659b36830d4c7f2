"""Shared fixtures: a toy home, and the authors' data where SMARTGEN_RELEASE names it."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from pathlib import Path

import pytest

from smartgen.core.types import Sequences
from smartgen.data.manifest import Checksum, Manifest
from smartgen.data.vocabulary import Vocabulary

RELEASE = os.environ.get("SMARTGEN_RELEASE", "")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs the release where there is none, and remember how many tests that was."""
    needing = [item for item in items if "release" in item.keywords]
    config.stash[_NEEDING] = len(needing)
    if not RELEASE:
        for item in needing:
            item.add_marker(pytest.mark.skip(reason="needs SMARTGEN_RELEASE"))


_NEEDING = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    count = config.stash.get(_NEEDING, 0)
    told = (
        "tests ran on the authors' release" if RELEASE else "more tests would run with SMARTGEN_RELEASE set"
    )
    terminalreporter.write_line(f"{count} {told}")


@pytest.fixture(scope="session")
def release() -> Path:
    """The folder of the authors' data; mark its users with ``@pytest.mark.release``."""
    return Path(RELEASE).resolve()


@pytest.fixture
def toy_vocabulary() -> Vocabulary:
    """Three devices, six actions, one of them an "off" for each device."""
    actions = ("Fan:off", "Fan:on", "Heater:off", "Heater:on", "Light:off", "Light:on")
    return Vocabulary(("Fan", "Heater", "Light"), actions, frozenset({0, 2, 4}))


@pytest.fixture
def toy_sequences() -> Sequences:
    """Five short sequences over the toy vocabulary."""
    return Sequences.from_lists(
        [
            [0, 2, 2, 5, 0, 2, 1, 3, 0, 6, 1, 2],
            [1, 2, 2, 5, 1, 3, 2, 4],
            [2, 2, 1, 3],
            [3, 2, 2, 5, 3, 2, 1, 3, 3, 7, 1, 2, 3, 7, 2, 4],
            [6, 7, 0, 1, 0, 2, 0, 0],
        ]
    )


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
