"""`smartgen-report audit`: where paper and release part, checked on the release and on one's own records."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from smartgen.audit.runner import Audited
from smartgen.commands.pages import WIDTH, show, write_page
from smartgen.core.records import Record


def report_audit(options: argparse.Namespace, records: Sequence[Record], outputs: Path) -> str:
    """Print the page; of all discrepancies write it, too.

    Raises:
        SmartgenError: there is no discrepancy of this id.
    """
    from smartgen.audit.page import audit_page, audit_records

    ids = [name.strip().upper() for name in (options.key or "").split(",") if name.strip()]
    found = _audited(records, ids) if ids else written_audit(records, outputs)
    return show(options, audit_page(found), audit_records(found), WIDTH)


def written_audit(records: Sequence[Record], outputs: Path) -> list[Audited]:
    """All discrepancies, and the page of them in its files."""
    from smartgen.audit.page import audit_page, audit_records

    found = _audited(records, ())
    write_page(outputs / "tables" / "audit", audit_page(found), audit_records(found))
    return found


def _audited(records: Sequence[Record], ids: Sequence[str]) -> list[Audited]:
    from smartgen.audit.ground import ground_at
    from smartgen.audit.runner import audit

    return audit(ground_at(None, records), ids, told_on_terminal)


def release_state() -> list[object]:
    """What tells one state of the release from another: names, sizes and times of change of its files."""
    from smartgen.data.release import default_root
    from smartgen.sweeps.known import fingerprint

    root = default_root()
    return [str(root.absolute()), fingerprint(root) if root.is_dir() else ""]


def told_on_terminal(name: str, done: int, count: int) -> None:
    """How far the audit is, on one line that goes away."""
    if sys.stderr.isatty():
        text = f"checking {name}, {done} of {count} done" if done < count else ""
        print(f"\r{text:<60}", end="" if text else "\r", file=sys.stderr, flush=True)
