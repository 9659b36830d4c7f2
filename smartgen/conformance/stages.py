"""TSS and GSS against the files that the release computed with them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from smartgen.conformance.lines import Context, Line, State, compared, first_difference
from smartgen.data.release import read_sequences
from smartgen.stages.gss import behavior_graph
from smartgen.stages.tss import split_sequences


def check_tss(context: Context) -> Iterator[Line]:
    """Every ``split_<x>.pkl`` beside its ``<x>.pkl``, and ``test_old.pkl``, a split ``test.pkl``."""
    pairs = [
        (path, path.with_name(path.name.removeprefix("split_")))
        for path in context.folder.glob("split_*.pkl")
    ]
    pairs += [(path, path.with_name("test.pkl")) for path in context.folder.glob("test_old.pkl")]
    for split, raw in sorted(pairs):
        if raw.is_file():
            ours = split_sequences(read_sequences(raw), context.vocabulary)
            name = "TSS" if split.name.startswith("split_") else "TSS (copies)"
            yield compared(name, f"{context} {split.name}", ours, read_sequences(split))


def check_gss(context: Context) -> Iterator[Line]:
    """``action_transitions.json``: keys, successors and counts in order; the messages are our own."""
    released = context.folder / "action_transitions.json"
    raw, split = context.folder / "trn.pkl", context.folder / "split_trn.pkl"
    if not released.is_file() or not (split.is_file() or raw.is_file()):
        return
    pieces = (
        read_sequences(split) if split.is_file() else split_sequences(read_sequences(raw), context.vocabulary)
    )
    ours = hint_edges(behavior_graph(pieces, context.vocabulary).hints())
    theirs = hint_edges(json.loads(released.read_text(encoding="utf-8")))
    subject = f"{context} {released.name}"
    if ours == theirs:
        counts = f"{len(ours)} actions, {sum(len(following) for _, following in ours)} successors"
        yield Line("GSS", subject, State.EQUAL, counts)
    else:
        yield Line("GSS", subject, State.DIFFERS, first_difference(ours, theirs))


def hint_edges(hints: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Action, and its successors with their counts, in the order of the hints; without their messages."""
    return [
        (action, [(edge["next_action"], edge["count"]) for edge in hint.get("transitions", [])])
        for action, hint in hints.items()
    ]
