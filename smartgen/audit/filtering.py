"""Checks of the outlier filter (TOF): what decides in it, and which of its outcomes the tables use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

import numpy as np

from smartgen.audit.changes import here, needed
from smartgen.audit.finding import Finding, UncheckableError
from smartgen.audit.ground import Ground
from smartgen.audit.recordings import recorded, recorded_set, recordings, title
from smartgen.core.types import Sequences
from smartgen.data.recording_names import Recording
from smartgen.data.vocabulary import Vocabulary

SEEDS = (0, 1, 2)  # draws of weights and dropout
LEAST = 3  # sequences within the bound: two to train on, one to validate
TABLES = {
    "Table 2": "detection",
    "Table 3": "prediction",
    "Table 5": "tof",
}  # whose sets lie in which collection
STAGES = {"all written": "", "S1 of Table 5": "filter"}


def d18(ground: Ground) -> Finding:
    """Stage 2's retrainings of the smallest set, with one outlier and without, each with several draws."""
    cell, within, outlier = _smallest(ground)
    same, with_it = _losses(within, outlier, ground.vocabulary(cell.dataset))
    kept = sum(loss <= bound for loss in with_it for bound in same)
    pairs = len(with_it) * len(same)
    lines = (
        f"{title(cell)}, {len(within)} within the bound, {len(SEEDS)} draws of weights and dropout: "
        f"the rule keeps the first outlier in {kept} of {pairs} pairs of retrainings",
        f"validation loss after the same data: {_shown(same)}, {max(same) - min(same):.4f} apart",
        f"with the outlier: {_shown(with_it)}; the means differ by {abs(fmean(with_it) - fmean(same)):.4f}",
    )
    return Finding(0 < kept < pairs, (*lines, *_our_returns(ground)))


def d19(ground: Ground) -> Finding:
    """For each cell the sets that Tables 2, 3 and 5 were measured on, whatever their order."""
    sought, found, apart, lines = recordings(ground), [], 0, []
    for cell in sought:
        sets = {name: recorded_set(ground, where, cell) for name, where in TABLES.items()}
        had = {name: one for name, one in sets.items() if one is not None}
        if len(had) < 2:
            continue
        found.append(cell)
        distinct = {tuple(sorted(one.contents())) for one in had.values()}
        apart += len(distinct) > 1
        sizes = ", ".join(f"{name} {len(one)}" for name, one in had.items())
        told = "one set" if len(distinct) == 1 else f"{len(distinct)} different sets"
        whence = _origin(ground, cell, had["Table 2"]) if len(distinct) > 1 else ""
        lines.append(f"{title(cell)}: {sizes}; {told}{whence}")
    needed(found, "the filtered sets of Tables 2, 3 and 5 of the release")
    had_sets = here(found, len(sought), "cells have their sets")
    said = f"cells in which the tables use different sets: {apart}; {had_sets}"
    return Finding(apart > 0, (said, *lines))


def _smallest(ground: Ground) -> tuple[Recording, Sequences, Sequences]:
    """The smallest cell that has outliers: what lay within the bound, and the first outlier."""
    known = []
    for cell in recordings(ground):
        written, within = (recorded_set(ground, "tof", cell, variant) for variant in ("", "filter"))
        if written is not None and within is not None and LEAST <= len(within) < len(written):
            known.append((len(within), title(cell), cell, written, within))
    if not known:
        raise UncheckableError(
            "needs a set of the release before TOF and after its first stage, with outliers"
        )
    _, _, cell, written, within = min(known, key=lambda one: one[:2])
    inside = set(within.contents())
    outside = [i for i, content in enumerate(written.contents()) if content not in inside]
    if not outside:
        raise UncheckableError(f"needs outliers of {title(cell)} that differ from what lay within the bound")
    return cell, within, written.take(outside[:1])


def _losses(within: Sequences, outlier: Sequences, vocabulary: Vocabulary) -> tuple[list[float], list[float]]:
    """Validation losses of stage 2 by draw, after trainings without the outlier and with it."""
    from smartgen.config import compose_cell
    from smartgen.data.holdout import hold_out
    from smartgen.data.padding import flat_tokens
    from smartgen.settings import StageOneSettings
    from smartgen.stages.tof.retraining import validation_loss
    from smartgen.training.threads import thread_limit

    settings = compose_cell("dataset=demo", "stage/tof=released", "trainer.accelerator=cpu", "tracking=none")
    tof, pad = settings.stage.tof, vocabulary.pad
    assert isinstance(tof, StageOneSettings)
    train, validation, extra = (flat_tokens(part, pad) for part in (*hold_out(within), outlier))
    longer = np.concatenate([train, extra])
    with thread_limit(settings.trainer.threads):
        same, with_it = (
            [validation_loss(part, validation, pad, tof, settings.trainer, "TOF", seed) for seed in SEEDS]
            for part in (train, longer)
        )
    return same, with_it


def _shown(losses: Sequence[float]) -> str:
    return ", ".join(f"{loss:.4f}" for loss in losses)


def _our_returns(ground: Ground) -> Iterator[str]:
    """How many outliers returned in the release and in our runs of its rule on the same written sets."""
    wanted = {"task": "detection", "stage.tof": "released", "synthesizer.collection": "tof"}
    ours = recorded(ground, wanted)
    for cell in recordings(ground) if ours else ():
        sets = [recorded_set(ground, "tof", cell, variant) for variant in ("", "filter", "filter_true")]
        own = [
            one
            for one in ours
            if (one.axes["dataset"], one.config["transition"]["target"]) == (cell.dataset, cell.context)
        ]
        counts = sorted({(one.counts["outliers_kept"], one.counts["outliers"]) for one in own})
        sizes = [len(one) for one in sets if one is not None]
        if counts and len(sizes) == len(sets):
            told = " and ".join(f"{kept} of {count}" for kept, count in counts)
            yield (
                f"{title(cell)}, returned outliers: {sizes[2] - sizes[1]} of {sizes[0] - sizes[1]} in the "
                f"release, {told} in our runs"
            )


def _origin(ground: Ground, cell: Recording, theirs: Sequences) -> str:
    """Which stage of Table 5's run a set is, if it is none of its outcome."""
    for name, variant in STAGES.items():
        stage = recorded_set(ground, "tof", cell, variant)
        if stage is not None and sorted(stage.contents()) == sorted(theirs.contents()):
            return f" (Table 2's is {name})"
    return ""
