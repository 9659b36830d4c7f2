"""Checks of what detection is measured on: attacks, thresholds' data, and windows against pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from smartgen.audit.changes import CODES, here, needed
from smartgen.audit.finding import Finding, UncheckableError
from smartgen.audit.ground import Ground
from smartgen.audit.recordings import old_pieces, recorded, recorded_set, recordings, title
from smartgen.conformance.detection import BASELINE, CHANGES, PIPELINE, check_attacks, unlabeled
from smartgen.conformance.files import result_rows
from smartgen.conformance.lines import Context, State
from smartgen.core.types import ACTION, HOUR, MAX_BEHAVIORS, Sequences
from smartgen.data.holdout import hold_out
from smartgen.data.recordings import ORIGINAL
from smartgen.data.release import DATA_FOLDER
from smartgen.data.vocabulary import HOURS, Vocabulary
from smartgen.llm.inventory import UNOFFERED
from smartgen.tables.quirks import worths

UNSPLIT: Final = "NT"  # the change whose threshold is said to come from training data
WINDOWS: Final = f"{BASELINE}/baseline_data"
NETWORKS: Final = ("autoencoder", "argus", "transae")
PARTS: Final = ("old log", "normal", "attacks")
ATTACKS: Final = ("SmartGen/attack", f"{PIPELINE}/attack")
_ATTACK: Final = re.compile(r"(?:labeled_)?(?P<dataset>[^_]+)_(?P<kind>[^_]+_attack_[^.]+)(?:\.pkl)+")
# Studies whose last split is still on disk: folder, results in the order of the run, collection of the sets.
SCRATCH: Final = (
    (PIPELINE, "SmartGen_results_*.csv", "detection"),
    ("ablation_study", "ablation2_*.csv", "tof"),
)


def d22(ground: Ground) -> Finding:
    """Which cell made the split into training and validation that a study's last run left on disk."""
    holds, lines = True, []
    for study, pattern, collection in SCRATCH:
        paths = [ground.root / study / "test" / name for name in ("trn.pkl", "rs_vld.pkl")]
        order = _order(ground, study, pattern)
        before = [name for name in order if not name.endswith(UNSPLIT)][-1:]
        sets = {
            title(cell): recorded_set(ground, collection, cell, "filter_true") for cell in recordings(ground)
        }
        last = sets.get(order[-1]) if order and order[-1].endswith(UNSPLIT) else None
        if last is None or not before or not all(path.is_file() for path in paths):
            continue
        left = tuple(map(ground.sequences, paths))
        made = [name for name, one in sets.items() if one is not None and hold_out(one) == left]
        holds = holds and made == before
        would = " and ".join(str(len(part)) for part in hold_out(last))
        lines.append(
            f"{study}: the last cell run was {order[-1]}, which would be split into {would}; the split on "
            f"disk, {len(left[0])} to train on and {len(left[1])} for the threshold, is that of "
            f"{', '.join(made) or 'no set here'}"
        )
    files = "the test/trn.pkl and test/rs_vld.pkl it left"
    needed(lines, f"a study's results that end with {UNSPLIT}, and {files}, of the release")
    return Finding(holds, (*lines, *_older_splits(ground), *_held_out_runs(ground)))


def _order(ground: Ground, study: str, pattern: str) -> list[str]:
    """The cells of a study's newest result file in its order."""
    files = sorted((ground.root / study / "results").glob(pattern))
    rows = result_rows(files[-1].parent, files[-1].name) if files else []
    return [f"{row['dataset'].upper()} {CODES[row['env']]}" for row in rows]


def _held_out_runs(ground: Ground) -> Iterator[str]:
    """F1 of our runs with the quirk and without it, where both were run."""
    for worth in worths(ground.records, ["D22"]):
        pairs = (
            f"{' '.join(cell)} {f1:.4f} and {worth.without[cell]:.4f}" for cell, f1 in worth.released.items()
        )
        yield f"our F1 of {worth.method} as released and with a fifth held out: {', '.join(pairs)}"


def _older_splits(ground: Ground) -> Iterator[str]:
    """Splits of the sets in question that other scripts left beside the logs."""
    for cell in recordings(ground):
        folder = ground.root / DATA_FOLDER / cell.dataset / cell.context
        paths = [folder / name for name in ("trn.pkl", "rs_vld.pkl")]
        if CODES[cell.context] == UNSPLIT and all(path.is_file() for path in paths):
            train, held_out = map(ground.sequences, paths)
            yield (
                f"{title(cell)}: {DATA_FOLDER} has a split of {len(train)} and {len(held_out)}, which an "
                "earlier script left"
            )


def d23(ground: Ground) -> Finding:
    """Every attack file regenerated from its normal sequences by a rule."""
    equal, files, lines = 0, 0, []
    for dataset in ground.datasets:
        for old, change in CHANGES.items():
            folder = ground.root / DATA_FOLDER / dataset / old
            context = Context(ground.root, dataset, folder, ground.vocabulary(dataset))
            found = list(check_attacks(context))
            files, equal = files + len(found), equal + sum(line.state is State.EQUAL for line in found)
            if found:
                kinds = ", ".join(f"{line.check.split()[-1]} {_outcome(line.state)}" for line in found)
                unchanged = _unchanged(ground, dataset, change.target, change.file)
                lines.append(f"{dataset} {change.target}, {change.attack}: attacks on {kinds}{unchanged}")
    needed(lines, "attack files and the test sequences that they are made from of the release")
    said = f"{equal} of {files} attack files are equal to what a rule makes of the normal sequences"
    return Finding(equal == files, (said, *lines))


def _outcome(state: State) -> str:
    return "regenerated" if state is State.EQUAL else "not regenerated"


def _unchanged(ground: Ground, dataset: str, target: str, file: str) -> str:
    """How many attacks on pieces there are, and how many of them are their normal sequence."""
    attack = ground.root / PIPELINE / "attack" / dataset / f"labeled_{dataset}_{file}.pkl"
    normal = _normal_pieces(ground, dataset, target)
    if not attack.is_file() or normal is None:
        return ""
    pairs = list(zip(unlabeled(attack).contents(), normal.contents(), strict=False))
    return f"; {sum(a == b for a, b in pairs)} of {len(pairs):,} equal their normal piece"


def d24(ground: Ground) -> Finding:
    """Attack files of kinds that no result file reports."""
    rows = result_rows(ground.root / BASELINE / "results")
    reported = {(row["dataset"], row["type"]) for row in rows if row.get("type")}
    if not reported:
        raise UncheckableError(f"needs the result file in {BASELINE}/results of the release")
    counts: dict[tuple[str, str], int] = {}
    for path in (path for folder in ATTACKS for path in sorted((ground.root / folder).glob("*/*.pkl"))):
        named = _ATTACK.fullmatch(path.name)
        if named and named["dataset"] in ground.datasets and path.name.startswith("labeled_"):
            counts.setdefault((named["dataset"], named["kind"]), len(unlabeled(path)))
    needed(list(counts), f"attack files in {' or '.join(ATTACKS)} of the release")
    others = {kind: count for kind, count in counts.items() if kind not in reported}
    said = f"{len(counts)} kinds of attack are on disk, {len(others)} of them in no result file"
    lines = (f"{dataset}: {kind}, {count:,} sequences" for (dataset, kind), count in sorted(others.items()))
    return Finding(bool(others), (said, *lines))


def d25(ground: Ground) -> Finding:
    """Windows that the other methods are tested on beside the pieces that SmartGen is tested on."""
    sought, holds, lines = recordings(ground), True, []
    for cell in sought:
        windows = _windows(ground, cell.dataset, ORIGINAL[cell.context])
        pieces = _normal_pieces(ground, cell.dataset, cell.context)
        if windows is None or pieces is None:
            continue
        tested, vocabulary = windows["test"], ground.vocabulary(cell.dataset)
        refreshes = [_refreshes(one, vocabulary) for one in (tested, pieces)]
        fixed = all(set(one.lengths.tolist()) == {MAX_BEHAVIORS} for one in windows.values())
        holds = holds and fixed and len(tested) != len(pieces) and refreshes[0] > refreshes[1]
        change = CHANGES[ORIGINAL[cell.context]]
        other = "" if change.attack == change.window_attack else "; attacks by another rule"
        lines.append(
            f"{title(cell)}: {len(tested):,} windows of {_span(tested)} behaviors, {refreshes[0]:.0f} % "
            f"refreshes; {len(pieces):,} pieces of {_span(pieces)}, {refreshes[1]:.0f} %; "
            f"{len(set(tested.contents()) & set(pieces.contents()))} in common{other}"
        )
    needed(lines, f"{WINDOWS} and split_test.pkl of the release")
    return Finding(holds, (here(lines, len(sought), "cells have their windows and pieces"), *lines))


def _refreshes(sequences: Sequences, vocabulary: Vocabulary) -> float:
    """Percent of behaviors that only report a state."""
    of_kind = [i for i, name in enumerate(vocabulary.actions) if name.endswith(UNOFFERED)]
    return 100 * float(np.isin(sequences.values[:, ACTION], of_kind).mean())


def _span(sequences: Sequences) -> str:
    """Behaviors of the shortest and the longest, as 1 to 10."""
    low, high = int(sequences.lengths.min()), int(sequences.lengths.max())
    return str(low) if low == high else f"{low} to {high}"


def d28(ground: Ground) -> Finding:
    """Hours of the old log, of normal test behaviors and of attacks, where the change is one of hours."""
    holds, lines = True, []
    for cell in recordings(ground):
        if CHANGES[ORIGINAL[cell.context]].field != HOUR:
            continue
        for kind, *data in _triples(ground, cell.dataset, cell.context):
            old, normal, attack = (set(np.unique(one.values[:, HOUR]).tolist()) for one in data)
            holds = holds and attack <= old and not normal & old
            told = (f"{name} {_hours(one)}" for name, one in zip(PARTS, (old, normal, attack), strict=True))
            lines.append(f"{title(cell)}, {kind}: {', '.join(told)}")
    needed(lines, "windows or pieces of TT with their attacks of the release")
    return Finding(holds, (*lines, *_inverted(ground)))


def _triples(
    ground: Ground, dataset: str, target: str
) -> Iterator[tuple[str, Sequences, Sequences, Sequences]]:
    """Windows, and pieces: what was known of the old context, normal tests, attacks."""
    name = f"labeled_{dataset}_{CHANGES[ORIGINAL[target]].file}.pkl"
    windows, attack = (
        _windows(ground, dataset, ORIGINAL[target]),
        ground.root / WINDOWS / dataset / "attack" / name,
    )
    if windows is not None and attack.is_file():
        yield "windows", windows["trn"], windows["test"], unlabeled(attack)
    old, normal = old_pieces(ground, dataset, ORIGINAL[target]), _normal_pieces(ground, dataset, target)
    attack = ground.root / PIPELINE / "attack" / dataset / name
    if old is not None and normal is not None and attack.is_file():
        yield "pieces", old, normal, unlabeled(attack)


def _hours(buckets: set[int]) -> str:
    """As (6~9) (9~12)."""
    return " ".join(HOURS[bucket] for bucket in sorted(buckets))


def _inverted(ground: Ground) -> Iterator[str]:
    """Our runs in which every normal window is flagged and no attack is."""
    wanted = {"task": "detection", "transition": "schedule", "protocol": "released", "without": "none"}
    for record in recorded(ground, wanted | {"regime": "source", "detector": NETWORKS}):
        if record.metrics.get("recall") == 0 and record.metrics.get("false_positive_rate") == 1:
            home, detector = record.axes["dataset"].upper(), record.axes["detector"]
            yield f"{home} TT, our {detector} fitted on the old log: flags every normal window and no attack"


def _windows(ground: Ground, dataset: str, old: str) -> dict[str, Sequences] | None:
    """Windows of the old context (trn, vld) and of the new one (test); None where they are not here."""
    paths = {part: ground.root / WINDOWS / dataset / old / f"{part}.pkl" for part in ("trn", "vld", "test")}
    if not all(path.is_file() for path in paths.values()):
        return None
    return {part: ground.sequences(path) for part, path in paths.items()}


def _normal_pieces(ground: Ground, dataset: str, target: str) -> Sequences | None:
    """The normal test sequences of SmartGen; None where they are not here."""
    path = ground.root / PIPELINE / "test" / dataset / target / "test.pkl"
    return ground.sequences(path) if path.is_file() else None
