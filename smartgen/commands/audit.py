"""`smartgen-report audit`: where paper and release part, checked on the release and on one's own records."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from smartgen.audit.page import audit_page, audit_records, outcomes, restored
from smartgen.audit.runner import Audited
from smartgen.commands.files import Part, write_page
from smartgen.commands.kept import kept
from smartgen.commands.pages import WIDTH, show, tell
from smartgen.core.records import Record


def report_audit(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """Print the page; of all discrepancies write it, too.

    Raises:
        SmartgenError: there is no discrepancy of this id.
    """
    ids = [name.strip().upper() for name in (options.key or "").split(",") if name.strip()]
    found, _ = kept_audit(records, outputs, ids)
    return show(options, audit_page(found), audit_records(found), WIDTH)


def kept_audit(
    records: Sequence[Record], outputs: Path, ids: Sequence[str] = ()
) -> tuple[list[Audited], dict[str, str]]:
    """Discrepancies, of before where all that they read is the same; of all, also the texts of their page.

    Args:
        ids: only these; of all the page is written, too.

    Raises:
        SmartgenError: there is no discrepancy of this id.
    """

    def make() -> str:
        found = _audited(records, ids)
        part = Part("audit", audit_page(found), audit_records(found))
        return json.dumps({"outcomes": outcomes(found), "texts": {} if ids else write_page(outputs, part)})

    question = {"part": "audit", "ids": sorted(ids), "release": _release_state()}
    told = json.loads(kept(outputs, question, make))
    return restored(told["outcomes"]), told["texts"]


def _audited(records: Sequence[Record], ids: Sequence[str]) -> list[Audited]:
    from smartgen.audit.ground import ground_at
    from smartgen.audit.runner import audit

    return audit(ground_at(None, records), ids, _tell)


def _release_state() -> list[object]:
    """What tells one state of the release from another: names, sizes and times of change of its files."""
    from smartgen.data.release import default_root
    from smartgen.sweeps.known import fingerprint

    root = default_root()
    return [str(root.absolute()), fingerprint(root) if root.is_dir() else ""]


def _tell(name: str, done: int, count: int) -> None:
    """How far the audit is."""
    tell(f"checking {name}, {done} of {count} done" if done < count else "")
