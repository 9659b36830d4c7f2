"""Which recorded set belongs to a cell's stage settings.

Release: the folders ``ablation_study`` (Table 4) and ``parameter_study`` (Figures 7 and 8).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from smartgen.core.errors import SmartgenError
from smartgen.settings import CellSettings, ReplaySettings, StageSettings

STAGES: Final = "stages"  # the variant that means: the one that was recorded with the cell's stages
TOP_K: Final = 5
# TSS, SSC and GSS by name to the end of the file's name; w/o SSC is raw-id similarity, not nothing (D42).
ABLATIONS: Final = {
    ("released", "released", "released"): "all",
    ("released", "similarity", "released"): "without_SSC",
    ("none", "released", "released"): "without_TSS",
    ("released", "released", "none"): "without_GSS",
    ("none", "similarity", "none"): "without_all",
}
USUAL_HOURS: Final = (9, 24)
# Longest gap and longest duration of TSS beside the usual ones, as Figure 7 varies them.
STUDIED_HOURS: Final = ((6, 24), (12, 24), (15, 24), (9, 12), (9, 36), (9, 48))


def with_recorded_variant(cell: CellSettings) -> CellSettings:
    """The cell with the name of its recorded set where it has `stages`; any other cell as it is.

    Raises:
        SmartgenError: nothing was recorded with these stages; names what was.
    """
    replaying = cell.synthesizer
    if not isinstance(replaying, ReplaySettings) or replaying.variant != STAGES:
        return cell
    variant = recorded_variant(replaying.collection, replaying.level, cell.stage)
    return replace(cell, synthesizer=replace(replaying, variant=variant))


def recorded_variant(collection: str, level: str, stage: StageSettings) -> str:
    """The variant of a collection that was recorded with these stages.

    Args:
        collection: ``ablation`` (Table 4), ``study`` (Figures 7, 8) or a folder of one.
        level: of the replay.
        stage: the cell's.

    Raises:
        SmartgenError: another collection or level, or stages that were not recorded.
    """
    of = {"ablation": _ablation, "study": _study}.get(collection.partition("/")[0])
    if of is None or level != "filtered":
        raise SmartgenError(
            f"synthesizer.variant is {STAGES} with synthesizer.collection={collection} level={level}, "
            "expected collection ablation or study and level filtered; others name their set"
        )
    if stage.gss.name != "none" and stage.gss.top_k != TOP_K:
        raise SmartgenError(
            f"stage.gss.top_k is {stage.gss.top_k}, but recorded sets have {TOP_K}; take walk"
        )
    return of(stage)


def _ablation(stage: StageSettings) -> str:
    names = (stage.tss.name, stage.ssc.name, stage.gss.name)
    found = ABLATIONS.get(names)
    if found is None or (stage.tss.name != "none" and _splitting(stage) != ("released", *USUAL_HOURS)):
        known = "; ".join(f"stage/tss={t} stage/ssc={s} stage/gss={g}" for t, s, g in ABLATIONS)
        raise SmartgenError(
            f"{_told(stage)} was not recorded for Table 4; recorded, with a gap of 9 h and 24 h in all: "
            f"{known}"
        )
    return found


def _study(stage: StageSettings) -> str:
    names = (stage.tss.name, stage.ssc.name, stage.gss.name)
    algorithm, *hours = _splitting(stage)
    if (*names, algorithm) == ("released",) * 4:
        if tuple(hours) == USUAL_HOURS:
            return "filter_true"
        if tuple(hours) in STUDIED_HOURS:
            return "filter_true_{:g}_{:g}".format(*hours)
    known = ", ".join(f"{gap}/{duration}" for gap, duration in (USUAL_HOURS, *STUDIED_HOURS))
    raise SmartgenError(
        f"{_told(stage)} was not recorded in the studies; recorded: stage/tss=released stage/ssc=released "
        f"stage/gss=released with a gap and duration of {known} h"
    )


def _splitting(stage: StageSettings) -> tuple[str, float, float]:
    return stage.tss.algorithm, stage.tss.max_gap_hours, stage.tss.max_duration_hours


def _told(stage: StageSettings) -> str:
    _, gap, duration = _splitting(stage)
    names = f"stage/tss={stage.tss.name} stage/ssc={stage.ssc.name} stage/gss={stage.gss.name}"
    return names if stage.tss.name == "none" else f"{names} with {gap:g}/{duration:g} h"
