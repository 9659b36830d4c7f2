"""What the release recorded of its LLM runs: answers, mapped sets and filtered sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartgen.core.errors import SmartgenError
from smartgen.data.recording_names import Recording, call_order, scan
from smartgen.data.release import DATA_FOLDER
from smartgen.data.unpickle import load_pickle

CHUNK: Final = 30  # survivors a prompt (release)
ORIGINAL: Final = {"spring": "winter", "night": "daytime", "multiple": "single"}


@dataclass(frozen=True)
class Collection:
    """A folder of sets that some of the paper's numbers were measured on.

    Args:
        folder: below the release's root.
        variant: the kind of set that the folder is for.
        nested: the sets lie in folders of their own below it.
    """

    folder: str
    variant: str = "filter_true"
    nested: bool = False


COLLECTIONS: Final[Mapping[str, Collection]] = {
    "detection": Collection("anomaly_detection_pipeline/synthetic_data"),  # Table 2
    "prediction": Collection("behavior_prediciton_pipeline/SASRec/filter_data"),  # Table 3
    "tof": Collection("ablation_study/study_data/ablation2"),  # Table 5
    "ablation": Collection("ablation_study/study_data/ablation1", variant="all"),  # Table 4
    "study": Collection("parameter_study/study_data", nested=True),  # Figures 7 and 8
}


def context_recordings(root: Path, dataset: str, context: str) -> list[Recording]:
    """The recordings of ``IoT_data/<dataset>/<context>``."""
    return scan(root / DATA_FOLDER / dataset / context)


def answers(
    root: Path, dataset: str, context: str, threshold: float, llm: str, compression: str = "SPPC"
) -> list[Recording]:
    """The raw answers of one run in the order of its calls.

    Raises:
        SmartgenError: not recorded; the message names the settings that were.
    """
    recorded = [one for one in context_recordings(root, dataset, context) if one.is_answer]
    wanted = _matching(recorded, threshold, llm, compression)
    if not wanted:
        raise _not_recorded(f"{dataset} {context} has no recorded answers", threshold, llm, recorded)
    return calls(wanted, survivors(root, wanted[0]))


def mapped_set(
    root: Path,
    dataset: str,
    context: str,
    threshold: float,
    llm: str,
    compression: str = "SPPC",
    variant: str = "",
) -> Recording:
    """The mapped sequences of one run before any filter ("Ori").

    Raises:
        SmartgenError: not recorded; the message names the settings that were.
    """
    sets = [
        one for one in context_recordings(root, dataset, context) if one.is_set and one.variant == variant
    ]
    wanted = _matching(sets, threshold, llm, compression)
    if not wanted:
        raise _not_recorded(f"{dataset} {context} has no recorded mapped set", threshold, llm, sets)
    return wanted[0]


def filtered_set(
    root: Path,
    collection: str,
    dataset: str,
    context: str,
    threshold: float,
    llm: str = "gpt-4o",
    variant: str | None = None,
) -> Recording:
    """A set of one of the collections.

    Args:
        root: the release.
        collection: ``detection``, ``prediction``, ``tof``, ``ablation``, ``study``, or a folder of one,
            as in ``study/splitEP1``.
        dataset: its name.
        context: the target context.
        threshold: alpha of the compression.
        llm: the LLM's name in the file names.
        variant: another kind of set than the collection is for: "" (unfiltered), ``filter`` (S1),
            ``filter_true`` (S2), ``filter_true_9_24``, ``without_SSC`` ...

    Raises:
        SmartgenError: not recorded, the message names the settings that were; or recorded twice differently.
    """
    name, _, below = collection.partition("/")
    if name not in COLLECTIONS:
        raise SmartgenError(
            f"no collection {collection!r} of recorded sets, expected {', '.join(COLLECTIONS)}"
        )
    wanted_variant = COLLECTIONS[name].variant if variant is None else variant
    folder = root / COLLECTIONS[name].folder / below
    found = scan(folder, COLLECTIONS[name].nested)
    cell = [one for one in found if (one.dataset, one.context) == (dataset, context)]
    sets = [one for one in cell if one.is_set and one.variant == wanted_variant]
    wanted = _matching(sets, threshold, llm, None)
    kind = f"{collection} set {wanted_variant!r}" if variant is not None else f"{collection} set"
    if found and not cell:
        homes = ", ".join(sorted({f"{one.dataset} {one.context}" for one in found}))
        raise SmartgenError(f"{dataset} {context} has no recorded {kind}; this collection has {homes} alone")
    if not sets and variant is not None and cell:
        known = ", ".join(sorted({one.variant for one in cell if one.is_set}))
        raise SmartgenError(f"{dataset} {context} has no recorded {kind}; recorded variants: {known}")
    if not wanted:
        raise _not_recorded(f"{dataset} {context} has no recorded {kind}", threshold, llm, sets)
    if len({one.path.read_bytes() for one in wanted}) > 1:
        folders = ", ".join(f"{name}/{one.path.parent.name}" for one in wanted)
        raise SmartgenError(
            f"{dataset} {context}: the recorded {kind} differs between {folders}; name one of them"
        )
    return wanted[0]


def survivors(root: Path, recording: Recording) -> dict[int, int]:
    """Weekday to number of sequences that compression kept, where the release recorded them."""
    original = ORIGINAL.get(recording.context, "")
    folder = root / DATA_FOLDER / recording.dataset / original
    counts: dict[int, int] = {}
    for day in range(7):
        path = folder / f"trn_day_{day}_{recording.compression}_th={recording.threshold:g}.pkl"
        if original and path.is_file():
            rows = load_pickle(path)
            if not isinstance(rows, list):
                raise SmartgenError(f"{path}: holds a {type(rows).__name__}, expected a list of sequences")
            counts[day] = len(rows)
    return counts


def calls(found: Sequence[Recording], kept: Mapping[int, int]) -> list[Recording]:
    """Which answers belong to the run, ordered by day and chunk.

    Chunks of earlier runs remain on disk. A day with at most 30 survivors took one call, a larger one a call
    for every 30; where a day's survivors are unknown, everything found counts. Survivors that ask for a chunk
    that was never answered come from a later run: then they say nothing, and everything found counts, too.

    Args:
        found: the answers of one setting.
        kept: weekday to number of survivors.
    """
    wanted = {
        (day, chunk)
        for day, count in kept.items()
        for chunk in ([None] if count <= CHUNK else range(-(-count // CHUNK)))
        if count
    }
    if not wanted <= {(one.day, one.chunk) for one in found}:
        return sorted(found, key=call_order)
    return sorted(
        (one for one in found if one.day not in kept or (one.day, one.chunk) in wanted), key=call_order
    )


def _matching(
    found: Iterable[Recording], threshold: float, llm: str, compression: str | None
) -> list[Recording]:
    """The recordings of a setting; of two runs the one whose files name their cell."""
    wanted = [
        one
        for one in found
        if one.threshold == threshold and one.llm == llm and compression in (None, one.compression)
    ]
    return [one for one in wanted if one.named == wanted[0].named]


def _not_recorded(what: str, threshold: float, llm: str, recorded: Iterable[Recording]) -> SmartgenError:
    known = list(dict.fromkeys(f"{one.threshold:g} ({one.llm}{_other(one)})" for one in recorded))
    return SmartgenError(
        f"{what} at threshold {threshold:g} by {llm}; recorded: {', '.join(known) or 'none'}"
    )


def _other(one: Recording) -> str:
    return "" if one.compression in ("", "SPPC") else f", {one.compression}"
