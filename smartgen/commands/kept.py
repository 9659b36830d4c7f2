"""Reports that were made before: the same records, code and question give the same page at once.

Intervals of thousands of comparisons take minutes; a page is therefore kept below ``outputs/cache/reports``
under a digest of all that it comes from. One of another question, or of one record more, is made anew.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from smartgen.commands.files import watching
from smartgen.core.atomic import write_json_atomic
from smartgen.core.errors import SmartgenError
from smartgen.core.foreign import read_json
from smartgen.core.keys import content_key
from smartgen.core.provenance import code_digest
from smartgen.core.records import ERROR_FILE, RESULT_FILE


def kept(outputs: Path, question: Mapping[str, Any], make: Callable[[], str]) -> str:
    """The page of before, or ``make()``.

    Args:
        outputs: the outputs folder.
        question: all that was asked, as far as it changes the page.
        make: makes the page, and files beside it through ``files.write_files``.
    """
    identity = {"question": dict(question), "records": records_digest(outputs), "code": code_digest()}
    path = outputs / "cache" / "reports" / f"{content_key(identity)}.json"
    known = _read(path)
    if known is not None and all(Path(file).is_file() for file in known["files"]):
        return str(known["text"])
    with watching() as written:
        text = make()
    if not written.lost:  # what could not be written is to be tried again
        with contextlib.suppress(SmartgenError):  # of outputs that may only be read, pages are made each time
            write_json_atomic(path, {"text": text, "files": [str(file) for file in written.files]})
    return text


def records_digest(outputs: Path) -> str:
    """Of the records' names, sizes and times of change, without reading one."""
    runs, found = outputs / "runs", []
    for folder in sorted(os.scandir(runs), key=lambda entry: entry.name) if runs.is_dir() else []:
        for name in (RESULT_FILE, ERROR_FILE):
            try:
                stat = os.stat(os.path.join(folder.path, name))
            except OSError:
                continue
            found.append([folder.name, name, stat.st_size, stat.st_mtime_ns])
    return content_key(found)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = read_json(path)
    except (OSError, ValueError):
        return None
    whole = isinstance(content, dict) and {"text", "files"} <= content.keys()
    return content if whole else None
