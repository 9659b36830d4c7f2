"""The nine cells of the paper as the release holds them: home, change of context and threshold of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartgen.audit.changes import CODES
from smartgen.audit.finding import UncheckableError
from smartgen.audit.ground import Ground
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record
from smartgen.core.types import Sequences
from smartgen.data.recording_names import Recording, scan
from smartgen.data.recordings import COLLECTIONS, ORIGINAL, filtered_set
from smartgen.data.release import DATA_FOLDER
from smartgen.stages.tss import split_sequences
from smartgen.tables.select import matches


def recordings(ground: Ground) -> list[Recording]:
    """The sets that Table 2's detector was trained on, in the paper's order; a set's name tells its cell.

    Raises:
        UncheckableError: the release has none.
    """
    folder = COLLECTIONS["detection"].folder
    found = [one for one in scan(ground.root / folder) if one.is_set and one.context in CODES]
    found = [one for one in found if one.dataset in ground.datasets]
    if not found:
        raise UncheckableError(f"needs the sets in {folder} of the release")
    return sorted(found, key=lambda one: (one.dataset, list(CODES).index(one.context)))


def title(cell: Recording) -> str:
    """A cell as the paper names it, as FR ST."""
    return f"{cell.dataset.upper()} {CODES[cell.context]}"


def home_and_change(cell: Recording) -> tuple[str, str]:
    """What a table of the paper calls them, as (FR, ST)."""
    return cell.dataset.upper(), CODES[cell.context]


def recorded_set(
    ground: Ground, collection: str, cell: Recording, variant: str | None = None
) -> Sequences | None:
    """A cell's set in one of the collections; None where it is not recorded."""
    try:
        found = filtered_set(
            ground.root, collection, cell.dataset, cell.context, cell.threshold, cell.llm, variant
        )
    except SmartgenError:
        return None
    return ground.sequences(found.path)


def old_log(ground: Ground, cell: Recording) -> Sequences | None:
    """The unsplit log of the cell's old context; None where it is not here."""
    path = ground.root / DATA_FOLDER / cell.dataset / ORIGINAL[cell.context] / "trn.pkl"
    return ground.sequences(path) if path.is_file() else None


def old_pieces(ground: Ground, dataset: str, context: str) -> Sequences | None:
    """An old context's log as TSS cut it, by the recorded file, else by ours, which gives the same."""
    folder = ground.root / DATA_FOLDER / dataset / context
    if (folder / "split_trn.pkl").is_file():
        return ground.sequences(folder / "split_trn.pkl")
    if (folder / "trn.pkl").is_file():
        return split_sequences(ground.sequences(folder / "trn.pkl"), ground.vocabulary(dataset))
    return None


def recorded(ground: Ground, wanted: Mapping[str, Any]) -> list[Record]:
    """The finished records that have all wanted values, if there are any."""
    return [record for record in ground.records if record.ok and matches(record, wanted)]
