"""Checks of how logs are split (TSS)."""

from __future__ import annotations

from collections.abc import Iterator

from smartgen.audit.changes import needed
from smartgen.audit.finding import Finding
from smartgen.audit.ground import Ground
from smartgen.audit.recordings import old_pieces
from smartgen.core.types import MAX_BEHAVIORS, Sequences
from smartgen.data.recordings import ORIGINAL
from smartgen.data.release import DATA_FOLDER, contexts, parts
from smartgen.data.vocabulary import Vocabulary
from smartgen.stages.tss import split_sequences

SPLITS = "a split_<part>.pkl with its <part>.pkl"


def d01(ground: Ground) -> Finding:
    """Every recorded split beside ours without a check, and with a check that works."""
    equal, tell, lines = 0, 0, []
    for name, raw, recorded, vocabulary in _splits(ground):
        without = split_sequences(raw, vocabulary)
        checked = split_sequences(raw, vocabulary, algorithm="paper")
        unchecked = split_sequences(raw, _without_off(vocabulary), algorithm="paper")
        equal, tell = equal + (without == recorded), tell + (checked != unchecked)
        lines.append(
            f"{name}: {len(recorded):,} pieces; without a check {len(without):,}; "
            f"by a clock that restarts {len(unchecked):,}, and with a check as well {len(checked):,}"
        )
    needed(lines, f"{SPLITS} of the release")
    said = (
        f"{equal} of {len(lines)} recorded splits are equal, behavior for behavior, to a split without a "
        f"check; in {tell} a check would matter"
    )
    return Finding(equal == len(lines) and tell > 0, (said, *lines))


def d02(ground: Ground) -> Finding:
    """Every recorded split beside ours with a clock that runs on, and with one that restarts at a cut."""
    equal, lines, silent = 0, [], 0
    for name, raw, recorded, vocabulary in _splits(ground):
        runs_on = split_sequences(raw, vocabulary)
        restarts = split_sequences(raw, _without_off(vocabulary), algorithm="paper")
        if runs_on == restarts:
            silent += 1
            continue
        equal += recorded == runs_on
        lines.append(
            f"{name}: {len(recorded):,} pieces; by a clock that runs on {len(runs_on):,}, "
            f"by one that restarts {len(restarts):,}"
        )
    needed(lines, f"{SPLITS}, of sequences that last beyond the limit after a cut, of the release")
    said = (
        f"{equal} of {len(lines)} recorded splits that tell are equal to a split by a clock that runs on "
        f"({silent} are the same either way; the semantic check is off in all)"
    )
    return Finding(equal == len(lines), (said, *lines))


def d04(ground: Ground) -> Finding:
    """How long raw sequences are before any split, and how many pieces are of one behavior after it."""
    longest, shares, lines = 0, [], []
    for name, raw, pieces in _logs(ground):
        lone, before = (float((one.lengths == 1).mean()) for one in (pieces, raw))
        longest = max(longest, int(raw.lengths.max()))
        shares.append(lone)
        lines.append(
            f"{name}: {len(raw):,} sequences of at most {raw.lengths.max()} behaviors, {100 * before:.0f} % "
            f"of one; {len(pieces):,} pieces of {pieces.lengths.mean():.2f} on average, "
            f"{100 * lone:.0f} % of one"
        )
    needed(lines, "trn.pkl of an old context of the release")
    said = (
        f"no raw sequence has more than {longest} behaviors; {100 * min(shares):.0f} to "
        f"{100 * max(shares):.0f} % of the pieces that SSC and GSS read are single behaviors"
    )
    return Finding(longest <= MAX_BEHAVIORS and min(shares) > 0.5, (said, *lines))


def _without_off(vocabulary: Vocabulary) -> Vocabulary:
    """The home without off actions, for which the semantic check has nothing to say."""
    return Vocabulary(vocabulary.devices, vocabulary.actions)


def _splits(ground: Ground) -> Iterator[tuple[str, Sequences, Sequences, Vocabulary]]:
    """Name, raw sequences, recorded pieces and home of every split file that has its input beside it."""
    for dataset in ground.datasets:
        for context in contexts(ground.root, dataset):
            for part in parts(ground.root, dataset, context):
                split = ground.root / DATA_FOLDER / dataset / context / f"split_{part}.pkl"
                if part.startswith("split_") or not split.is_file():
                    continue
                raw = ground.sequences(split.with_name(f"{part}.pkl"))
                yield f"{dataset} {context} {part}", raw, ground.sequences(split), ground.vocabulary(dataset)


def _logs(ground: Ground) -> Iterator[tuple[str, Sequences, Sequences]]:
    """Name, raw sequences and pieces of the logs that the paper's pipeline starts from."""
    for dataset in ground.datasets:
        for context in ORIGINAL.values():
            path = ground.root / DATA_FOLDER / dataset / context / "trn.pkl"
            pieces = old_pieces(ground, dataset, context)
            if path.is_file() and pieces is not None and len(pieces):
                yield f"{dataset} {context}", ground.sequences(path), pieces
