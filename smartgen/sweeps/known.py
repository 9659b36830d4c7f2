"""Which cells are recorded, without composing their settings or reading their data.

A cell's key needs both, half a second a cell. So every cell that ends leaves a note: the key of its record
under the digest of all that its key comes from - its overrides, the configuration, the package's code - with
a fingerprint of the files that it read, and those of the folders named by the environment that they are in. A
note is believed only while all of these are the same and the record is there; a lost note costs no more than
the half second.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from smartgen.core.atomic import write_json_atomic
from smartgen.core.foreign import read_json
from smartgen.core.keys import content_key
from smartgen.core.provenance import code_digest
from smartgen.core.records import RESULT_FILE
from smartgen.sweeps.journal import Cell

# Folders that conf/config.yaml reads from the environment, and what they are where it does not say.
FOLDERS = {"SMARTGEN_OUTPUTS": "outputs", "SMARTGEN_RELEASE": "release", "SMARTGEN_MODELS": "models"}
# Cells with these are to run, recorded or not.
ANYWAY = ("force", "plan", "save")


def fingerprints(inputs: Iterable[Path]) -> dict[str, str] | None:
    """Of files and folders, by path; taken before a cell reads them, so that a change meanwhile is seen.

    Returns:
        None where one may not be looked at: what that means to the cell, it says itself.
    """
    try:
        return {os.path.abspath(path): fingerprint(path) for path in inputs}
    except OSError:
        return None


def remember(outputs: Path, cell: Cell, key: str, read: Mapping[str, str] | None) -> None:
    """Leave the note of a recorded cell; none where its inputs are not known.

    Args:
        outputs: the outputs folder.
        cell: its overrides.
        key: of its record.
        read: the ``fingerprints`` of the files and folders that it read.
    """
    if read is None:
        return
    named = {name: place for name, place in chosen_folders().items() if place in read}
    told = {"key": key, "size": _size(outputs, key), "inputs": read, "folders": named}
    write_json_atomic(_note(outputs, cell), told)


def recorded_key(outputs: Path, cell: Cell) -> str | None:
    """The key of the cell's record if there is one for sure, else None."""
    try:
        note = read_json(_note(outputs, cell))
        key, inputs, named = str(note["key"]), dict(note["inputs"]), dict(note["folders"])
        same = named.items() <= chosen_folders().items() and all(
            fingerprint(Path(path)) == known for path, known in inputs.items()
        )
        return key if same and _size(outputs, key) == note["size"] else None
    except (OSError, ValueError, KeyError, TypeError):  # OSError: also a name that no file can have
        return None


def chosen_folders() -> dict[str, str]:
    """The folders of FOLDERS as they are now, absolute."""
    return {name: os.path.abspath(os.environ.get(name, usual)) for name, usual in FOLDERS.items()}


def runs_anyway(cell: Cell) -> bool:
    """Whether the cell's own overrides want it run even if it is recorded.

    Example:
        >>> runs_anyway(("force=true", "seed=1")), runs_anyway(("force=false",))
        (True, False)
    """
    asked = [override.partition("=") for override in cell]
    return any(name.lstrip("+") in ANYWAY and value.lower() != "false" for name, _, value in asked)


@cache
def fingerprint(path: Path) -> str:
    """Of a file, or of all files of a folder: names, sizes and times of change; taken once a process."""
    sha = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            stat = file.stat()
            sha.update(os.fsencode(file) + f"\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return sha.hexdigest()


def _size(outputs: Path, key: str) -> int:
    """Bytes of the cell's record: a damaged one mostly has another size, and none is opened to see it."""
    return (outputs / "runs" / key / RESULT_FILE).stat().st_size


def _note(outputs: Path, cell: Cell) -> Path:
    digest = content_key({"cell": sorted(cell), "code": code_digest()})
    return outputs / "cache" / "known" / digest[:2] / f"{digest}.json"
