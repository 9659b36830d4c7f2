"""The audit as blocks of text and as flat rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from smartgen.audit.declare import discrepancies
from smartgen.audit.finding import SYMBOLS, Status
from smartgen.audit.runner import Audited
from smartgen.tables.blocks import Block, Page

INTRO = (
    "Where the authors' release does otherwise than the paper says. confirmed: data or records show it; "
    "told: on the word of whoever read the code.",
)


def audit_page(found: Sequence[Audited]) -> Page:
    """A line a discrepancy first, then each with its evidence."""
    head = ["id", "status", "numbers", "touches"]
    lines = [
        [
            one.said.id,
            f"{SYMBOLS[one.status]} {one.status}",
            str(one.said.cells or "-"),
            "; ".join(dict.fromkeys(touched.where.partition(",")[0] for touched in one.said.touches)) or "-",
        ]
        for one in found
    ]
    blocks = [Block("Where paper and release part", head, lines, frozenset({2}))]
    return Page("audit: the paper beside its release", INTRO, blocks, [*_told(found), tally(found)])


def tally(found: Sequence[Audited]) -> str:
    """How many stand how."""
    count = Counter(one.status for one in found)
    return f"{len(found)} discrepancies: " + ", ".join(
        f"{count[status]} {status} {SYMBOLS[status]}" for status in Status if count[status]
    )


def audit_records(found: Sequence[Audited]) -> list[dict[str, Any]]:
    """One flat row a discrepancy; numbers touched are ``table:dataset/transition/metric/method``."""
    return [
        {
            "id": one.said.id,
            "topic": one.said.topic,
            "status": str(one.status),
            "paper": one.said.paper,
            "release": one.said.release,
            "told": one.said.told,
            "evidence": "\n".join(one.evidence),
            "touches": "; ".join(touched.where for touched in one.said.touches),
            "cells": ";".join(
                f"{touched.table}:{'/'.join(place)}"
                for touched in one.said.touches
                for place in touched.places
            ),
        }
        for one in found
    ]


def outcomes(found: Sequence[Audited]) -> dict[str, Any]:
    """By id how each stands and its evidence: what a check came to, without what was said of it."""
    return {one.said.id: [str(one.status), list(one.evidence)] for one in found}


def restored(told: Mapping[str, Any]) -> list[Audited]:
    """The inverse of ``outcomes``."""
    return [
        Audited(one, Status(told[one.id][0]), tuple(told[one.id][1]))
        for one in discrepancies()
        if one.id in told
    ]


def _told(found: Sequence[Audited]) -> list[str]:
    lines = []
    for one in found:
        lines += ["", f"{one.said.id}  {SYMBOLS[one.status]} {one.status}"]
        lines += [f"  paper: {one.said.paper}"] if one.said.paper else []
        lines += [f"  release: {one.said.release}"]
        lines += [f"  told: {one.said.told}"] if one.said.told else []
        touches = "; ".join(touched.where for touched in one.said.touches)
        lines += [f"  touches: {touches}"] if touches else []
        lines += ["  evidence:", *(f"    {line}" for line in one.evidence)] if one.evidence else []
    return lines
